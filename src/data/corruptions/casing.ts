import { recased } from "../text-noise.ts";
import type { TextCorruption } from "./corruption.ts";

/** Letters in their other case. The constant is the share of the letters; a tokenizer that lowers all sees none of it. */
export const casing: TextCorruption = {
  name: "casing",
  severities: [0.05, 0.1, 0.2, 0.35, 0.5],
  noise: recased,
};
