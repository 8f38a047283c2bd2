import type { Config } from "../config/schema.ts";
import type { Sample } from "../data/dataset.ts";
import type { PreparedPrompt } from "../data/preprocess/preprocessor.ts";
import type { Tokenizer } from "../data/preprocess/tokenizer.ts";
import type { Sequence } from "../generation/beams.ts";
import { type Decoder, openDecoder } from "../generation/decoder.ts";
import { generate } from "../generation/generate.ts";
import { likelihoods } from "../generation/likelihood.ts";
import type { DecoderSession } from "../generation/signature.ts";

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

  /** The best answer to each, in order. @throws DataError if a prompt leaves no room for an answer */
  async write(samples: readonly Sample[], options: WriteOptions = {}): Promise<Written[]> {
    const { settings, eos, seed, tokenizer, promptOf } = this.o;
    const { temperature, topK, topP, judge: _, examples: __, ...search } = settings;
    const answers = await generate(this.decoder, samples.map(promptOf), {
      ...search,
      ...options,
      eos,
      ...(temperature > 0 ? { sampling: { temperature, topK, topP, seed } } : {}),
    });
    return answers.map(([best]) => ({
      text: best ? tokenizer.decode(best.ids) : "",
      tokens: best?.ids.length ?? 0,
      score: best?.score ?? 0,
      ended: best?.ended ?? "length",
    }));
  }

  /** For each sample the mean log-probability of the tokens of each of its choices. */
  async weigh(samples: readonly { sample: Sample; choices: readonly string[] }[]): Promise<number[][]> {
    const { tokenizer, settings, promptOf } = this.o;
    const asked = samples.flatMap(({ sample, choices }) => {
      const prompt = promptOf(sample);
      return choices.map((choice) => ({ prompt, ids: tokenizer.content(choice) }));
    });
    const found = await likelihoods(this.decoder, asked, { batchSize: settings.batchSize });
    let next = 0;
    return samples.map(({ choices }) => choices.map(() => found[next++]!.mean));
  }
}
