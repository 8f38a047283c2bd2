import { UnsupportedOpError } from "../errors.ts";
import type { Graph } from "../onnx/graph.ts";
import type { Node } from "../onnx/node.ts";
import type { TensorType } from "../onnx/type.ts";
import type { Value } from "../onnx/value.ts";
import { normalizeAxis } from "../tensor/shape.ts";
import { type Tensor, toNumbers } from "../tensor/tensor.ts";
import type { OpBuilder } from "./op-builder.ts";

/** The newest opset of ai.onnx that the pinned ONNX Runtime (1.30) runs; records without an end reach up to it. */
export const LATEST = 26;

/**
 * The oldest opset of a lowered graph. Older files are brought up to it while they are lowered, so that type rules and
 * derivatives know one dialect: axes are inputs, softmax acts along one axis, and so on.
 */
export const DIALECT = 20;

/** What type inference may ask of a node whose inputs are typed. */
export class InferContext {
  readonly node: Node;
  readonly opset: number;

  constructor(node: Node, opset: number) {
    this.node = node;
    this.opset = opset;
  }

  /** The type of input `i`. @throws ModelError if it is missing */
  type(i: number): TensorType {
    return this.node.input(i).type;
  }

  dims(i: number): readonly number[] {
    return this.type(i).dims;
  }

  dtype(i: number): TensorType["dtype"] {
    return this.type(i).dtype;
  }

  /** The elements of input `i` as numbers, or null if the input is omitted. The record lists `i` in `reads`. */
  numbers(i: number): number[] | null {
    return constantNumbers(this.node, i, this.opset);
  }

  /** Attribute or argument `axis` counted from the front. @throws ModelError if it is out of range */
  axis(axis: number, rank: number): number {
    return axisOf(this.node, axis, rank);
  }

  fail(problem: string): never {
    return this.node.fail(problem);
  }
}

/** What a derivative rule sees: the forward node, and the cotangents of its outputs. */
export interface VjpContext {
  readonly node: Node;
  readonly b: OpBuilder;
  /**
   * Cotangent of each output, of that output's type; null for an output that the loss does not depend on. That of rounded
   * integers is a float.
   */
  readonly cotangents: readonly (Value | null)[];
  /** Cotangent of the first output. Throws if the loss does not depend on it. */
  readonly ct: Value;
  /** Whether anybody needs the cotangent of input `i`; a rule leaves out what nobody needs. */
  needs(i: number): boolean;
  /** The elements of input `i` as numbers, or null if it is omitted. @throws UnsupportedOpError if they are not constant */
  numbers(i: number): number[] | null;
  axis(axis: number, rank: number): number;
}

/** One cotangent per input, of that input's type (or broadcast of it, for records with `broadcasts`); null = not needed. */
export type VjpRule = (ctx: VjpContext) => readonly (Value | null)[];

/** What a lowering sees: the node as the file has it, with typed inputs, and a builder for what replaces it. */
export interface LowerContext {
  readonly node: Node;
  readonly b: OpBuilder;
  /** Version of the node's operator set in the file. */
  readonly opset: number;
  /** Input `i` of the node. @throws ModelError if it is missing */
  input(i: number): Value;
  /** Input `i`, or null if it is omitted. */
  optional(i: number): Value | null;
  numbers(i: number): number[] | null;
  axis(axis: number, rank: number): number;
  /** The elements of a value, computed if it depends on constants alone; null if it depends on data. */
  constant(value: Value): Promise<Tensor | null>;
  /**
   * Lowers a body in place, with values for its inputs, and gives what its outputs became. A body may be lowered again.
   *
   * @param gate applied to each value that the body reads of the graphs around it and that depends on data
   */
  body(graph: Graph, actuals: readonly Value[], gate?: (outer: Value) => Value): Promise<readonly Value[]>;
  /** The elements of input `i`, which is a sequence. @throws ModelError if it is none */
  sequence(i: number): readonly Value[];
  isSequence(i: number): boolean;
  /** A value that stands for a sequence while the graph is lowered. */
  makeSequence(elements: readonly Value[]): Value;
}

interface OpIdentity {
  readonly opType: string;
  /** Operator-set domain; "" (ai.onnx) if left out. */
  readonly domain?: string;
  /** First and last version of the operator set for which this record holds. */
  readonly opsets: readonly [since: number, until: number];
  /** Inputs whose elements the type depends on; lowering computes them before it asks for the type. */
  readonly reads?: readonly number[];
}

