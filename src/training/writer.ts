import type { Config } from "../config/schema.ts";
import type { Dataset, Sample } from "../data/dataset.ts";
import type { PreparedPrompt } from "../data/preprocess/preprocessor.ts";
import type { Tokenizer } from "../data/preprocess/tokenizer.ts";
import type { Sequence } from "../generation/beams.ts";
import { type Decoder, openDecoder } from "../generation/decoder.ts";
import { generate } from "../generation/generate.ts";
import { likelihoods } from "../generation/likelihood.ts";
import type { DecoderSession } from "../generation/signature.ts";

/** How many batches of prompts are prepared together. */
const BATCHES_AT_ONCE = 8;

/** Examples that a model is asked about. */
export type Asked = Pick<Dataset, "length" | "load">;

/** What a model wrote. */
export interface Written {
  /** Special tokens left out. */
  readonly text: string;
  readonly tokens: number;
  /** As `Sequence.score`. */
  readonly score: number;
  readonly ended: Sequence["ended"];
}

export interface WriterOptions {
  readonly session: DecoderSession;
  /** What messages call the model. */
  readonly name: string;
  readonly tokenizer: Tokenizer;
  /** What the model goes on from. */
  readonly promptOf: (sample: Sample) => PreparedPrompt;
  /** Ids of tokens that end an answer. */
  readonly eos: readonly number[];
  /** The most tokens of prompt and answer; null where nobody says. */
  readonly contextLength: number | null;
  readonly settings: Config["generation"];
  readonly seed: number;
}

export interface WriteOptions {
  readonly onProgress?: (done: number, total: number) => void;
  readonly shouldStop?: () => boolean;
}

/** A language model that answers prompts in words. */
export class Writer {
  private readonly o: WriterOptions;
  private readonly decoder: Decoder;

  /** @throws ModelError if the model is no decoder */
  constructor(options: WriterOptions) {
    const { session, name, contextLength, tokenizer } = options;
    this.o = options;
    this.decoder = openDecoder(session, { name, contextLength, padId: tokenizer.padId });
  }

  /** The best answer to each example, in order. @throws DataError if a prompt leaves no room for an answer */
  async *write(asked: Asked, options: WriteOptions = {}): AsyncGenerator<Written, void, void> {
    const { settings, eos, seed, tokenizer, promptOf } = this.o;
    const { onProgress, shouldStop } = options;
    const { temperature, topK, topP, judge: _, examples: __, ...search } = settings;
    for await (const { first, samples } of this.pieces(asked)) {
      if (shouldStop?.() === true) return;
      const answers = await generate(this.decoder, samples.map(promptOf), {
        ...search,
        ...(shouldStop ? { shouldStop } : {}),
        first,
        onProgress: (done) => onProgress?.(first + done, asked.length),
        eos,
        ...(temperature > 0 ? { sampling: { temperature, topK, topP, seed } } : {}),
      });
      for (const [best] of answers)
        yield {
          text: best ? tokenizer.decode(best.ids) : "",
          tokens: best?.ids.length ?? 0,
          score: best?.score ?? 0,
          ended: best?.ended ?? "length",
        };
    }
  }

  /** For each example in order the mean log-probability of the tokens of each of its choices. */
  async *weigh(
    asked: Asked,
    choicesOf: (i: number) => readonly string[],
    { onProgress, shouldStop }: WriteOptions = {},
  ): AsyncGenerator<number[], void, void> {
    const { tokenizer, settings, promptOf } = this.o;
    for await (const { first, samples } of this.pieces(asked)) {
      if (shouldStop?.() === true) return;
      const choices = samples.map((_, i) => choicesOf(first + i).map((choice) => tokenizer.content(choice)));
      const continuations = samples.flatMap((sample, i) => {
        const prompt = promptOf(sample);
        return choices[i]!.map((ids) => ({ prompt, ids })); // each sample has its choices
      });
      const found = await likelihoods(this.decoder, continuations, { batchSize: settings.batchSize });
      let next = 0;
      for (const of of choices) yield of.map(() => found[next++]!.mean);
      onProgress?.(first + samples.length, asked.length);
    }
  }

  /** Some batches at a time: prompts of images are large, and prompts of one length go well together. */
  private async *pieces(
    asked: Asked,
  ): AsyncGenerator<{ readonly first: number; readonly samples: readonly Sample[] }, void, void> {
    const size = BATCHES_AT_ONCE * this.o.settings.batchSize;
    for (let first = 0; first < asked.length; first += size) {
      const count = Math.min(size, asked.length - first);
      yield {
        first,
        samples: await Promise.all(Array.from({ length: count }, (_, i) => asked.load(first + i))),
      };
    }
  }
}
