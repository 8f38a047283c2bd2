import { HoldfastError } from "../errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Node } from "./node.ts";
import type { TensorProto, ValueInfoProto } from "./proto/onnx-ml_pb.ts";
import type { DeclaredType, TensorType } from "./type.ts";

/** A place that reads a value: input number `index` of `node`. */
export interface Use {
  readonly node: Node;
  readonly index: number;
}

/**
 * An edge of a graph: what one node produces and others read. Values are wired by identity; the name matters only
 * at the border, to files and people. A value that holds a `constant` is an initializer or has been computed.
 */
export class Value {
  /** Empty for a value that nobody has named; saving gives it a fresh name. */
  name: string;
  /** What the file says of the type; null where it says nothing (or a type that is no tensor). */
  declared: DeclaredType | null = null;
  /** The concrete type, in a lowered graph. */
  private knownType: TensorType | null = null;
  /** The elements, if they are known before running: an initializer's, or a folded constant's. */
  constant: Tensor | null = null;
  /** The node that computes this value; null for graph inputs and initializers. */
  producer: Node | null = null;
  /** Which output of the producer this is. */
  outputIndex = 0;
  readonly uses: Set<Use> = new Set();
  /** The message this value was read from; keeps what the IR does not model. */
  origin: ValueInfoProto | null = null;
  /** The message an initializer was read from, and the tensor decoded from it: equal `tensor` means unchanged. */
  stored: { readonly proto: TensorProto; readonly tensor: Tensor } | null = null;

  constructor(name = "", type: TensorType | null = null) {
    this.name = name;
    this.knownType = type;
  }

  /** Whether the concrete type is known. */
  get isTyped(): boolean {
    return this.knownType !== null;
  }

  /** The concrete type. @throws HoldfastError (internal) if it has not been inferred */
  get type(): TensorType {
    if (this.knownType === null) throw new HoldfastError(`internal: value "${this.name}" has no type yet`);
    return this.knownType;
  }

  set type(type: TensorType) {
    this.knownType = type;
  }

  get dims(): readonly number[] {
    return this.type.dims;
  }

  get dtype(): TensorType["dtype"] {
    return this.type.dtype;
  }
}
