import type { Value } from "../../onnx/value.ts";
import { numberOf, type Rewrite, type RewriteContext } from "./rewrite.ts";

/** The lowest finite number of each dtype whose sums with scores stay finite. */
const LOWEST: Readonly<Record<string, number>> = {
  float32: -3.4028234663852886e38,
  float64: -Number.MAX_VALUE,
};

/**
 * Attention that guards itself against rows with everything masked, as PyTorch exports scaled_dot_product_attention:
 *
 *     P = softmax(S + M);  Y = where(isnan(P), 0, P) · V
 *
 * A row of M that is −∞ throughout gives NaN. With its lowest finite number in the place of −∞ the softmax is finite and
 * every other row the same, and the masked rows are set to 0 in Y, which is smaller than P:
 *
 *     Y = [max_j M > −∞] (softmax(S + max(M, lowest)) · V)
 *
 * That saves two passes over P, which is the largest tensor of an encoder. A NaN that comes from the scores themselves is no
 * longer hidden, so that a run which diverges stops.
 */
export const maskedAttention: Rewrite = {
  last: "MatMul",
  async apply(ctx) {
    const { inputs, b } = ctx;
    const [guarded, v] = inputs;
    if (!guarded || !v || v.dims.length !== guarded.dims.length || v.dims.length < 2) return null;
    const found = await guardedSoftmax(ctx, guarded);
    if (found === null) return null;
    const { scores, mask } = found;
    const { dtype } = mask;
    const lowest = b.scalar(LOWEST[dtype]!, dtype); // guardedSoftmax gives only dtypes of the table
    const finite = sharedOp(mask, "Max", lowest) ?? b.op("Max", [mask, lowest]);
    const p = b.op("Softmax", [b.add(scores, finite)], { axis: -1 });
    const highest = b.reduceMax(mask, [mask.dims.length - 1], true);
    const isSeen = b.op("Greater", [highest, b.scalar(Number.NEGATIVE_INFINITY, dtype)]);
    return b.mul(b.matmul(p, v), b.cast(isSeen, dtype));
  },
};

/** Scores and mask of where(isnan(P), 0, P) with P = softmax(scores + mask) along the last axis. */
async function guardedSoftmax(
  ctx: RewriteContext,
  value: Value,
): Promise<{ scores: Value; mask: Value } | null> {
  const where = value.producer;
  if (where?.opType !== "Where") return null;
  const [check, zero, p] = [where.input(0).producer, where.input(1), where.input(2)];
  if (check?.opType !== "IsNaN" || check.input(0) !== p || (await numberOf(ctx, zero)) !== 0) return null;
  const softmax = p.producer;
  if (softmax?.opType !== "Softmax" || !(p.dtype in LOWEST)) return null;
  const axis = softmax.int("axis", -1);
  if (axis !== -1 && axis !== p.dims.length - 1) return null;
  const sum = softmax.input(0).producer;
  if (sum?.opType !== "Add") return null;
  const [first, second] = [sum.input(0), sum.input(1)];
  const [scores, mask] = isProduct(first) ? [first, second] : [second, first];
  // Exactly one side may be a product: a mask of products could hide infinities of another kind.
  if (!isProduct(scores) || isProduct(mask) || mask.dims.length === 0) return null;
  return { scores, mask };
}

/** Whether a value is a matrix product, or one scaled. */
function isProduct(value: Value): boolean {
  const { producer } = value;
  if (producer?.opType === "Mul" || producer?.opType === "Div") return isProduct(producer.input(0));
  return producer?.opType === "MatMul";
}

/** The value that a node of this type and second input already makes of `value`: layers share a mask. */
function sharedOp(value: Value, opType: string, second: Value): Value | null {
  const use = [...value.uses].find((u) => u.node.opType === opType && u.node.inputs[1] === second);
  return use?.node.output() ?? null;
}
