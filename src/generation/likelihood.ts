import { DataError } from "../errors.ts";
import { logSumExp } from "./choose-token.ts";
import type { Decoder, Prompt } from "./decoder.ts";
import { furtherFeeds } from "./feeds.ts";
import { runWhole } from "./whole-rows.ts";

/** A prompt, and how it might go on. */
export interface Continuation {
  readonly prompt: Prompt;
  readonly ids: readonly number[];
}

/** How likely a model holds a continuation to be. */
export interface Likelihood {
  /** Natural logarithm of the probability of each token, given the prompt and the tokens before it. */
  readonly logProbabilities: readonly number[];
  readonly sum: number;
  /** The sum over the number of tokens, so that long choices are not worse for being long. */
  readonly mean: number;
}

/**
 * Log-probabilities of continuations, each read once as a whole. Choices are compared by `sum`, or by `mean` where their
 * lengths differ much.
 *
 * @throws DataError if a prompt or continuation is empty, or both are longer than the model takes
 */
export async function likelihoods(
  decoder: Decoder,
  continuations: readonly Continuation[],
  options: { readonly batchSize?: number } = {},
): Promise<Likelihood[]> {
  const { batchSize = 8 } = options;
  const { session, signature, name, contextLength } = decoder;
  const source = { session, signature, name, padId: 0 };
  const rows = continuations.map(({ prompt, ids }, i) => {
    if (prompt.ids.length === 0 || ids.length === 0)
      throw new DataError(`continuation ${i + 1}: a prompt and a continuation have a token each at least`);
    const all = [...Array.from(prompt.ids), ...ids];
    if (contextLength !== null && all.length > contextLength)
      throw new DataError(
        `continuation ${i + 1} has ${all.length} tokens with its prompt, ${name} takes ${contextLength}`,
      );
    return { ids: all, promptLength: prompt.ids.length };
  });
  const order = [...rows.keys()].sort((a, b) => rows[a]!.ids.length - rows[b]!.ids.length || a - b);
  const found = new Array<Likelihood>(rows.length);
  for (let start = 0; start < order.length; start += batchSize) {
    const batch = order.slice(start, start + batchSize);
    const further = furtherFeeds(
      source,
      batch.map((i) => continuations[i]!.prompt),
    );
    await runWhole(source, { rows: batch.map((i) => rows[i]!), further }, (at, logits, width) => {
      const i = batch[at]!;
      found[i] = likelihoodOf(rows[i]!, logits, width);
    });
  }
  return found;
}

function likelihoodOf(
  { ids, promptLength }: { readonly ids: readonly number[]; readonly promptLength: number },
  logits: Float32Array,
  width: number,
): Likelihood {
  const logProbabilities = ids.slice(promptLength).map((token, i) => {
    // The logits of a token are those behind the token before it.
    const at = promptLength + i - 1;
    const row = logits.subarray(at * width, (at + 1) * width);
    if (token >= width)
      throw new DataError(`token ${token} lies outside of the model's vocabulary of ${width}`);
    return row[token]! - logSumExp(row);
  });
  const sum = logProbabilities.reduce((a, b) => a + b, 0);
  return { logProbabilities, sum, mean: sum / logProbabilities.length };
}
