import { permutation, type Random } from "../../tensor/random.ts";
import type { Tokens } from "../dataset.ts";
import { NOT_LEARNED } from "./dialogue-encoder.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** Of the chosen tokens this share is hidden; half of the rest becomes another token, and half stays as it is. */
const HIDDEN = 0.8;

export interface HidingOptions {
  readonly tokenizer: Pick<Tokenizer, "size" | "specialIds">;
  readonly maskId: number;
  /** Of the tokens of a text; at least one is chosen. */
  readonly share: number;
}

/**
 * A text with some of its tokens to be found: 80 % of the chosen ones are replaced by the mask, 10 % by any token, 10 %
 * stay. `targets` has the chosen tokens' ids, NOT_LEARNED elsewhere. Special tokens are neither chosen nor put in.
 * Devlin et al., BERT, 2019, section 3.1.
 */
export function hideTokens(tokens: Tokens, options: HidingOptions, random: Random): Tokens {
  const { tokenizer, maskId, share } = options;
  const { size, specialIds } = tokenizer;
  const candidates = [...tokens.data.keys()].filter((t) => !specialIds.has(tokens.data[t]!));
  const count = Math.min(candidates.length, Math.max(1, Math.round(share * candidates.length)));
  const data = tokens.data.slice();
  const targets = new Int32Array(data.length).fill(NOT_LEARNED);
  for (const chosen of permutation(candidates.length, random).subarray(0, count)) {
    const t = candidates[chosen]!; // a position among them
    targets[t] = data[t]!;
    const kind = random.next();
    if (kind < HIDDEN) data[t] = maskId;
    else if (kind < (1 + HIDDEN) / 2) data[t] = anyToken(size, specialIds, random);
  }
  return { ...tokens, data, targets };
}

function anyToken(size: number, specialIds: ReadonlySet<number>, random: Random): number {
  for (;;) {
    const id = random.integer(size);
    if (!specialIds.has(id)) return id;
  }
}