/** An operator that stays in a lowered graph. */
export interface PrimitiveOp extends OpIdentity {
  /** Inputs broadcast against each other: the engine sums each cotangent back to its input's shape. */
  readonly broadcasts?: true;
  /** Gives other values at each run, so it is never folded into a constant. */
  readonly random?: true;
  /** The shape of an output depends on the elements of an input: a node whose inputs are all constant is computed
   * before its type is asked for, and any other one is refused. */
  readonly dataDependent?: true;
  /**
   * Rounds to integers that carry a derivative all the same, as if they had not been rounded: the straight-through
   * estimator of Bengio, Léonard and Courville, 2013 (arXiv:1308.3432).
   */
  readonly straightThrough?: true;
  /** Not typed here at all: it can only be folded. Its reason says what else there is to do. */
  readonly refused?: true;
  /** One type per output the operator can have (for this node's attributes); ones the node leaves out are ignored. */
  readonly infer: (ctx: InferContext) => readonly TensorType[];
  /** Other operators for a node that some runtime computes wrongly or not at all; null to keep the node. */
  readonly rewrite?: (ctx: LowerContext) => readonly Value[] | null;
  /** The derivative; "zero" where the operator is locally constant; or why it must not be asked. */
  readonly vjp: VjpRule | "zero" | { readonly none: string };
}

/** An operator (or an old version of one) that lowering rewrites into others. */
export interface CompositeOp extends OpIdentity {
  /** The values that take the place of the node's outputs, null for those the node does not have. */
  readonly lower: (ctx: LowerContext) => readonly (Value | null)[] | Promise<readonly (Value | null)[]>;
}

export type OpDef = PrimitiveOp | CompositeOp;

/** Declares an operator that stays in a lowered graph. */
export function defineOp(def: PrimitiveOp): PrimitiveOp {
  return def;
}

/**
 * Declares an operator whose output shapes depend on the elements of its inputs: it can only be folded.
 *
 * @param shape what decides the shape, as the end of the sentence "the shape of its output depends on …"
 */
export function defineFolded(def: OpIdentity, shape: string): PrimitiveOp {
  const reason = `the shape of its output depends on ${shape}`;
  return {
    ...def,
    dataDependent: true,
    infer: ({ node, opset }) => {
      throw new UnsupportedOpError(
        `${node.describe()} (domain ${def.domain || "ai.onnx"}, opset ${opset}): ${reason}, which change from batch to ` +
          "batch, so the shapes of a training graph cannot be fixed. Cut the model before this node with --head.from, " +
          "or export it so that the inputs of the node are constant.",
        { details: { node: node.name, opType: node.opType, domain: node.domain, opset, reason } },
      );
    },
    vjp: { none: reason },
  };
}

/** Declares an operator, or a range of its versions, by its expansion into others. */
export function defineComposite(def: CompositeOp): CompositeOp {
  return def;
}

export function isComposite(def: OpDef): def is CompositeOp {
  return "lower" in def;
}

/**
 * The constant behind input `i`, or null if the input is omitted.
 *
 * @param opset what messages say of the version of the node's operator set; nothing if left out
 * @throws UnsupportedOpError naming the model inputs and weights that it depends on, if it depends on any
 */
export function constantInput(node: Node, i: number, opset?: number): Tensor | null {
  const value = node.inputs[i] ?? null;
  if (value === null) return null;
  if (value.constant === null) {
    const sources = sourcesOf(value);
    const names = sources.slice(0, 3).map((v) => `"${v.name}"`);
    const depends = `depends on ${names.join(", ")}${sources.length > 3 ? ` and ${sources.length - 3} more` : ""}`;
    const version = opset === undefined ? "" : `, opset ${opset}`;
    throw new UnsupportedOpError(
      `${node.describe()} (domain ${node.domain || "ai.onnx"}${version}): input ${i} ("${value.name}") ${depends}, so the ` +
        "shapes of a training graph cannot be fixed. Fix the input with --fix NAME=VALUE, freeze the weight with " +
        "--trainable, or export the model with this value constant.",
      {
        details: {
          node: node.name,
          opType: node.opType,
          domain: node.domain,
          input: i,
          ...(opset === undefined ? {} : { opset }),
        },
      },
    );
  }
  return value.constant;
}

/** Inputs of the graph that a value is computed from. */
function sourcesOf(value: Value): Value[] {
  const seen = new Set<Value>([value]);
  for (const v of seen) for (const input of v.producer?.inputs ?? []) if (input !== null) seen.add(input);
  return [...seen].filter((v) => v.producer === null && v.constant === null);
}

export function constantNumbers(node: Node, i: number, opset?: number): number[] | null {
  const constant = constantInput(node, i, opset);
  return constant === null ? null : toNumbers(constant);
}

/** `axis` counted from the front. @throws ModelError naming the node if it is out of range */
export function axisOf(node: Node, axis: number, rank: number): number {
  return normalizeAxis(axis, rank) ?? node.fail(`axis ${axis} is out of range for rank ${rank}`);
}
