import { judgedTokens } from "./judged-tokens.ts";
import { type JudgedBatch, type Judgement, type Meter, weightOf } from "./meter.ts";
import { Tally } from "./tally.ts";

/**
 * Judges a language model on the tokens of given texts: `perplexity` is exp of `loss`, the mean cross-entropy over all
 * judged tokens of the set, in nats (so long texts weigh more). A text is as wrong as its mean loss, and right where
 * every token is the likeliest one.
 */
export class NextTokenMeter implements Meter {
  private readonly wrongness: number[] = [];
  private readonly tally = new Tally({ tokens: 1, right: 1, loss: 1 });
  private count = 0;

  /** `output` logits [B, T, V] and `targets` [B, T], the token that follows each place, negative where nothing is judged. */
  add(batch: JudgedBatch): void {
    for (const { row, index, tokens } of judgedTokens(batch)) {
      const right = tokens.filter((t) => t.label === t.predicted).length;
      const loss = tokens.reduce((sum, t) => sum + t.loss, 0);
      this.tally.begin(index, weightOf(batch, row));
      this.tally.add("tokens", tokens.length);
      this.tally.add("right", right);
      this.tally.add("loss", loss);
      this.wrongness[index] = right === tokens.length ? 0 : loss / tokens.length;
      this.count++;
    }
  }

  result(): Judgement {
    const judged = this.tally.judge(({ tokens, right, loss }) => {
      const mean = loss[0]! / tokens[0]!;
      return { perplexity: Math.exp(mean), "token-accuracy": right[0]! / tokens[0]!, loss: mean };
    });
    return { count: this.count, ...judged, wrongness: this.wrongness };
  }
}
