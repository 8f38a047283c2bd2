import type { Node } from "../onnx/node.ts";
import type { TensorType } from "../onnx/type.ts";
import type { Value } from "../onnx/value.ts";
import { formatShape, sizeOf } from "../tensor/shape.ts";
import { tensor } from "../tensor/tensor.ts";
import { type AxisMap, applyTransposed, axisMap } from "./axis-map.ts";
import { defineOp, type InferContext, LATEST, type OpDef, type VjpContext } from "./define.ts";
import { type Windows, windowsOf } from "./windows.ts";

/** Maxima and averages over windows. */
export const poolingOps: readonly OpDef[] = [
  /** MaxPool(X): Y, Indices. https://onnx.ai/onnx/operators/onnx__MaxPool.html */
  defineOp({ opType: "MaxPool", opsets: [1, LATEST], infer: inferMaxPool, vjp: maxPoolVjp }),
  /** AveragePool(X). https://onnx.ai/onnx/operators/onnx__AveragePool.html */
  defineOp({
    opType: "AveragePool",
    opsets: [7, LATEST],
    infer: (ctx) => [pooledType(ctx)],
    // The average is a map per axis, so its derivative is that map transposed.
    vjp: ({ b, node, ct }) => [applyTransposed(b, ct, averageMaps(node))],
  }),
  /** GlobalAveragePool(X): the mean over the spatial axes. https://onnx.ai/onnx/operators/onnx__GlobalAveragePool.html */
  defineOp({
    opType: "GlobalAveragePool",
    opsets: [1, LATEST],
    infer: (ctx) => [{ dtype: ctx.dtype(0), dims: ctx.dims(0).map((d, i) => (i < 2 ? d : 1)) }],
    vjp: ({ b, node, ct }) => {
      const { dims } = node.input(0);
      return [b.expand(b.scale(ct, 1 / sizeOf(dims.slice(2))), dims)];
    },
  }),
];

function poolWindows(node: Node): Windows {
  const { dims } = node.input(0);
  if (dims.length < 3)
    node.fail(`input X has shape ${formatShape(dims)}, expected [N, C, …] with spatial axes`);
  return windowsOf(node, dims.slice(2), node.ints("kernel_shape"));
}

function pooledType(ctx: InferContext): TensorType {
  const [n, c] = ctx.dims(0);
  return { dtype: ctx.dtype(0), dims: [n!, c!, ...poolWindows(ctx.node).output] };
}

function inferMaxPool(ctx: InferContext): readonly TensorType[] {
  const pooled = pooledType(ctx);
  return [pooled, { dtype: "int64", dims: pooled.dims }];
}

/** Adds each cotangent to the element that was the maximum of its window, plane by plane. */
function maxPoolVjp({ b, node, ct }: VjpContext): readonly (Value | null)[] {
  const x = node.input(0);
  const planes = x.dims[0]! * x.dims[1]!;
  const [from, to] = [sizeOf(x.dims.slice(2)), sizeOf(ct.dims.slice(2))];
  const places = b.reshape(indicesOf(b, node), [planes, to]);
  // Indices count through the whole tensor; within a plane they start at zero.
  const shift = BigInt64Array.from({ length: planes }, (_, i) => BigInt(-i * from));
  const local = b.add(places, b.constant(tensor("int64", [planes, 1], shift)));
  const zeros = b.full([planes, from], 0, x.dtype);
  const scattered = b.op("ScatterElements", [zeros, local, b.reshape(ct, [planes, to])], {
    axis: 1,
    reduction: "add",
  });
  return [b.reshape(scattered, x.dims)];
}

/** Row-major indices of the maxima: the node's own second output, asked for now if nobody had. */
function indicesOf(b: VjpContext["b"], node: Node): Value {
  if (node.int("storage_order", 0) === 0) {
    const indices = node.ensureOutput(1);
    if (!indices.isTyped) indices.type = { dtype: "int64", dims: node.output(0).dims };
    return indices;
  }
  const attributes = new Map(node.attributes);
  attributes.delete("storage_order");
  return b.ops("MaxPool", [node.input(0)], 2, Object.fromEntries(attributes))[1]!; // it was made with two outputs
}

function averageMaps(node: Node): AxisMap[] {
  const w = poolWindows(node);
  const countsPadding = node.int("count_include_pad", 0) === 1;
  return w.input.map((input, i) => {
    const [begin, end] = [w.padBegin[i]!, w.padEnd[i]!];
    return axisMap(i + 2, { input, output: w.output[i]! }, function* (o) {
      const first = o * w.strides[i]! - begin;
      const reached = Array.from({ length: w.kernel[i]! }, (_, t) => first + t * w.dilations[i]!);
      const read = reached.filter((at) => at >= 0 && at < input);
      // In ceil mode a window may reach beyond the padding; that part is never counted.
      const counted = countsPadding ? reached.filter((at) => at < input + end) : read;
      for (const at of read) yield [at, 1 / counted.length];
    });
  });
}
