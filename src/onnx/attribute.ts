import type { Tensor } from "../tensor/tensor.ts";
import type { Graph } from "./graph.ts";
import type { AttributeProto } from "./proto/onnx-ml_pb.ts";

/**
 * The value of a node's attribute. `ints` are JavaScript numbers: an int64 beyond 2^53 loses its last bits here but
 * not in the file, whose message is kept in `origin`. `other` covers kinds that no operator of ours reads
 * (type protos, sparse tensors, references inside functions): they pass through untouched.
 */
export type AttributeValue =
  | { readonly kind: "int"; readonly value: number }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "ints"; readonly value: readonly number[] }
  | { readonly kind: "floats"; readonly value: readonly number[] }
  | { readonly kind: "strings"; readonly value: readonly string[] }
  | { readonly kind: "tensor"; readonly value: Tensor }
  | { readonly kind: "graph"; readonly value: Graph }
  | { readonly kind: "graphs"; readonly value: readonly Graph[] }
  | { readonly kind: "reference"; readonly value: string }
  | { readonly kind: "other" };

export type Attribute = AttributeValue & { readonly origin?: AttributeProto };

/** What node-creating code may write for an attribute: integers stand for ints; floats are marked with `float`. */
export type AttributeInit = number | string | readonly number[] | readonly string[] | Tensor | AttributeValue;

/** Marks a number as a float attribute. */
export function float(value: number): AttributeValue {
  return { kind: "float", value };
}

/** Marks numbers as a list of float attributes. */
export function floats(value: readonly number[]): AttributeValue {
  return { kind: "floats", value };
}

/** The attribute that an init stands for. @throws TypeError for a bare fraction, which would be a silent truncation */
export function toAttribute(init: AttributeInit): Attribute {
  if (typeof init === "number") return { kind: "int", value: asInt(init) };
  if (typeof init === "string") return { kind: "string", value: init };
  if (Array.isArray(init)) {
    return init.length > 0 && typeof init[0] === "string"
      ? { kind: "strings", value: init as readonly string[] }
      : { kind: "ints", value: (init as readonly number[]).map(asInt) };
  }
  // An array was handled above, so what is left is a tensor (it has a dtype) or an attribute value (it has a kind).
  const object = init as Tensor | AttributeValue;
  return "kind" in object ? object : { kind: "tensor", value: object };
}

function asInt(value: number): number {
  if (!Number.isInteger(value))
    throw new TypeError(`internal: ${value} given as an int attribute; mark floats with float()`);
  return value;
}
