import { logSumExp } from "./choose-token.ts";

/** What was written behind a prompt. */
export interface Sequence {
  /** Token ids, without the token that ended it. */
  readonly ids: readonly number[];
  /** Sum of the log-probabilities of all tokens, the ending one included, over (their number) ^ `lengthPenalty`. */
  readonly score: number;
  /** Whether the model ended it, or its length did. */
  readonly ended: "eos" | "length";
}

export interface BeamOptions {
  readonly beams: number;
  readonly eos: readonly number[];
  readonly minNewTokens: number;
  /** The most tokens of this prompt's answer. */
  readonly limit: number;
  readonly lengthPenalty: number;
  /**
   * When a prompt with `beams` ended sequences is done: `true` at once, `false` when no open one can do better at its
   * present length, `"never"` when none can at the best possible length.
   */
  readonly earlyStopping: boolean | "never";
}

/** What one step of a search asks of the decoder: to go on with these rows, and these tokens. */
export interface Advance {
  readonly parents: readonly number[];
  readonly tokens: readonly number[];
}

interface Open {
  readonly ids: readonly number[];
  readonly logProbability: number;
}

interface Candidate {
  readonly row: number;
  readonly token: number;
  readonly logProbability: number;
}

/**
 * Beam search for one prompt, with the rules of Python transformers 5: of the best (1 + number of end tokens) · `beams`
 * continuations those that end among the first `beams` are kept as answers, and the best `beams` that do not end go on.
 */
export class BeamSearch {
  private readonly o: BeamOptions;
  private open: readonly Open[] = [{ ids: [], logProbability: 0 }];
  private answers: readonly Sequence[] = [];
  private done = false;

  constructor(options: BeamOptions) {
    this.o = options;
  }

  /** The best first. */
  get sequences(): readonly Sequence[] {
    return this.answers;
  }

  /** How many rows are open: as many logits `step` wants. */
  get rows(): number {
    return this.done ? 0 : this.open.length;
  }

  /** @param logits of each open row. @returns how to go on, with rows counted from 0; no row when the search is done */
  step(logits: readonly Float32Array[]): Advance {
    const { beams, eos, limit, earlyStopping } = this.o;
    const length = this.open[0]!.ids.length + 1;
    const best = this.bestCandidates(logits, length);
    const isEnd = ({ token }: Candidate) => eos.includes(token);
    const hits = (c: Candidate) => length === limit || isEnd(c);

    this.answer(best.slice(0, beams).filter(hits), length, isEnd);
    const onward = best.filter((c) => !hits(c)).slice(0, beams);
    this.open = onward.map(({ row, token, logProbability }) => ({
      ids: [...this.open[row]!.ids, token],
      logProbability,
    }));
    const isFull = this.answers.length >= beams;
    this.done = onward.length === 0 || (isFull && (earlyStopping === true || !this.canImprove(length)));
    if (this.done) return { parents: [], tokens: [] };
    return { parents: onward.map((c) => c.row), tokens: onward.map((c) => c.token) };
  }

  private bestCandidates(logits: readonly Float32Array[], length: number): Candidate[] {
    const { beams, eos, minNewTokens } = this.o;
    const count = Math.max(2, 1 + eos.length) * beams;
    const best: Candidate[] = [];
    for (const [row, of] of logits.entries()) {
      const base = this.open[row]!.logProbability - logSumExp(of);
      for (let token = 0; token < of.length; token++) {
        const logProbability = base + of[token]!;
        if (best.length === count && logProbability <= best[count - 1]!.logProbability) continue;
        if (length <= minNewTokens && eos.includes(token)) continue;
        let at = best.length;
        while (at > 0 && best[at - 1]!.logProbability < logProbability) at--;
        best.splice(at, 0, { row, token, logProbability });
        if (best.length > count) best.pop();
      }
    }
    return best;
  }

  private answer(ended: readonly Candidate[], length: number, isEnd: (c: Candidate) => boolean): void {
    const { beams, lengthPenalty } = this.o;
    const fresh = ended.map((c): Sequence => {
      const before = this.open[c.row]!.ids;
      const score = c.logProbability / length ** lengthPenalty;
      return isEnd(c)
        ? { ids: before, score, ended: "eos" }
        : { ids: [...before, c.token], score, ended: "length" };
    });
    this.answers = [...this.answers, ...fresh].sort((a, b) => b.score - a.score).slice(0, beams);
  }

  /** Whether an open row can still beat the worst answer. */
  private canImprove(length: number): boolean {
    const { earlyStopping, lengthPenalty, limit } = this.o;
    const bestLength = earlyStopping === "never" && lengthPenalty > 0 ? limit : length;
    const bestPossible = this.open[0]!.logProbability / bestLength ** lengthPenalty;
    return bestPossible > this.answers.at(-1)!.score;
  }
}
