import type { Node } from "../onnx/node.ts";
import type { TensorType } from "../onnx/type.ts";
import type { Value } from "../onnx/value.ts";
import { int64s, tensor } from "../tensor/tensor.ts";
import { type AxisMap, applyMaps, applyTransposed } from "./axis-map.ts";
import {
  defineComposite,
  defineOp,
  type InferContext,
  LATEST,
  type LowerContext,
  type OpDef,
  type VjpContext,
} from "./define.ts";
import type { Attributes, OpBuilder } from "./op-builder.ts";
import { axisResizes, isUnchanged, type ResizeInputs, resizeMap } from "./resize-maps.ts";

/** Interpolation to another size. */
export const resizeOps: readonly OpDef[] = [
  /** Upsample(X), scales as an attribute. https://onnx.ai/onnx/operators/onnx__Upsample.html */
  defineComposite({
    opType: "Upsample",
    opsets: [7, 8],
    lower: (ctx) => [resizeByScales(ctx, ctx.node.floats("scales"))],
  }),
  /** Upsample(X, scales). Deprecated from opset 10 on. */
  defineComposite({
    opType: "Upsample",
    opsets: [9, 9],
    reads: [1],
    lower: (ctx) => [resizeByScales(ctx, ctx.numbers(1) ?? ctx.node.fail("input 1 (scales) is missing"))],
  }),
  /** Resize(X, scales), opset 10: the successor of Upsample. */
  defineComposite({
    opType: "Resize",
    opsets: [10, 10],
    reads: [1],
    lower: (ctx) => [resizeByScales(ctx, ctx.numbers(1) ?? ctx.node.fail("input 1 (scales) is missing"))],
  }),
  /** Resize(X, roi, scales, sizes) where what does not apply may be an empty tensor. */
  defineComposite({ opType: "Resize", opsets: [11, 17], reads: [1, 2, 3], lower: lowerResize }),
  /** Resize(X, roi, scales, sizes). https://onnx.ai/onnx/operators/onnx__Resize.html */
  defineOp({
    opType: "Resize",
    opsets: [18, LATEST],
    reads: [1, 2, 3],
    infer: inferResize,
    rewrite: cubicAsMatrices,
    vjp: ({ b, node, ct, numbers }) => [resizeVjp(b, node, ct, numbers), null, null, null],
  }),
];

/** Before opset 11 coordinates are o / scale, rounded down where an axis grows and up where it shrinks. */
function resizeByScales({ b, node, input }: LowerContext, scales: readonly number[]): Value {
  const mode = node.string("mode", "nearest");
  const resize = (x: Value, factors: readonly number[], rounding: string): Value =>
    factors.every((s) => s === 1)
      ? x
      : b.op(
          "Resize",
          [x, null, b.constant(tensor("float32", [factors.length], Float32Array.from(factors)))],
          {
            mode,
            coordinate_transformation_mode: "asymmetric",
            nearest_mode: rounding,
          },
        );
  if (mode !== "nearest") return resize(input(0), scales, "floor");
  const grown = resize(
    input(0),
    scales.map((s) => Math.max(s, 1)),
    "floor",
  );
  return resize(
    grown,
    scales.map((s) => Math.min(s, 1)),
    "ceil",
  );
}

function inputsOf(numbers: (i: number) => number[] | null): ResizeInputs {
  const given = (i: number) => {
    const found = numbers(i);
    return found === null || found.length === 0 ? null : found;
  };
  return { roi: given(1), scales: given(2), sizes: given(3) };
}

/**
 * ONNX Runtime moves a Transpose through a cubic Resize and then finds that the Resize no longer lies on the axes that
 * it supports (position tables in [1, height, width, channels] come to this); the matrices of the axes are safe.
 */
function cubicAsMatrices({ b, node, input, numbers }: LowerContext): readonly Value[] | null {
  const x = input(0);
  const crops = node.string("coordinate_transformation_mode", "") === "tf_crop_and_resize";
  if (node.string("mode", "nearest") !== "cubic" || node.int("antialias", 0) !== 0 || crops) return null;
  const maps = axisResizes(node, x.dims, inputsOf(numbers)).filter((r) => !isUnchanged(node, r));
  return [
    applyMaps(
      b,
      x,
      maps.map((r) => resizeMap(node, r)),
    ),
  ];
}

function lowerResize(ctx: LowerContext): readonly Value[] {
  const { b, node, input, numbers } = ctx;
  const rewritten = cubicAsMatrices(ctx);
  if (rewritten) return rewritten;
  const given = inputsOf(numbers);
  const x = input(0);
  const attributes: Attributes = Object.fromEntries(node.attributes);
  if (node.string("coordinate_transformation_mode", "") === "tf_half_pixel_for_nn") {
    // Opset 13 dropped this mode, so that only its matrices remain.
    const maps = axisResizes(node, x.dims, given).map((r) => resizeMap(node, r));
    return [applyMaps(b, x, maps)];
  }
  const floats = (values: readonly number[] | null) =>
    values && b.constant(tensor("float32", [values.length], Float32Array.from(values)));
  const crops = node.string("coordinate_transformation_mode", "") === "tf_crop_and_resize";
  return [
    b.op(
      "Resize",
      [
        x,
        crops ? floats(given.roi) : null,
        given.sizes ? null : floats(given.scales),
        given.sizes && b.constant(int64s(given.sizes)),
      ],
      attributes,
    ),
  ];
}

function inferResize(ctx: InferContext): readonly TensorType[] {
  const dims = [...ctx.dims(0)];
  for (const r of axisResizes(
    ctx.node,
    dims,
    inputsOf((i) => ctx.numbers(i)),
  ))
    dims[r.axis] = r.output;
  return [{ dtype: ctx.dtype(0), dims }];
}

/** Resizing is a linear map per axis, so its derivative is those maps transposed. */
function resizeVjp(b: OpBuilder, node: Node, ct: Value, numbers: VjpContext["numbers"]): Value {
  const x = node.input(0);
  const maps = axisResizes(node, x.dims, inputsOf(numbers))
    .filter((r) => !isUnchanged(node, r))
    .map((r) => resizeMap(node, r));
  return sumOfRepeats(b, ct, maps) ?? applyTransposed(b, ct, maps);
}

/** Where each element of a map [N, C, …] was repeated k times, its cotangent is the sum over k outputs: an AveragePool. */
function sumOfRepeats(b: OpBuilder, ct: Value, maps: readonly AxisMap[]): Value | null {
  if (ct.dtype !== "float32" || ct.dims.length < 3) return null;
  const kernel = ct.dims.slice(2).map(() => 1);
  for (const m of maps) {
    const k = m.output / m.input;
    if (m.axis < 2 || !Number.isInteger(k)) return null;
    for (let o = 0; o < m.output; o++) if (m.weights[o * m.input + Math.floor(o / k)] !== 1) return null;
    kernel[m.axis - 2] = k;
  }
  const mean = b.op("AveragePool", [ct], { kernel_shape: kernel, strides: kernel });
  return b.mul(
    mean,
    b.scalar(
      kernel.reduce((p, k) => p * k, 1),
      ct.dtype,
    ),
  );
}
