import { judgedTokens } from "./judged-tokens.ts";
import type { JudgedBatch, Judgement, Meter } from "./meter.ts";

/**
 * Judges a language model on the tokens of given texts: `perplexity` is exp of `loss`, the mean cross-entropy over all
 * judged tokens of the set, in nats (so long texts weigh more). A text is as wrong as its mean loss, and right where
 * every token is the likeliest one.
 */
export class NextTokenMeter implements Meter {
  private readonly wrongness: number[] = [];
  private count = 0;
  private tokens = 0;
  private right = 0;
  private loss = 0;

  /** `output` logits [B, T, V] and `targets` [B, T], the token that follows each place, negative where nothing is judged. */
  add(batch: JudgedBatch): void {
    for (const { index, tokens } of judgedTokens(batch)) {
      const right = tokens.filter((t) => t.label === t.predicted).length;
      const loss = tokens.reduce((sum, t) => sum + t.loss, 0);
      this.tokens += tokens.length;
      this.right += right;
      this.loss += loss;
      this.wrongness[index] = right === tokens.length ? 0 : loss / tokens.length;
      this.count++;
    }
  }

  result(): Judgement {
    const loss = this.loss / this.tokens;
    return {
      count: this.count,
      metrics: { perplexity: Math.exp(loss), "token-accuracy": this.right / this.tokens, loss },
      wrongness: this.wrongness,
    };
  }
}
