import type { Value } from "../../onnx/value.ts";
import type { OpBuilder } from "../../ops/op-builder.ts";
import { elementwise } from "./elementwise.ts";
import type { Loss, LossOptions } from "./loss.ts";
import { factors, softplusOfMinus } from "./parts.ts";

/**
 * Mean binary cross-entropy of logits, as torch.nn.BCEWithLogitsLoss(pos_weight). `targets` float32 of the output's
 * shape, in [0, 1].
 *
 *     ℓ = −(v t log σ(x) + (1 − t) log(1 − σ(x))) = (1 − t) x − m log σ(x),   m = 1 + (v − 1) t
 *     dx = m σ(x) − v t
 *
 * v is `positiveWeight`. Label smoothing s draws targets to the middle first: t (1 − s) + s/2.
 */
export const bce: Loss = {
  summary: "binary cross-entropy of each logit, for classes that do not exclude each other",
  options: ["labelSmoothing", "positiveWeight"],
  build: (b, output, options) => {
    const { labelSmoothing = 0 } = options;
    const factor = positiveFactor(b, output, options);
    return elementwise(b, output, options, (x, target) => {
      const t = b.shift(b.scale(target, 1 - labelSmoothing), labelSmoothing / 2);
      const m = factor === null ? null : b.shift(b.mul(b.shift(factor, -1), t), 1);
      const positive = softplusOfMinus(b, x); // −log σ(x)
      const each = b.add(b.mul(b.sub(b.scalar(1, "float32"), t), x), m ? b.mul(m, positive) : positive);
      const slope = () => {
        const sigmoid = b.op("Sigmoid", [x]);
        return m && factor ? b.sub(b.mul(m, sigmoid), b.mul(factor, t)) : b.sub(sigmoid, t);
      };
      return { each, slope };
    });
  },
};

function positiveFactor(b: OpBuilder, output: Value, { positiveWeight = 1 }: LossOptions): Value | null {
  if (typeof positiveWeight !== "number") {
    const count = output.dims.at(-1) ?? 1;
    return factors(b, positiveWeight, { count, what: "bce: positiveWeight", output });
  }
  return positiveWeight === 1 ? null : b.scalar(positiveWeight, "float32");
}
