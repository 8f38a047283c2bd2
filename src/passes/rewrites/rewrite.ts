import type { Node } from "../../onnx/node.ts";
import type { Value } from "../../onnx/value.ts";
import type { OpBuilder } from "../../ops/op-builder.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** What a rewrite sees of the lowering: the last node of a form as the file has it, and what stands before it. */
export interface RewriteContext {
  readonly node: Node;
  /** The lowered inputs of the node. */
  readonly inputs: readonly Value[];
  readonly b: OpBuilder;
  /** The elements of a lowered value, computed if it depends on constants alone; null if it depends on data. */
  constant(value: Value): Promise<Tensor | null>;
}

/**
 * Recognises a form that exporters spell out in many nodes, at its last node, and writes a better one with the same
 * result. The nodes before it stay until nobody reads them.
 */
export interface Rewrite {
  /** Operator type (ai.onnx) of the last node. */
  readonly last: string;
  /** @returns the value that takes the place of the node's output; null if the node does not end this form */
  readonly apply: (ctx: RewriteContext) => Promise<Value | null>;
}

/** The one number that a constant holds, whatever its rank; null for anything else. */
export async function numberOf(ctx: RewriteContext, value: Value): Promise<number | null> {
  if (value.dims.some((d) => d !== 1)) return null;
  const tensor = await ctx.constant(value);
  return tensor === null || tensor.dtype === "string" ? null : Number(tensor.data[0]);
}
