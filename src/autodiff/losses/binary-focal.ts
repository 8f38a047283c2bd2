import type { Value } from "../../onnx/value.ts";
import { elementwise } from "./elementwise.ts";
import type { Loss } from "./loss.ts";
import { softplusOfMinus } from "./parts.ts";

/** What 1 − p is taken for where it is less, so that a power below 0 of it is a number. */
const LEAST = 1e-12;

/**
 * Mean focal loss of logits, each of its own, as torchvision.ops.sigmoid_focal_loss has it. `targets` float32 of the
 * output's shape, in [0, 1].
 *
 *     ℓ = a (1 − q)^γ c,   c = −t log σ(x) − (1 − t) log(1 − σ(x)),   q = t σ(x) + (1 − t)(1 − σ(x)),   a = α t + (1 − α)(1 − t)
 *     dx = a ((1 − q)^γ (σ(x) − t) − γ (1 − q)^(γ−1) (2t − 1) σ(x) (1 − σ(x)) c)
 *
 * The mean is over the entries that count, not over a. Lin et al., ICCV 2017. https://arxiv.org/abs/1708.02002
 */
export const binaryFocal: Loss = {
  summary: "focal loss of each logit, for classes that do not exclude each other",
  options: ["gamma", "alpha"],
  build: (b, output, options) => {
    const { gamma = 2, alpha } = options;
    const one = b.scalar(1, "float32");
    const power = (x: Value, exponent: number) => b.op("Pow", [x, b.scalar(exponent, "float32")]);
    return elementwise(b, output, options, (x, t) => {
      const p = b.op("Sigmoid", [x]);
      const c = b.add(b.mul(b.sub(one, t), x), softplusOfMinus(b, x));
      const sign = b.shift(b.scale(t, 2), -1);
      // 1 − q = t + p (1 − 2t)
      const miss = b.op("Max", [b.sub(t, b.mul(p, sign)), b.scalar(LEAST, "float32")]);
      const a = alpha === undefined ? one : b.shift(b.scale(t, 2 * alpha - 1), 1 - alpha);
      const focus = b.mul(a, power(miss, gamma));
      const slope = () => {
        const spread = b.mul(b.mul(p, b.sub(one, p)), b.mul(sign, c));
        const inner = b.scale(b.mul(b.mul(a, power(miss, gamma - 1)), spread), gamma);
        return b.sub(b.mul(focus, b.sub(p, t)), inner);
      };
      return { each: b.mul(focus, c), slope };
    });
  },
};
