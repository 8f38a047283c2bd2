import { float } from "../onnx/attribute.ts";
import type { Value } from "../onnx/value.ts";
import { sizeOf } from "../tensor/shape.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { defineComposite, LATEST, type LowerContext, type OpDef } from "./define.ts";
import type { OpBuilder } from "./op-builder.ts";
import { oneForZero } from "./rule-parts.ts";

/** Normalisations spelled out in others; most are a layer norm of a reshaped input. */
export const compositeNormalizationOps: readonly OpDef[] = [
  /** InstanceNormalization(X [N, C, …], scale [C], B [C]). https://onnx.ai/onnx/operators/onnx__InstanceNormalization.html */
  defineComposite({
    opType: "InstanceNormalization",
    opsets: [6, LATEST],
    lower: ({ b, node, input }) => {
      const x = input(0);
      const rows = [x.dims[0]!, x.dims[1]!, sizeOf(x.dims.slice(2))];
      const xhat = standardizeRows(b, x, rows, node.float("epsilon", 1e-5));
      return [scaleAndShift(b, xhat, perChannel(b, input(1), x), perChannel(b, input(2), x))];
    },
  }),
  /** GroupNormalization(X [N, C, …], scale [G], bias [G]), one per group. https://onnx.ai/onnx/operators/onnx__GroupNormalization.html */
  defineComposite({
    opType: "GroupNormalization",
    opsets: [18, 20],
    lower: (ctx) => {
      const { b, input } = ctx;
      const x = input(0);
      const rows = groupsOf(ctx);
      const perGroup = (v: Value) => b.reshape(v, [rows[1]!, 1]);
      const xhat = b.reshape(standardizeRows(b, x, rows, epsilonOf(ctx)), rows);
      return [b.reshape(scaleAndShift(b, xhat, perGroup(input(1)), perGroup(input(2))), x.dims)];
    },
  }),
  /** GroupNormalization(X [N, C, …], scale [C], bias [C]). https://onnx.ai/onnx/operators/onnx__GroupNormalization.html */
  defineComposite({
    opType: "GroupNormalization",
    opsets: [21, LATEST],
    lower: (ctx) => {
      const { b, input } = ctx;
      const x = input(0);
      const xhat = standardizeRows(b, x, groupsOf(ctx), epsilonOf(ctx));
      return [scaleAndShift(b, xhat, perChannel(b, input(1), x), perChannel(b, input(2), x))];
    },
  }),
  /** MeanVarianceNormalization(X): (X − mean) / (σ + 1e-9) over `axes`. https://onnx.ai/onnx/operators/onnx__MeanVarianceNormalization.html */
  defineComposite({
    opType: "MeanVarianceNormalization",
    opsets: [9, LATEST],
    lower: ({ b, node, input, axis }) => {
      const x = input(0);
      const axes = node.ints("axes", [0, 2, 3]).map((a) => axis(a, x.dims.length));
      const centred = b.sub(x, b.reduceMean(x, axes, true));
      const variance = b.reduceMean(b.mul(centred, centred), axes, true);
      return [b.div(centred, b.shift(b.op("Sqrt", [variance]), 1e-9))];
    },
  }),
  /** LpNormalization(X): X over its L1 or L2 norm along `axis`; 0 where the norm is 0. https://onnx.ai/onnx/operators/onnx__LpNormalization.html */
  defineComposite({
    opType: "LpNormalization",
    opsets: [1, LATEST],
    lower: ({ b, node, input, axis }) => {
      const x = input(0);
      const along = [axis(node.int("axis", -1), x.dims.length)];
      const norm = b.reduce(node.int("p", 2) === 1 ? "ReduceL1" : "ReduceL2", x, along, true);
      return [b.div(x, oneForZero(b, norm))];
    },
  }),
  /** LRN(X [N, C, …]): X / (bias + alpha / size · Σ X²)^beta, summed over `size` channels around each. https://onnx.ai/onnx/operators/onnx__LRN.html */
  defineComposite({ opType: "LRN", opsets: [1, LATEST], lower: responseNormalization }),
];

function epsilonOf({ node }: LowerContext): number {
  return node.float("epsilon", 1e-5);
}

/** [N, G, elements per group] */
function groupsOf({ node, input }: LowerContext): number[] {
  const { dims } = input(0);
  const groups = node.int("num_groups");
  if (dims[1]! % groups !== 0) node.fail(`${dims[1]} channels do not divide into ${groups} groups`);
  return [dims[0]!, groups, sizeOf(dims.slice(1)) / groups];
}

/** Each row of the reshaped input, less its mean and over its deviation, in the shape of the input. */
function standardizeRows(b: OpBuilder, x: Value, rows: readonly number[], epsilon: number): Value {
  const ones = b.full([rows.at(-1)!], 1, x.dtype);
  const xhat = b.op("LayerNormalization", [b.reshape(x, rows), ones], { axis: -1, epsilon: float(epsilon) });
  return b.reshape(xhat, x.dims);
}

/** A vector [C] as [C, 1, …], which broadcasts against X [N, C, …]. */
function perChannel(b: OpBuilder, vector: Value, x: Value): Value {
  return b.reshape(vector, [x.dims[1]!, ...x.dims.slice(2).map(() => 1)]);
}

function scaleAndShift(b: OpBuilder, x: Value, scale: Value, shift: Value): Value {
  return b.add(b.mul(x, scale), shift);
}

function responseNormalization({ b, node, input }: LowerContext): readonly Value[] {
  const x = input(0);
  const size = node.int("size");
  const rows = [x.dims[0]!, x.dims[1]!, sizeOf(x.dims.slice(2))];
  const squares = b.reshape(b.mul(x, x), rows);
  // The sums over neighbouring channels are one product with a band of ones.
  const band = b.cast(b.constant(bandOfOnes(rows[1]!, size)), x.dtype);
  const sums = b.reshape(b.matmul(band, squares), x.dims);
  const base = b.shift(b.scale(sums, node.float("alpha", 1e-4) / size), node.float("bias", 1));
  return [b.mul(x, b.op("Pow", [base, b.scalar(-node.float("beta", 0.75), x.dtype)]))];
}

/** [C, C] with 1 where column k lies in the window of `size` channels around row c. */
function bandOfOnes(channels: number, size: number): Tensor {
  const data = new Float32Array(channels * channels);
  const before = Math.floor((size - 1) / 2);
  for (let c = 0; c < channels; c++) {
    const last = Math.min(channels - 1, c - before + size - 1);
    for (let k = Math.max(0, c - before); k <= last; k++) data[c * channels + k] = 1;
  }
  return tensor("float32", [channels, channels], data);
}
