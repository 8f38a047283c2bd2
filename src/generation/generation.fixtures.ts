import { inflate } from "../platform/inflate.ts";
import { nodeFiles as files } from "../platform/node-files.ts";
import { openRuntime } from "../runtime/runtime.ts";
import { type Decoder, type DecoderOptions, openDecoder } from "./decoder.ts";

/** What `scripts/goldens/generation.py` writes: answers of Python transformers. */
export interface Goldens {
  readonly pad: number;
  readonly eos: number;
  readonly maxNewTokens: number;
  readonly prompts: readonly (readonly number[])[];
  readonly continuations: readonly (readonly number[])[];
  readonly models: Readonly<Record<string, GoldenModel>>;
}

interface GoldenModel {
  readonly runs: readonly {
    readonly name: string;
    readonly settings: {
      readonly num_beams: number;
      readonly min_new_tokens?: number;
      readonly length_penalty?: number;
      readonly early_stopping?: boolean | "never";
    };
    readonly sequences: readonly (readonly { readonly ids: readonly number[]; readonly score: number }[])[];
  }[];
  readonly likelihoods: readonly (readonly number[])[];
}

const FOLDER = new URL("goldens/", import.meta.url);
const LARGEST = 2 ** 22;

/** The goldens of generation. */
export async function readGoldens(): Promise<Goldens> {
  return JSON.parse(await files.readText(new URL("generation.json", FOLDER).pathname)) as Goldens;
}

/** A tiny decoder of the goldens. */
export async function openGolden(name: string, options: DecoderOptions = {}): Promise<Decoder> {
  const zipped = await files.read(new URL(`${name}.onnx.gz`, FOLDER).pathname);
  const bytes = await inflate(zipped, { format: "gzip", limit: LARGEST, what: name });
  const runtime = await openRuntime({ threads: 1 });
  return openDecoder(await runtime.createSession(bytes, { name }), { name, ...options });
}
