import { EntityCounts } from "./entities.ts";
import { judgedTokens } from "./judged-tokens.ts";
import { type JudgedBatch, type JudgedPart, type Judgement, type Meter, weightOf } from "./meter.ts";
import { scoresOf } from "./precision-recall.ts";
import { type Sums, Tally } from "./tally.ts";

type Summed = "tokens" | "right" | "loss" | "truePositives" | "falsePositives" | "falseNegatives";

/**
 * Judges tags of words: entities as seqeval's default finds them, and single tokens. A sentence is as wrong as the
 * number of its tokens that are. `loss` is the mean cross-entropy over judged tokens, in nats.
 */
export class TaggingMeter implements Meter {
  private readonly tags: readonly string[];
  private readonly entities = new EntityCounts();
  private readonly tally = new Tally<Summed>({
    ...{ tokens: 1, right: 1, loss: 1 },
    ...{ truePositives: 1, falsePositives: 1, falseNegatives: 1 },
  });
  private readonly wrongness: number[] = [];
  private count = 0;

  /** @param tags in the order of the output: `O`, `B-PER`, … */
  constructor(tags: readonly string[]) {
    this.tags = tags;
  }

  /** `output` logits [B, T, C], `targets` class indices [B, T], negative where nothing is judged. */
  add(batch: JudgedBatch): void {
    for (const { row, index, tokens } of judgedTokens(batch)) {
      const wrong = tokens.filter((t) => t.label !== t.predicted).length;
      const weight = weightOf(batch, row);
      const found = this.entities.add(
        tokens.map((t) => this.tags[t.label] ?? String(t.label)),
        tokens.map((t) => this.tags[t.predicted] ?? String(t.predicted)),
        weight,
      );
      const { tally } = this;
      tally.begin(index, weight);
      tally.add("tokens", tokens.length);
      tally.add("right", tokens.length - wrong);
      tally.add("loss", sumOf(tokens.map((t) => t.loss)));
      tally.add("truePositives", found.truePositives);
      tally.add("falsePositives", found.falsePositives);
      tally.add("falseNegatives", found.falseNegatives);
      this.wrongness[index] = wrong;
      this.count++;
    }
  }

  result(): Judgement {
    const { count, wrongness } = this;
    return {
      count,
      ...this.tally.judge(metricsOf),
      wrongness,
      parts: [...this.entities.byType()].map(([name, counts]): JudgedPart => {
        const { support, ...metrics } = scoresOf(counts);
        return { name, count: support, metrics };
      }),
    };
  }
}

function metricsOf(sums: Sums<Summed>): Record<string, number> {
  const { precision, recall, f1 } = scoresOf({
    truePositives: sums.truePositives[0]!,
    falsePositives: sums.falsePositives[0]!,
    falseNegatives: sums.falseNegatives[0]!,
  });
  const [tokens, right, loss] = [sums.tokens[0]!, sums.right[0]!, sums.loss[0]!];
  return {
    ...{ "entity-f1": f1, "entity-precision": precision, "entity-recall": recall },
    ...{ "token-accuracy": right / tokens, loss: loss / tokens },
  };
}

function sumOf(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
