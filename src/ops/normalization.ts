import { float } from "../onnx/attribute.ts";
import type { TensorType } from "../onnx/type.ts";
import type { Value } from "../onnx/value.ts";
import type { DataType } from "../tensor/data-type.ts";
import { sizeOf } from "../tensor/shape.ts";
import {
  defineComposite,
  defineOp,
  type InferContext,
  LATEST,
  type LowerContext,
  type OpDef,
  type VjpContext,
} from "./define.ts";
import type { OpBuilder } from "./op-builder.ts";
import { standardizeVjp, uniformConstant } from "./rule-parts.ts";

/** Normalisations that stay one node; those that are spelled out are in `normalization-composite.ts`. */
export const normalizationOps: readonly OpDef[] = [
  /** BatchNormalization in old models. https://onnx.ai/onnx/operators/onnx__BatchNormalization.html */
  defineComposite({ opType: "BatchNormalization", opsets: [7, 13], lower: lowerBatchNormalization }),
  /**
   * BatchNormalization(X [N, C, …], scale [C], B [C], mean [C], var [C]): Y = scale (X − mean) / √(var + ε) + B.
   * With `training_mode` = 1 the statistics are the batch's own. https://onnx.ai/onnx/operators/onnx__BatchNormalization.html
   */
  defineOp({
    opType: "BatchNormalization",
    opsets: [14, LATEST],
    infer: (ctx) => [ctx.type(0), ctx.type(3), ctx.type(4)],
    vjp: (ctx) =>
      ctx.node.int("training_mode", 0) === 1 ? batchStatisticsVjp(ctx) : frozenStatisticsVjp(ctx),
  }),
  /**
   * LayerNormalization(X, Scale, B): standardises over the axes from `axis` on, then Y = X̂ · Scale + B; gives the mean
   * and 1 / σ too. https://onnx.ai/onnx/operators/onnx__LayerNormalization.html
   */
  defineOp({
    opType: "LayerNormalization",
    opsets: [1, LATEST], // before 17 as ONNX Runtime's own operator, in files that its optimizer wrote
    infer: (ctx) => {
      const statistic = statisticType(ctx);
      return [ctx.type(0), statistic, statistic];
    },
    vjp: layerNormalizationVjp,
  }),
  /**
   * RMSNormalization(X, scale): X over the root of its mean square over the axes from `axis` on, times the scale.
   * https://onnx.ai/onnx/operators/onnx__RMSNormalization.html
   */
  defineOp({
    opType: "RMSNormalization",
    opsets: [23, LATEST],
    infer: (ctx) => [ctx.type(0)],
    vjp: rmsNormalizationVjp,
  }),
  /**
   * SimplifiedLayerNormalization(X, scale): RMSNormalization, with 1 / rms as its second output; ONNX Runtime's own
   * operator, which it registers in the domain ai.onnx.
   */
  defineOp({
    opType: "SimplifiedLayerNormalization",
    opsets: [1, LATEST],
    infer: (ctx) => [ctx.type(0), statisticType(ctx)],
    vjp: rmsNormalizationVjp,
  }),
];

function lowerBatchNormalization(ctx: LowerContext): readonly (Value | null)[] {
  const { node, b, input } = ctx;
  if (node.int("spatial", 1) !== 1) node.fail("spatial = 0 is not supported: ONNX dropped it in opset 9");
  const epsilon = float(epsilonOf(ctx));
  return [b.op("BatchNormalization", [0, 1, 2, 3, 4].map(input), { epsilon })];
}

/** All axes but the channels'. */
function otherAxes(x: Value): number[] {
  return x.dims.map((_, i) => i).filter((i) => i !== 1);
}

/** A vector [C] as [C, 1, …], which broadcasts against X, in X's dtype. */
function perChannel(b: OpBuilder, vector: Value, x: Value): Value {
  const dims = x.dims.length < 2 ? [1] : [vector.dims[0]!, ...x.dims.slice(2).map(() => 1)];
  return b.cast(b.reshape(vector, dims), x.dtype);
}

