import { ConfigError, DataError } from "../errors.ts";
import { createRandom } from "../tensor/random.ts";
import { BeamSearch, type Sequence } from "./beams.ts";
import { checkSampling, type SamplingOptions } from "./choose-token.ts";
import type { Decoder, Prompt } from "./decoder.ts";
import { OneRowSearch } from "./one-row.ts";

export interface GenerationOptions {
  /** Ids of the tokens that end an answer. */
  readonly eos: readonly number[];
  readonly maxNewTokens: number;
  /** End tokens are barred before so many tokens. Default 0. */
  readonly minNewTokens?: number;
  /** Sequences that are followed at the same time; 1 is greedy search. Default 1. */
  readonly beams?: number;
  /** Exponent of the length that scores of beams are divided by: 0 compares sums, above 1 prefers long answers. Default 1. */
  readonly lengthPenalty?: number;
  /** Beams: when a prompt with enough answers is done; see `BeamOptions`. Default false. */
  readonly earlyStopping?: boolean | "never";
  /** Tokens are drawn, every prompt from its own seed, so that the batch does not matter. */
  readonly sampling?: SamplingOptions & { readonly seed: number };
  /** The position of the first prompt among all that are asked, where these are some of them: for seeds and messages. Default 0. */
  readonly first?: number;
  /** Prompts that are read together. Default 8. */
  readonly batchSize?: number;
  /** Told how many prompts are answered. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Asked between tokens; the rest is left unanswered when it says so. */
  readonly shouldStop?: () => boolean;
}

/**
 * Writes on behind prompts.
 *
 * @returns for each prompt its sequences, the best first: as many as beams, or one
 * @throws DataError if a prompt is empty or leaves no room for an answer
 * @throws ConfigError if settings are out of range or exclude each other
 */
export async function generate(
  decoder: Decoder,
  prompts: readonly Prompt[],
  options: GenerationOptions,
): Promise<readonly (readonly Sequence[])[]> {
  checkOptions(options);
  const { first = 0 } = options;
  const limits = prompts.map((prompt, i) => roomFor(decoder, prompt, first + i, options.maxNewTokens));
  const answers = new Array<readonly Sequence[]>(prompts.length).fill([]);
  let done = 0;
  for (const batch of batches(decoder, prompts, options.batchSize ?? 8)) {
    const searches = batch.map((i) => searchFor(options, limits[i]!, first + i));
    await follow(
      decoder,
      batch.map((i) => prompts[i]!),
      searches,
      options.shouldStop,
    );
    for (const [at, i] of batch.entries()) answers[i] = searches[at]!.sequences;
    done += batch.length;
    options.onProgress?.(done, prompts.length);
    if (options.shouldStop?.() === true) break;
  }
  return answers;
}

/** Goes on with the rows of all searches together until every one is done. */
async function follow(
  decoder: Decoder,
  prompts: readonly Prompt[],
  searches: readonly (BeamSearch | OneRowSearch)[],
  shouldStop: () => boolean = () => false,
): Promise<void> {
  const decoding = await decoder.start(prompts);
  for (;;) {
    const { logits, vocabulary } = decoding;
    const parents: number[] = [];
    const tokens: number[] = [];
    let first = 0;
    for (const search of searches) {
      const { rows } = search;
      if (rows === 0) continue;
      const own = Array.from({ length: rows }, (_, r) =>
        logits.subarray((first + r) * vocabulary, (first + r + 1) * vocabulary),
      );
      const next = search.step(own);
      parents.push(...next.parents.map((row) => first + row));
      tokens.push(...next.tokens);
      first += rows;
    }
    if (parents.length === 0 || shouldStop()) return;
    await decoding.advance(parents, tokens);
  }
}

function searchFor(options: GenerationOptions, limit: number, index: number): BeamSearch | OneRowSearch {
  const { eos, minNewTokens = 0, beams = 1, lengthPenalty = 1, earlyStopping = false, sampling } = options;
  if (beams > 1) return new BeamSearch({ beams, eos, minNewTokens, limit, lengthPenalty, earlyStopping });
  const random = sampling && createRandom(Math.imul(sampling.seed + 1, 0x9e3779b1) ^ index);
  return new OneRowSearch({
    eos,
    minNewTokens,
    limit,
    sampling: sampling && random ? { options: sampling, random } : null,
  });
}

/** Positions of the prompts that are read together: neighbours in length, for little padding. */
function* batches(decoder: Decoder, prompts: readonly Prompt[], size: number): Generator<number[]> {
  const lengthOf = (i: number) => prompts[i]!.ids.length;
  const order = [...prompts.keys()].sort((a, b) => lengthOf(a) - lengthOf(b) || a - b);
  let batch: number[] = [];
  for (const i of order) {
    const fits = !decoder.needsEqualLengths || batch.length === 0 || lengthOf(batch[0]!) === lengthOf(i);
    if (batch.length === size || !fits) {
      yield batch;
      batch = [];
    }
    batch.push(i);
  }
  if (batch.length > 0) yield batch;
}

function roomFor({ contextLength, name }: Decoder, { ids }: Prompt, index: number, wanted: number): number {
  if (ids.length === 0) throw new DataError(`prompt ${index + 1} has no token to go on from`);
  const room = (contextLength ?? Number.POSITIVE_INFINITY) - ids.length;
  if (room >= 1) return Math.min(wanted, room);
  throw new DataError(
    `prompt ${index + 1} has ${ids.length} tokens, ${name} takes ${contextLength} with the answer; shorten the prompt`,
    { details: { index, tokens: ids.length, contextLength } },
  );
}

function checkOptions({
  beams = 1,
  maxNewTokens,
  minNewTokens = 0,
  sampling,
  batchSize = 8,
}: GenerationOptions): void {
  for (const [name, value, least] of [
    ["beams", beams, 1],
    ["maxNewTokens", maxNewTokens, 1],
    ["minNewTokens", minNewTokens, 0],
    ["batchSize", batchSize, 1],
  ] as const) {
    if (!Number.isInteger(value) || value < least)
      throw new ConfigError(`${name} is ${value}, expected a whole number from ${least} on`);
  }
  if (!sampling) return;
  if (beams > 1) throw new ConfigError("beams and sampling exclude each other: leave one of them out");
  checkSampling(sampling);
}
