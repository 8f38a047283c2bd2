import { float } from "../../onnx/attribute.ts";
import type { Node } from "../../onnx/node.ts";
import type { Value } from "../../onnx/value.ts";
import { toNumbers } from "../../tensor/tensor.ts";
import { numberOf, type Rewrite, type RewriteContext } from "./rewrite.ts";

/**
 * LayerNormalization over the last axis as exporters up to opset 16 spell it out: with d = x − mean(x),
 *
 *     y = d / √(mean(d²) + ε) · scale + bias
 *
 * As one node it keeps x and two numbers a row for the derivative, instead of five tensors of the size of x.
 */
export const layerNorm: Rewrite = {
  last: "Add",
  async apply(ctx) {
    const { inputs, b } = ctx;
    for (const [product, bias] of bothWays(inputs)) {
      if (product.producer?.opType !== "Mul" || product.dtype !== "float32") continue;
      for (const [ratio, scale] of bothWays(operandsOf(product.producer))) {
        const found = await standardized(ctx, ratio);
        if (found === null || !isRow(scale, found.x) || !isRow(bias, found.x)) continue;
        const attributes = { axis: -1, epsilon: float(found.epsilon) };
        return b.op("LayerNormalization", [found.x, scale, bias], attributes);
      }
    }
    return null;
  },
};

/** x and ε of d / √(mean(d²) + ε). */
async function standardized(
  ctx: RewriteContext,
  ratio: Value,
): Promise<{ x: Value; epsilon: number } | null> {
  if (ratio.producer?.opType !== "Div") return null;
  const [d, root] = operandsOf(ratio.producer);
  if (d?.producer?.opType !== "Sub" || root?.producer?.opType !== "Sqrt") return null;
  const [x, mean] = operandsOf(d.producer);
  if (!x || !mean || (await meanOver(ctx, mean)) !== x) return null;
  const shifted = root.producer.input(0).producer;
  if (shifted?.opType !== "Add") return null;
  for (const [variance, shift] of bothWays(operandsOf(shifted))) {
    const epsilon = await numberOf(ctx, shift);
    const square = await meanOver(ctx, variance);
    if (epsilon !== null && square !== null && (await isSquareOf(ctx, square, d))) return { x, epsilon };
  }
  return null;
}

/** v of mean(v) over the last axis, which stays as an axis of one. */
async function meanOver(ctx: RewriteContext, mean: Value): Promise<Value | null> {
  const node = mean.producer;
  if (node?.opType !== "ReduceMean" || node.int("keepdims", 1) !== 1 || !node.hasInput(1)) return null;
  const axes = await ctx.constant(node.input(1));
  const last = node.input(0).dims.length - 1;
  const numbers = axes === null ? [] : toNumbers(axes);
  return numbers.length === 1 && (numbers[0] === -1 || numbers[0] === last) ? node.input(0) : null;
}

async function isSquareOf(ctx: RewriteContext, square: Value, d: Value): Promise<boolean> {
  const node = square.producer;
  if (node?.opType === "Mul") return node.input(0) === d && node.input(1) === d;
  return node?.opType === "Pow" && node.input(0) === d && (await numberOf(ctx, node.input(1))) === 2;
}

/** Whether a value is a vector as long as the last axis of x. */
function isRow(value: Value, x: Value): boolean {
  return value.dtype === x.dtype && value.dims.length === 1 && value.dims[0] === x.dims.at(-1);
}

function operandsOf(node: Node): Value[] {
  return node.inputs.filter((v) => v !== null);
}

function bothWays([first, second]: readonly Value[]): [Value, Value][] {
  if (!first || !second) return [];
  return [
    [first, second],
    [second, first],
  ];
}