/** The derivative with constant mean and variance: two sums over X, then arithmetic on vectors [C]. */
function frozenStatisticsVjp(ctx: VjpContext): readonly (Value | null)[] {
  const { b, node, ct, needs } = ctx;
  const [x, scale, bias] = [node.input(0), node.input(1), node.input(2)];
  const [mean, variance] = [node.input(3), node.input(4)];
  const stat = variance.dtype;
  const inverse = inverseOfRoot(b, variance, epsilonOf(ctx));
  const factor = b.mul(b.cast(scale, stat), inverse);
  const dx = needs(0) ? b.mul(ct, perChannel(b, factor, x)) : null;
  if (![1, 2, 3, 4].some(needs)) return [dx];
  const dy = b.cast(ct, stat);
  const channelSum = (v: Value) => b.reshape(b.reduceSum(v, otherAxes(x), false), mean.dims);
  const sum = channelSum(dy); // Σ dY
  // Σ dY (X − mean)
  const moment = [1, 4].some(needs) ? b.sub(channelSum(b.mul(dy, b.cast(x, stat))), b.mul(mean, sum)) : null;
  return [
    dx,
    needs(1) && moment ? b.cast(b.mul(moment, inverse), scale.dtype) : null,
    needs(2) ? b.cast(sum, bias.dtype) : null,
    needs(3) ? b.neg(b.mul(factor, sum)) : null,
    needs(4) && moment ? b.scale(b.mul(b.mul(factor, b.mul(inverse, inverse)), moment), -0.5) : null,
  ];
}

/** The derivative with the batch's own mean and variance, which the running ones (outputs 1 and 2) take in too. */
function batchStatisticsVjp(ctx: VjpContext): readonly (Value | null)[] {
  const { b, node, needs } = ctx;
  const [ct, ctMean, ctVariance] = cotangentsOf(ctx);
  const [x, scale, bias] = [node.input(0), node.input(1), node.input(2)];
  const axes = otherAxes(x);
  const momentum = node.float("momentum", 0.9);
  const centred = b.sub(x, b.reduceMean(x, axes, true));
  const inverse = inverseOfRoot(b, meanSquare(b, centred, axes), epsilonOf(ctx));
  const xhat = b.mul(centred, inverse);
  const channelSum = (v: Value, dtype: DataType) =>
    b.cast(b.reshape(b.reduceSum(v, axes, false), scale.dims), dtype);
  const share = (1 - momentum) / (sizeOf(x.dims) / sizeOf(scale.dims));
  const g = ct && b.mul(ct, perChannel(b, scale, x));
  const dx = [
    g && standardizeVjp(b, { g, xhat, inverse, axes, centred: true }),
    // ∂ mean / ∂ x = 1 / n, ∂ variance / ∂ x = 2 (x − mean) / n
    ctMean && b.expand(b.scale(perChannel(b, ctMean, x), share), x.dims),
    ctVariance && b.mul(b.scale(perChannel(b, ctVariance, x), 2 * share), centred),
  ];
  return [
    needs(0) ? b.sum(dx) : null,
    needs(1) && ct ? channelSum(b.mul(ct, xhat), scale.dtype) : null,
    needs(2) && ct ? channelSum(ct, bias.dtype) : null,
    needs(3) && ctMean ? b.scale(ctMean, momentum) : null,
    needs(4) && ctVariance ? b.scale(ctVariance, momentum) : null,
  ];
}

/** Cotangents of the result and of the two statistics beside it. */
function cotangentsOf({ cotangents }: VjpContext): [Value | null, Value | null, Value | null] {
  return [cotangents[0] ?? null, cotangents[1] ?? null, cotangents[2] ?? null];
}

/** 1 / √(variance + ε) */
function inverseOfRoot(b: OpBuilder, variance: Value, epsilon: number): Value {
  return b.op("Reciprocal", [b.op("Sqrt", [b.shift(variance, epsilon)])]);
}

/** The axes that a layer norm runs over: from `axis` to the last. */
function normalizedAxes(ctx: InferContext | VjpContext): number[] {
  const rank = ctx.node.input(0).dims.length;
  const first = ctx.axis(ctx.node.int("axis", -1), rank);
  return Array.from({ length: rank - first }, (_, i) => first + i);
}

function statisticType(ctx: InferContext): TensorType {
  const axes = normalizedAxes(ctx);
  return { dtype: "float32", dims: ctx.dims(0).map((d, i) => (axes.includes(i) ? 1 : d)) };
}

function layerNormalizationVjp(ctx: VjpContext): readonly (Value | null)[] {
  const { b, node, needs } = ctx;
  const [ct, ctMean, ctInverse] = cotangentsOf(ctx);
  const [dx, dscale] = scaledVjp(ctx, standardized(ctx), { centred: true, ctMean, ctInverse });
  return [dx, dscale, needs(2) && ct ? b.unbroadcast(ct, node.input(2).dims) : null];
}

