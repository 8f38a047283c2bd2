import type { Random } from "../tensor/random.ts";
import type { Advance, Sequence } from "./beams.ts";
import { drawToken, likeliest, logSumExp, type SamplingOptions } from "./choose-token.ts";

export interface OneRowOptions {
  readonly eos: readonly number[];
  readonly minNewTokens: number;
  /** The most tokens of this prompt's answer. */
  readonly limit: number;
  /** Tokens are drawn; without it the likeliest is taken. */
  readonly sampling: { readonly options: SamplingOptions; readonly random: Random } | null;
}

/** Greedy search or sampling for one prompt. */
export class OneRowSearch {
  private readonly o: OneRowOptions;
  private readonly ids: number[] = [];
  private score = 0;
  private ended: Sequence["ended"] | null = null;

  constructor(options: OneRowOptions) {
    this.o = options;
  }

  get sequences(): readonly Sequence[] {
    return [{ ids: this.ids, score: this.score, ended: this.ended ?? "length" }];
  }

  get rows(): number {
    return this.ended === null ? 1 : 0;
  }

  /** @param logits of the one open row */
  step([logits]: readonly Float32Array[]): Advance {
    const { eos, minNewTokens, limit, sampling } = this.o;
    const row = logits!; // `rows` was 1
    const barred = this.ids.length < minNewTokens ? eos : [];
    const token = sampling
      ? drawToken(row, sampling.options, sampling.random, barred)
      : likeliest(row, barred);
    this.score += row[token]! - logSumExp(row);
    if (eos.includes(token)) this.ended = "eos";
    else {
      this.ids.push(token);
      if (this.ids.length === limit) this.ended = "length";
    }
    return this.ended === null ? { parents: [0], tokens: [token] } : { parents: [], tokens: [] };
  }
}
