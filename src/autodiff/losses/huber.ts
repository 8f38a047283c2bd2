import { elementwise } from "./elementwise.ts";
import type { Loss } from "./loss.ts";

/**
 * Mean Huber loss, as torch.nn.HuberLoss has it. `targets` float32 of the output's shape.
 *
 *     ℓ = d²/2 where |d| ≤ δ, else δ (|d| − δ/2),  d = y − t      dy = clip(d, −δ, δ)
 *
 * With c = clip(d, −δ, δ) both branches are c (d − c/2).
 */
export const huber: Loss = {
  summary: "squared error up to delta, absolute error beyond",
  options: ["delta"],
  build: (b, output, options) => {
    const { delta = 1 } = options;
    return elementwise(b, output, options, (y, t) => {
      const d = b.sub(y, t);
      const clipped = b.op("Clip", [d, b.scalar(-delta, "float32"), b.scalar(delta, "float32")]);
      return { each: b.mul(clipped, b.sub(d, b.scale(clipped, 0.5))), slope: () => clipped };
    });
  },
};
