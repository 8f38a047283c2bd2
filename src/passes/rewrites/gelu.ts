import type { Value } from "../../onnx/value.ts";
import { broadcastShapes, shapesEqual } from "../../tensor/shape.ts";
import { numberOf, type Rewrite, type RewriteContext } from "./rewrite.ts";

/** Exporters round √2 and its inverse to float32 or fewer digits. */
const TOLERANCE = 1e-4;

/**
 * Gelu as exporters up to opset 19 spell it out: the product, in any order, of x, ½ and 1 + erf(x / √2). As one node its
 * forward is one pass over memory instead of five, and its derivative reads x alone.
 */
export const gelu: Rewrite = {
  last: "Mul",
  async apply(ctx) {
    const { node, inputs, b } = ctx;
    const [left, right] = inputs;
    if (node.domain !== "" || !left || !right || !["float32", "float16"].includes(left.dtype)) return null;
    const shifted = await onePlusErf(ctx, inputs);
    if (shifted === null) return null;
    const { sum, x } = shifted;
    const factors = inputs.flatMap((v) => factorsOf(v, new Set([sum, x]), 2));
    if (factors.length !== 3 || !factors.includes(sum) || !factors.includes(x)) return null;
    const rest = factors.find((v) => v !== sum && v !== x);
    if (!rest || !near(await numberOf(ctx, rest), 0.5)) return null;
    const product = broadcastShapes(left.dims, right.dims);
    return product !== null && shapesEqual(product, x.dims) ? b.op("Gelu", [x]) : null;
  },
};

/** The factor 1 + erf(x / √2) of a product, and x. */
async function onePlusErf(
  ctx: RewriteContext,
  operands: readonly Value[],
): Promise<{ sum: Value; x: Value } | null> {
  for (const sum of operands.flatMap((v) => factorsOf(v, new Set(), 2))) {
    if (sum.producer?.opType !== "Add") continue;
    const [a, c] = [sum.producer.input(0), sum.producer.input(1)];
    const [erf, one] = a.producer?.opType === "Erf" ? [a, c] : [c, a];
    if (erf.producer?.opType !== "Erf" || !near(await numberOf(ctx, one), 1)) continue;
    const x = await overRootOfTwo(ctx, erf.producer.input(0));
    if (x !== null) return { sum, x };
  }
  return null;
}

/** x of x / √2. */
async function overRootOfTwo(ctx: RewriteContext, value: Value): Promise<Value | null> {
  const { producer } = value;
  if (producer?.opType !== "Div" && producer?.opType !== "Mul") return null;
  const [a, c] = [producer.input(0), producer.input(1)];
  const wanted = producer.opType === "Div" ? Math.SQRT2 : Math.SQRT1_2;
  if (near(await numberOf(ctx, c), wanted)) return a;
  return producer.opType === "Mul" && near(await numberOf(ctx, a), wanted) ? c : null;
}

/** The factors of a product of products, down to `depth` nodes or to a value of `whole`. */
function factorsOf(value: Value, whole: ReadonlySet<Value>, depth: number): Value[] {
  const { producer } = value;
  if (depth === 0 || whole.has(value) || producer?.opType !== "Mul") return [value];
  return [producer.input(0), producer.input(1)].flatMap((v) => factorsOf(v, whole, depth - 1));
}

function near(value: number | null, wanted: number): boolean {
  return value !== null && Math.abs(value - wanted) < TOLERANCE * wanted;
}
