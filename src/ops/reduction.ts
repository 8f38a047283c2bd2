import type { TensorType } from "../onnx/type.ts";
import type { Value } from "../onnx/value.ts";
import { sizeOf } from "../tensor/shape.ts";
import {
  type CompositeOp,
  defineComposite,
  defineOp,
  type InferContext,
  LATEST,
  type OpDef,
  type PrimitiveOp,
  type VjpContext,
} from "./define.ts";
import { isEqual, oneForZero, signOf } from "./rule-parts.ts";
import { productOfOthers } from "./running-products.ts";

/** Reductions over axes. */
export const reductionOps: readonly OpDef[] = [
  axesAsAttribute("ReduceSum", 12),
  /** ReduceSum(data, axes). https://onnx.ai/onnx/operators/onnx__ReduceSum.html */
  reduction("ReduceSum", 13, (r) => r.spread(r.ct)),
  axesAsAttribute("ReduceMean", 17),
  /** ReduceMean(data, axes). https://onnx.ai/onnx/operators/onnx__ReduceMean.html */
  reduction("ReduceMean", 18, (r) => r.spread(r.b.scale(r.ct, 1 / r.count))),
  axesAsAttribute("ReduceMax", 17),
  /** ReduceMax(data, axes); elements that tie share the cotangent equally. https://onnx.ai/onnx/operators/onnx__ReduceMax.html */
  reduction("ReduceMax", 18, toChosen),
  axesAsAttribute("ReduceMin", 17),
  /** ReduceMin(data, axes); elements that tie share the cotangent equally. https://onnx.ai/onnx/operators/onnx__ReduceMin.html */
  reduction("ReduceMin", 18, toChosen),
  axesAsAttribute("ReduceProd", 17),
  /** ReduceProd(data, axes). https://onnx.ai/onnx/operators/onnx__ReduceProd.html */
  reduction("ReduceProd", 18, productVjp),
  axesAsAttribute("ReduceL1", 17),
  /** ReduceL1(data, axes): Σ |x|, whose derivative at 0 is taken as 0. https://onnx.ai/onnx/operators/onnx__ReduceL1.html */
  reduction("ReduceL1", 18, (r) => r.b.mul(r.ct, signOf(r.b, r.x))),
  axesAsAttribute("ReduceL2", 17),
  /** ReduceL2(data, axes): √Σ x², whose derivative at 0 is taken as 0. https://onnx.ai/onnx/operators/onnx__ReduceL2.html */
  reduction("ReduceL2", 18, (r) => r.b.mul(r.b.div(r.ct, oneForZero(r.b, r.y)), r.x)),
  axesAsAttribute("ReduceSumSquare", 17),
  /** ReduceSumSquare(data, axes): Σ x². https://onnx.ai/onnx/operators/onnx__ReduceSumSquare.html */
  reduction("ReduceSumSquare", 18, (r) => r.b.mul(r.b.scale(r.ct, 2), r.x)),
  axesAsAttribute("ReduceLogSum", 17),
  /** ReduceLogSum(data, axes): ln Σ x. https://onnx.ai/onnx/operators/onnx__ReduceLogSum.html */
  reduction("ReduceLogSum", 18, (r) => r.spread(r.b.div(r.ct, r.b.op("Exp", [r.y])))),
  axesAsAttribute("ReduceLogSumExp", 17),
  /** ReduceLogSumExp(data, axes): ln Σ e^x. https://onnx.ai/onnx/operators/onnx__ReduceLogSumExp.html */
  reduction("ReduceLogSumExp", 18, (r) => r.b.mul(r.ct, r.b.op("Exp", [r.b.sub(r.x, r.y)]))),
  /** ArgMax(data): where the largest element along `axis` lies. https://onnx.ai/onnx/operators/onnx__ArgMax.html */
  argument("ArgMax"),
  /** ArgMin(data): where the smallest element along `axis` lies. https://onnx.ai/onnx/operators/onnx__ArgMin.html */
  argument("ArgMin"),
];

