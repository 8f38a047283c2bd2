import type { Value } from "../onnx/value.ts";
import { defineComposite, LATEST, type LowerContext, type OpDef } from "./define.ts";

/** Losses that some exporters leave inside the model. */
export const lossOps: readonly OpDef[] = [
  /**
   * NegativeLogLikelihoodLoss(input [N, C, …], target [N, …], weight [C]).
   * https://onnx.ai/onnx/operators/onnx__NegativeLogLikelihoodLoss.html
   */
  defineComposite({
    opType: "NegativeLogLikelihoodLoss",
    opsets: [12, LATEST],
    lower: (ctx) => [likelihoodLoss(ctx, ctx.input(0))],
  }),
  /**
   * SoftmaxCrossEntropyLoss(scores [N, C, …], labels [N, …], weights [C]): the loss and the log-probabilities.
   * https://onnx.ai/onnx/operators/onnx__SoftmaxCrossEntropyLoss.html
   */
  defineComposite({
    opType: "SoftmaxCrossEntropyLoss",
    opsets: [12, LATEST],
    lower: (ctx) => {
      const logProbabilities = ctx.b.op("LogSoftmax", [ctx.input(0)], { axis: 1 });
      return [likelihoodLoss(ctx, logProbabilities), logProbabilities];
    },
  }),
];

/** −w[t] · logp[t] per target t, reduced as the node says; the mean is over the weights of the targets that count. */
function likelihoodLoss({ node, b, input, optional }: LowerContext, logp: Value): Value {
  const target = input(1);
  const weight = optional(2);
  const isIgnored = node.has("ignore_index")
    ? b.op("Equal", [target, b.scalar(node.int("ignore_index"), target.dtype)])
    : null;
  const zero = b.scalar(0, logp.dtype);
  // An ignored target may lie outside the classes; class 0 is read in its place and then weighted with 0.
  const safe = isIgnored ? b.where(isIgnored, b.scalar(0, target.dtype), target) : target;
  const picked = b.squeeze(b.op("GatherElements", [logp, b.unsqueeze(safe, [1])], { axis: 1 }), [1]);
  const perClass = weight ? b.op("Gather", [weight, safe], { axis: 0 }) : null;
  const full = perClass ?? b.full(target.dims, 1, logp.dtype);
  const weights = isIgnored ? b.where(isIgnored, zero, full) : full;
  const losses = b.neg(b.mul(picked, weights));
  const axes = target.dims.map((_, i) => i);
  const reduction = node.string("reduction", "mean");
  if (reduction === "none") return losses;
  const sum = b.reduceSum(losses, axes, false);
  return reduction === "sum" ? sum : b.div(sum, b.reduceSum(weights, axes, false));
}
