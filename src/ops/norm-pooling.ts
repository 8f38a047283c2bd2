import type { Node } from "../onnx/node.ts";
import type { Value } from "../onnx/value.ts";
import { floatTensor } from "./axis-map.ts";
import { convAttributes } from "./conv-gradient.ts";
import { defineComposite, LATEST, type LowerContext, type OpDef } from "./define.ts";
import type { OpBuilder } from "./op-builder.ts";
import { extentOf, windowsOf } from "./windows.ts";

/** Pooling by norms and maxima that other operators compute. */
export const normPoolingOps: readonly OpDef[] = [
  /** GlobalMaxPool(X): the maximum over the spatial axes. https://onnx.ai/onnx/operators/onnx__GlobalMaxPool.html */
  defineComposite({
    opType: "GlobalMaxPool",
    opsets: [1, LATEST],
    lower: ({ b, input }) => [b.reduceMax(input(0), spatialAxes(input(0)), true)],
  }),
  /** GlobalLpPool(X): (Σ |x|^p)^(1/p) over the spatial axes. https://onnx.ai/onnx/operators/onnx__GlobalLpPool.html */
  defineComposite({
    opType: "GlobalLpPool",
    opsets: [2, LATEST],
    lower: ({ b, node, input }) => {
      const x = input(0);
      const total = b.reduceSum(powered(b, x, orderOf(node)), spatialAxes(x), true);
      return [rooted(b, total, orderOf(node))];
    },
  }),
  /** LpPool(X): (Σ |x|^p)^(1/p) over windows. https://onnx.ai/onnx/operators/onnx__LpPool.html */
  defineComposite({ opType: "LpPool", opsets: [2, LATEST], lower: lowerLpPool }),
];

function spatialAxes(x: Value): number[] {
  return x.dims.slice(2).map((_, i) => i + 2);
}

function orderOf(node: Node): number {
  return node.int("p", 2);
}

/** |x|^p */
function powered(b: OpBuilder, x: Value, p: number): Value {
  if (p === 2) return b.mul(x, x);
  const size = b.op("Abs", [x]);
  return p === 1 ? size : b.op("Pow", [size, b.scalar(p, x.dtype)]);
}

/** x^(1/p) */
function rooted(b: OpBuilder, x: Value, p: number): Value {
  if (p === 1) return x;
  return p === 2 ? b.op("Sqrt", [x]) : b.op("Pow", [x, b.scalar(1 / p, x.dtype)]);
}

/** Sums over windows are a convolution of every plane with a kernel of ones. */
function lowerLpPool({ b, node, input }: LowerContext): readonly Value[] {
  const x = input(0);
  const [n, c, ...spatial] = x.dims as [number, number, ...number[]];
  const w = windowsOf(node, spatial, node.ints("kernel_shape"));
  // In ceil mode the last window reaches beyond the padding.
  const padEnd = w.padEnd.map((p, i) =>
    Math.max(p, (w.output[i]! - 1) * w.strides[i]! + extentOf(w, i) - w.input[i]! - w.padBegin[i]!),
  );
  const planes = b.reshape(powered(b, x, orderOf(node)), [n * c, 1, ...spatial]);
  const count = w.kernel.reduce((total, k) => total * k, 1);
  const ones = b.constant(floatTensor(x.dtype, [1, 1, ...w.kernel], new Array<number>(count).fill(1)));
  const sums = b.op("Conv", [planes, ones], convAttributes({ ...w, padEnd, group: 1 }));
  return [rooted(b, b.reshape(sums, [n, c, ...w.output]), orderOf(node))];
}
