import type { TensorType } from "../onnx/type.ts";
import type { Value } from "../onnx/value.ts";
import { sizeOf } from "../tensor/shape.ts";
import {
  defineComposite,
  defineOp,
  type InferContext,
  LATEST,
  type OpDef,
  type VjpContext,
} from "./define.ts";
import { extentOf, tapSlices, type Windows } from "./windows.ts";

/** Operators that put windows back into a map, and pooling over regions. */
export const unpoolingOps: readonly OpDef[] = [
  /** MaxUnpool(X, I, output_shape): X at places I, zeros elsewhere. https://onnx.ai/onnx/operators/onnx__MaxUnpool.html */
  defineOp({
    opType: "MaxUnpool",
    opsets: [9, LATEST],
    reads: [2],
    infer: inferMaxUnpool,
    vjp: maxUnpoolVjp,
  }),
  /** Col2Im(input, image_shape, block_shape): sums overlapping blocks. https://onnx.ai/onnx/operators/onnx__Col2Im.html */
  defineOp({
    opType: "Col2Im",
    opsets: [18, LATEST],
    reads: [1, 2],
    infer: inferCol2Im,
    vjp: col2ImVjp,
  }),
  /** MaxRoiPool(X, rois). https://onnx.ai/onnx/operators/onnx__MaxRoiPool.html */
  defineOp({
    opType: "MaxRoiPool",
    opsets: [1, LATEST],
    infer: (ctx) => {
      const pooled = ctx.node.ints("pooled_shape");
      return [{ dtype: ctx.dtype(0), dims: [ctx.dims(1)[0]!, ctx.dims(0)[1]!, ...pooled] }];
    },
    vjp: {
      none: "which element is the maximum of a region depends on regions that change from batch to batch",
    },
  }),
  /** RoiAlign before opset 16: places are not moved by half an element. */
  defineComposite({
    opType: "RoiAlign",
    opsets: [10, 15],
    lower: ({ b, node, input }) => [
      b.op("RoiAlign", [input(0), input(1), input(2)], {
        ...Object.fromEntries(node.attributes),
        coordinate_transformation_mode: "output_half_pixel",
      }),
    ],
  }),
  /** RoiAlign(X, rois, batch_indices). https://onnx.ai/onnx/operators/onnx__RoiAlign.html */
  defineOp({
    opType: "RoiAlign",
    opsets: [16, LATEST],
    infer: (ctx) => {
      const size = [ctx.node.int("output_height", 1), ctx.node.int("output_width", 1)];
      return [{ dtype: ctx.dtype(0), dims: [ctx.dims(1)[0]!, ctx.dims(0)[1]!, ...size] }];
    },
    vjp: { none: "detection heads over regions are not trained; cut the model at the backbone's features" },
  }),
];

function inferMaxUnpool(ctx: InferContext): readonly TensorType[] {
  const { node } = ctx;
  const [n, c, ...spatial] = ctx.dims(0) as [number, number, ...number[]];
  const given = node.hasInput(2) ? ctx.numbers(2) : null;
  if (given !== null) return [{ dtype: ctx.dtype(0), dims: given }];
  const kernel = node.ints("kernel_shape");
  const rank = spatial.length;
  const strides = node.ints(
    "strides",
    kernel.map(() => 1),
  );
  const pads = node.ints("pads", new Array<number>(2 * rank).fill(0));
  const dims = spatial.map((d, i) => (d - 1) * strides[i]! + kernel[i]! - pads[i]! - pads[i + rank]!);
  return [{ dtype: ctx.dtype(0), dims: [n, c, ...dims] }];
}

/** dX reads the cotangent where X was put. */
function maxUnpoolVjp({ b, node, ct }: VjpContext): readonly (Value | null)[] {
  const x = node.input(0);
  const flat = b.reshape(ct, [sizeOf(ct.dims)]);
  const places = b.reshape(node.input(1), [sizeOf(x.dims)]);
  return [b.reshape(b.op("Gather", [flat, places], { axis: 0 }), x.dims), null, null];
}

/** The windows that cut an image [N, C, …image] into blocks. */
function blocksOf(ctx: Pick<InferContext | VjpContext, "node" | "numbers">): Windows {
  const input = ctx.numbers(1) ?? ctx.node.fail("input 1 (image_shape) is missing");
  const kernel = ctx.numbers(2) ?? ctx.node.fail("input 2 (block_shape) is missing");
  const rank = input.length;
  const ones = new Array<number>(rank).fill(1);
  const [strides, dilations] = [ctx.node.ints("strides", ones), ctx.node.ints("dilations", ones)];
  const pads = ctx.node.ints("pads", new Array<number>(2 * rank).fill(0));
  const [padBegin, padEnd] = [pads.slice(0, rank), pads.slice(rank)];
  const output = input.map((d, i) => {
    const room = d + padBegin[i]! + padEnd[i]! - extentOf({ kernel, dilations }, i);
    return Math.floor(room / strides[i]!) + 1;
  });
  return { input, output, kernel, strides, dilations, padBegin, padEnd };
}

function inferCol2Im(ctx: InferContext): readonly TensorType[] {
  const w = blocksOf(ctx);
  const [n, rows, count] = ctx.dims(0) as [number, number, number];
  const taps = sizeOf(w.kernel);
  if (rows % taps !== 0 || count !== sizeOf(w.output))
    ctx.fail(
      `input has shape [${ctx.dims(0)}], expected [N, C · ${taps}, ${sizeOf(w.output)}] for blocks [${w.kernel}] ` +
        `of an image [${w.input}]`,
    );
  return [{ dtype: ctx.dtype(0), dims: [n, rows / taps, ...w.input] }];
}

/** Summing blocks into an image is transposed to cutting them out of it. */
function col2ImVjp(ctx: VjpContext): readonly (Value | null)[] {
  const { b, node, ct } = ctx;
  const w = blocksOf(ctx);
  const [n, c] = ct.dims as [number, number];
  const cuts = tapSlices(b, ct, w).map((tap) => b.reshape(tap, [n, c, 1, sizeOf(w.output)]));
  return [b.reshape(b.concat(cuts, 2), node.input(0).dims), null, null];
}
