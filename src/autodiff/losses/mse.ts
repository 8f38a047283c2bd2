import { elementwise } from "./elementwise.ts";
import type { Loss } from "./loss.ts";

/** Mean of (y − t)². `targets` float32 of the output's shape. */
export const mse: Loss = {
  summary: "mean squared error",
  options: [],
  build: (b, output, options) =>
    elementwise(b, output, options, (y, t) => {
      const d = b.sub(y, t);
      return { each: b.mul(d, d), slope: () => b.scale(d, 2) }; // dy = 2 (y − t)
    }),
};