function rmsNormalizationVjp(ctx: VjpContext): readonly (Value | null)[] {
  const ctInverse = ctx.cotangents[1] ?? null;
  return scaledVjp(ctx, overRootMeanSquare(ctx), { centred: false, ctMean: null, ctInverse });
}

interface Normalized {
  readonly xhat: Value;
  /** What x, or x less its mean, was multiplied with. */
  readonly inverse: Value;
}

interface Statistics {
  /** Whether the mean was subtracted. */
  readonly centred: boolean;
  /** Cotangents of the mean and of 1 / σ, where the loss depends on them. */
  readonly ctMean: Value | null;
  readonly ctInverse: Value | null;
}

/** Cotangents of X and Scale for Y = X̂ · Scale, computed in the dtype of X̂. */
function scaledVjp(
  ctx: VjpContext,
  { xhat, inverse }: Normalized,
  { centred, ctMean, ctInverse }: Statistics,
): readonly [Value | null, Value | null] {
  const { b, node, needs, cotangents } = ctx;
  const [x, scale] = [node.input(0), node.input(1)];
  const axes = normalizedAxes(ctx);
  const dy = cotangents[0] ? b.cast(cotangents[0], xhat.dtype) : null;
  const g = dy && uniformConstant(scale) !== 1 ? b.mul(dy, b.cast(scale, xhat.dtype)) : dy;
  const share = 1 / sizeOf(axes.map((axis) => x.dims[axis]!)); // axes of x
  const parts = () => [
    g && standardizeVjp(b, { g, xhat, inverse, axes, centred }),
    ctMean && b.expand(b.scale(b.cast(ctMean, xhat.dtype), share), x.dims),
    // ∂(1 / σ) / ∂x = −x̂ / (n σ²)
    ctInverse && b.mul(b.scale(b.mul(b.cast(ctInverse, xhat.dtype), b.mul(inverse, inverse)), -share), xhat),
  ];
  const dx = needs(0) ? b.sum(parts()) : null;
  return [
    dx && b.cast(dx, x.dtype),
    needs(1) && dy ? b.cast(b.unbroadcast(b.mul(dy, xhat), scale.dims), scale.dtype) : null,
  ];
}

/** X̂ and 1 / σ. The forward node computes the mean and 1 / σ anyway, in float32, and is asked for them. */
function standardized(ctx: VjpContext): Normalized {
  const { b, node } = ctx;
  const x = node.input(0);
  // With a scale of 1 and no bias, as instance and group norms have it here, the output is X̂.
  if (x.dtype === "float32" && uniformConstant(node.input(1)) === 1 && !node.hasInput(2))
    return { xhat: node.output(), inverse: b.optionalOutput(node, 2) };
  // For float64, ONNX Runtime declares these outputs float32 and gives float64, so that nothing can read them.
  if (x.dtype !== "float64") {
    const [mean, inverse] = [b.optionalOutput(node, 1), b.optionalOutput(node, 2)];
    return { xhat: b.mul(b.sub(b.cast(x, mean.dtype), mean), inverse), inverse };
  }
  const axes = normalizedAxes(ctx);
  const centred = b.sub(x, b.reduceMean(x, axes, true));
  const inverse = inverseOfRoot(b, meanSquare(b, centred, axes), epsilonOf(ctx));
  return { xhat: b.mul(centred, inverse), inverse };
}

/** X̂ and 1 / rms, which SimplifiedLayerNormalization computes anyway. */
function overRootMeanSquare(ctx: VjpContext): Normalized {
  const { b, node } = ctx;
  const isOnnx = node.opType === "RMSNormalization";
  const x = node.input(0).dtype === "float64" ? node.input(0) : b.cast(node.input(0), "float32");
  const inverse =
    isOnnx || x.dtype === "float64"
      ? inverseOfRoot(b, meanSquare(b, x, normalizedAxes(ctx)), epsilonOf(ctx))
      : b.optionalOutput(node, 1);
  return { xhat: b.mul(x, inverse), inverse };
}

function meanSquare(b: OpBuilder, x: Value, axes: readonly number[]): Value {
  return b.reduceMean(b.mul(x, x), axes, true);
}

function epsilonOf({ node }: VjpContext | LowerContext): number {
  return node.float("epsilon", 1e-5);
}
