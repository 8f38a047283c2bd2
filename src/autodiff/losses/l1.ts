import { elementwise } from "./elementwise.ts";
import type { Loss } from "./loss.ts";

/** Mean of |y − t|; its derivative at 0 is 0, as PyTorch's. `targets` float32 of the output's shape. */
export const l1: Loss = {
  summary: "mean absolute error",
  options: [],
  build: (b, output, options) =>
    elementwise(b, output, options, (y, t) => {
      const d = b.sub(y, t);
      return { each: b.op("Abs", [d]), slope: () => b.op("Sign", [d]) };
    }),
};