/** What the derivative of a reduction reads. `y` and `ct` have ones in the place of the reduced axes. */
interface Reduced {
  readonly b: VjpContext["b"];
  readonly x: Value;
  readonly y: Value;
  readonly ct: Value;
  readonly axes: readonly number[];
  /** How many elements of the input each element of the output stands for. */
  readonly count: number;
  /** Broadcasts to the shape of the input. */
  spread(value: Value): Value;
}

/** A reduction with its axes as an input; `dx` gives the cotangent of the data. */
function reduction(opType: string, since: number, dx: (reduced: Reduced) => Value): PrimitiveOp {
  return defineOp({
    opType,
    opsets: [since, LATEST],
    reads: [1],
    infer: inferReduce,
    vjp: (ctx) => {
      const { b, node } = ctx;
      const x = node.input(0);
      const axes = reducedAxes(ctx);
      const kept = x.dims.map((d, i) => (axes.includes(i) ? 1 : d));
      const count = axes.reduce((n, axis) => n * x.dims[axis]!, 1);
      const [y, ct] = [b.reshape(node.output(), kept), b.reshape(ctx.ct, kept)];
      return [dx({ b, x, y, ct, axes, count, spread: (v) => b.expand(v, x.dims) }), null];
    },
  });
}

/** The operator up to the opset `until`, which takes its axes as an attribute. */
function axesAsAttribute(opType: string, until: number): CompositeOp {
  return defineComposite({
    opType,
    opsets: [1, until],
    lower: ({ node, b, input }) => {
      const axes = node.has("axes") ? b.ints(node.ints("axes")) : null;
      const keepdims = node.int("keepdims", 1);
      return [b.op(opType, axes === null ? [input(0)] : [input(0), axes], { keepdims })];
    },
  });
}

/** The axes a reduction runs over, counted from the front: all of them if none are given, unless that means none. */
function reducedAxes(ctx: InferContext | VjpContext): readonly number[] {
  const rank = ctx.node.input(0).dims.length;
  const axes = ctx.node.hasInput(1) ? (ctx.numbers(1) ?? []) : [];
  if (axes.length > 0) return axes.map((a) => ctx.axis(a, rank));
  return ctx.node.int("noop_with_empty_axes", 0) === 1 ? [] : Array.from({ length: rank }, (_, i) => i);
}

function inferReduce(ctx: InferContext): readonly TensorType[] {
  const axes = new Set(reducedAxes(ctx));
  const keep = ctx.node.int("keepdims", 1) === 1;
  const dims = ctx.dims(0).flatMap((d, i) => (axes.has(i) ? (keep ? [1] : []) : [d]));
  return [{ dtype: ctx.dtype(0), dims }];
}

/** An operator that gives the int64 index of an element along one axis. */
function argument(opType: string): PrimitiveOp {
  return defineOp({
    opType,
    opsets: [1, LATEST],
    infer: (ctx) => {
      const axis = ctx.axis(ctx.node.int("axis", 0), ctx.dims(0).length);
      const kept = ctx.node.int("keepdims", 1) === 1 ? [1] : [];
      return [{ dtype: "int64", dims: ctx.dims(0).flatMap((d, i) => (i === axis ? kept : [d])) }];
    },
    vjp: "zero",
  });
}

function toChosen({ b, x, y, ct, axes }: Reduced): Value {
  const chosen = isEqual(b, x, y, x.dtype);
  return b.mul(b.div(ct, b.reduceSum(chosen, axes, true)), chosen);
}

/** dx_i = dy · Π_{j≠i} x_j */
function productVjp({ b, x, ct, axes }: Reduced): Value {
  const kept = x.dims.map((_, i) => i).filter((i) => !axes.includes(i));
  const perm = [...kept, ...axes];
  const lead = kept.map((i) => x.dims[i]!); // axes of x
  const last = b.transpose(x, perm);
  const rows = b.reshape(last, [...lead, sizeOf(axes.map((i) => x.dims[i]!))]);
  const others = b.reshape(productOfOthers(b, rows, lead.length), last.dims);
  return b.mul(ct, b.transpose(others, inversePermutation(perm)));
}

function inversePermutation(perm: readonly number[]): number[] {
  return perm.map((_, i) => perm.indexOf(i));
}
