import type { TensorType } from "../onnx/type.ts";
import type { Value } from "../onnx/value.ts";
import {
  defineComposite,
  defineOp,
  type InferContext,
  LATEST,
  type OpDef,
  type VjpContext,
} from "./define.ts";
import { sameAsInput } from "./typing-rules.ts";

/** Operators that cut and join. Padding and repetition are in padding.ts. */
export const slicingOps: readonly OpDef[] = [
  /** Slice before opset 10: bounds are attributes, steps are 1. */
  defineComposite({
    opType: "Slice",
    opsets: [1, 9],
    lower: ({ b, node, input }) => {
      const starts = node.ints("starts");
      const axes = node.ints(
        "axes",
        starts.map((_, i) => i),
      );
      return [b.slice(input(0), { starts, ends: node.ints("ends"), axes })];
    },
  }),
  /** Slice(data, starts, ends, axes, steps). https://onnx.ai/onnx/operators/onnx__Slice.html */
  defineOp({
    opType: "Slice",
    opsets: [10, LATEST],
    reads: [1, 2, 3, 4],
    infer: (ctx) => {
      const dims = [...ctx.dims(0)];
      for (const cut of cutsOf(ctx)) dims[cut.axis] = cut.length;
      return [{ dtype: ctx.dtype(0), dims }];
    },
    vjp: sliceVjp,
  }),
  /** Split before opset 18: sizes are an attribute (before 13), an input, or left out for equal parts. */
  defineComposite({
    opType: "Split",
    opsets: [1, 17],
    reads: [1],
    lower: ({ b, node, input, numbers, axis }) => {
      const { dims } = input(0);
      const at = axis(node.int("axis", 0), dims.length);
      const parts = node.outputs.length;
      const equal = () => {
        if (dims[at]! % parts !== 0)
          node.fail(`axis ${at} of [${dims}] does not split into ${parts} equal parts`);
        return new Array<number>(parts).fill(dims[at]! / parts);
      };
      const sizes = numbers(1) ?? (node.has("split") ? node.ints("split") : equal());
      return b.ops("Split", [input(0), b.ints(sizes)], parts, { axis: at });
    },
  }),
  /** Split(input, split). https://onnx.ai/onnx/operators/onnx__Split.html */
  defineOp({
    opType: "Split",
    opsets: [18, LATEST],
    reads: [1],
    infer: (ctx) => {
      const dims = ctx.dims(0);
      const axis = ctx.axis(ctx.node.int("axis", 0), dims.length);
      return splitSizes(ctx, dims[axis]!).map((size) => ({
        dtype: ctx.dtype(0),
        dims: dims.map((d, i) => (i === axis ? size : d)),
      }));
    },
    // Parts that the loss does not depend on have a zero cotangent.
    vjp: (ctx) => {
      const { b, node, cotangents, axis } = ctx;
      const { dims, dtype } = node.input(0);
      const at = axis(node.int("axis", 0), dims.length);
      const parts = splitSizes(ctx, dims[at]!).map(
        (size, i) =>
          cotangents[i] ??
          b.full(
            dims.map((d, k) => (k === at ? size : d)),
            0,
            dtype,
          ),
      );
      return [b.concat(parts, at), null];
    },
  }),
  /** Concat(inputs…). https://onnx.ai/onnx/operators/onnx__Concat.html */
  defineOp({ opType: "Concat", opsets: [4, LATEST], infer: inferConcat, vjp: concatVjp }),
  /** Trilu(input, k): the upper or lower triangle of matrices. https://onnx.ai/onnx/operators/onnx__Trilu.html */
  defineOp({
    opType: "Trilu",
    opsets: [14, LATEST],
    infer: sameAsInput,
    vjp: ({ b, node, ct }) => [
      b.op("Trilu", node.hasInput(1) ? [ct, node.input(1)] : [ct], { upper: node.int("upper", 1) }),
      null,
    ],
  }),
];

/** What Slice does along one axis: `length` elements from `start`, `step` apart (negative: backwards). */
interface Cut {
  readonly axis: number;
  readonly start: number;
  readonly step: number;
  readonly length: number;
}

