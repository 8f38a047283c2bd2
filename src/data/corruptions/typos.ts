import { mistyped } from "../text-noise.ts";
import type { TextCorruption } from "./corruption.ts";

/** Mistyped letters, see `mistyped`. The constant is the share of the letters. */
export const typos: TextCorruption = {
  name: "typos",
  severities: [0.02, 0.05, 0.1, 0.15, 0.25],
  noise: mistyped,
};
