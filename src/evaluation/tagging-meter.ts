import { EntityCounts } from "./entities.ts";
import { judgedTokens } from "./judged-tokens.ts";
import type { JudgedBatch, JudgedPart, Judgement, Meter } from "./meter.ts";
import { averageScores, scoresOf } from "./precision-recall.ts";

/**
 * Judges tags of words: entities as seqeval's default finds them, and single tokens. A sentence is as wrong as the
 * number of its tokens that are. `loss` is the mean cross-entropy over judged tokens, in nats.
 */
export class TaggingMeter implements Meter {
  private readonly tags: readonly string[];
  private readonly entities = new EntityCounts();
  private readonly wrongness: number[] = [];
  private count = 0;
  private tokens = 0;
  private right = 0;
  private loss = 0;

  /** @param tags in the order of the output: `O`, `B-PER`, … */
  constructor(tags: readonly string[]) {
    this.tags = tags;
  }

  /** `output` logits [B, T, C], `targets` class indices [B, T], negative where nothing is judged. */
  add(batch: JudgedBatch): void {
    for (const { index, tokens } of judgedTokens(batch)) {
      let wrong = 0;
      for (const { label, predicted, loss } of tokens) {
        this.loss += loss;
        if (label !== predicted) wrong++;
      }
      this.entities.add(
        tokens.map((t) => this.tags[t.label] ?? String(t.label)),
        tokens.map((t) => this.tags[t.predicted] ?? String(t.predicted)),
      );
      this.tokens += tokens.length;
      this.right += tokens.length - wrong;
      this.wrongness[index] = wrong;
      this.count++;
    }
  }

  result(): Judgement {
    const { count, tokens, wrongness } = this;
    const byType = this.entities.byType();
    const { precision, recall, f1 } = averageScores([...byType.values()], "micro");
    return {
      count,
      metrics: {
        ...{ "entity-f1": f1, "entity-precision": precision, "entity-recall": recall },
        ...{ "token-accuracy": this.right / tokens, loss: this.loss / tokens },
      },
      wrongness,
      parts: [...byType].map(([name, counts]): JudgedPart => {
        const { support, ...metrics } = scoresOf(counts);
        return { name, count: support, metrics };
      }),
    };
  }
}