function cutsOf(ctx: InferContext | VjpContext): Cut[] {
  const { dims } = ctx.node.input(0);
  const starts = ctx.numbers(1) ?? ctx.node.fail("input 1 (starts) is missing");
  const ends = ctx.numbers(2) ?? ctx.node.fail("input 2 (ends) is missing");
  const axes = ctx.numbers(3) ?? starts.map((_, i) => i);
  const steps = ctx.numbers(4) ?? starts.map(() => 1);
  if (ends.length !== starts.length || axes.length !== starts.length || steps.length !== starts.length)
    ctx.node.fail(`starts, ends, axes and steps differ in length`);
  return starts.map((start, i) => {
    const axis = ctx.axis(axes[i]!, dims.length);
    return { axis, ...cutAxis(dims[axis]!, start, ends[i]!, steps[i]!) };
  });
}

/** Bounds count from the end if negative, and are clamped: to 0 … d forwards, to −1 … d−1 backwards. */
function cutAxis(d: number, start: number, end: number, step: number): Omit<Cut, "axis"> {
  const [low, high] = step > 0 ? [0, d] : [-1, d - 1];
  const clamp = (v: number, least: number) => Math.min(high, Math.max(least, v < 0 ? v + d : v));
  const from = clamp(start, 0);
  return { start: from, step, length: Math.max(0, Math.ceil((clamp(end, low) - from) / step)) };
}

/** The cotangent is put back where the slice was taken from, with zeros around and between. */
function sliceVjp(ctx: VjpContext): readonly (Value | null)[] {
  const { b, node } = ctx;
  const { dims, dtype } = node.input(0);
  const cuts = cutsOf(ctx);
  if (cuts.some((cut) => cut.length === 0)) return [b.full(dims, 0, dtype)];
  let { ct } = ctx;
  const begin = dims.map(() => 0);
  const end = dims.map(() => 0);
  for (const { axis, start, step, length } of cuts) {
    if (step < 0)
      ct = b.slice(ct, { starts: [-1], ends: [Number.MIN_SAFE_INTEGER], axes: [axis], steps: [-1] });
    ct = spread(b, ct, axis, Math.abs(step));
    begin[axis] = Math.min(start, start + (length - 1) * step);
    end[axis] = dims[axis]! - begin[axis]! - ct.dims[axis]!;
  }
  return [b.pad(ct, begin, end)];
}

/** Puts `step − 1` zeros between neighbours along an axis. */
function spread(b: VjpContext["b"], x: Value, axis: number, step: number): Value {
  if (step === 1) return x;
  const { dims } = x;
  const [before, length, after] = [dims.slice(0, axis), dims[axis]!, dims.slice(axis + 1)];
  const end = [...dims.map(() => 0), 0];
  end[axis + 1] = step - 1;
  const cells = b.pad(
    b.reshape(x, [...before, length, 1, ...after]),
    end.map(() => 0),
    end,
  );
  const joined = b.reshape(cells, [...before, length * step, ...after]);
  return b.slice(joined, { starts: [0], ends: [(length - 1) * step + 1], axes: [axis] });
}

/** Lengths of the parts: as given, or `num_outputs` parts of which the last may be shorter. */
function splitSizes(ctx: InferContext | VjpContext, total: number): number[] {
  const given = ctx.numbers(1);
  if (given !== null) return given;
  const parts = ctx.node.int("num_outputs", ctx.node.outputs.length);
  const size = Math.ceil(total / parts);
  return Array.from({ length: parts }, (_, i) => Math.max(0, Math.min(size, total - i * size)));
}

function inferConcat(ctx: InferContext): readonly TensorType[] {
  const dims = [...ctx.dims(0)];
  const axis = ctx.axis(ctx.node.int("axis"), dims.length);
  dims[axis] = 0;
  for (let i = 0; i < ctx.node.inputs.length; i++) {
    const part = ctx.dims(i);
    if (part.length !== dims.length || part.some((d, k) => k !== axis && d !== dims[k]))
      ctx.fail(`input ${i} has shape [${part}], expected [${ctx.dims(0)}] but for axis ${axis}`);
    dims[axis] += part[axis]!;
  }
  return [{ dtype: ctx.dtype(0), dims }];
}

function concatVjp({ b, node, ct, needs, axis }: VjpContext): readonly (Value | null)[] {
  const at = axis(node.int("axis"), ct.dims.length);
  let start = 0;
  return node.inputs.map((_, i) => {
    const from = start;
    start += node.input(i).dims[at]!;
    return needs(i) ? b.slice(ct, { starts: [from], ends: [start], axes: [at] }) : null;
  });
}
