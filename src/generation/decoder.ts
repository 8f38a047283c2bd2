import { ModelError } from "../errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { startCached } from "./cached-decoding.ts";
import { startRecomputed } from "./recomputed-decoding.ts";
import { type DecoderSession, type DecoderSignature, decoderSignature } from "./signature.ts";

/** What a decoder goes on from. */
export interface Prompt {
  readonly ids: ArrayLike<number>;
  /** Further inputs of the model for this prompt, such as its image, each with a first axis of 1. */
  readonly feeds?: ReadonlyMap<string, Tensor>;
}

/** Rows of tokens that grow by one token at a time. */
export interface Decoding {
  /** Logits of the next token of every row, float32 [rows, vocabulary], row after row. Valid until `advance`. */
  readonly logits: Float32Array;
  readonly rows: number;
  readonly vocabulary: number;
  /**
   * Goes on with the rows `parents` (some may be left out, some taken more than once) and appends one token to each.
   * There are `parents.length` rows afterwards.
   */
  advance(parents: readonly number[], tokens: readonly number[]): Promise<void>;
}

/** An exported language model, ready to write. */
export interface Decoder {
  readonly session: DecoderSession;
  readonly signature: DecoderSignature;
  /** What messages call it. */
  readonly name: string;
  /** The most tokens that it takes, prompt and answer together; null where nobody says. */
  readonly contextLength: number | null;
  /** Whether prompts of one call must be of equal length, because the graph cannot be told of padding. */
  readonly needsEqualLengths: boolean;
  /** Reads the prompts, one row each. */
  start(prompts: readonly Prompt[]): Promise<Decoding>;
}

export interface DecoderOptions {
  readonly name?: string;
  readonly contextLength?: number | null;
  /** Ids that fill short rows up; any id of the vocabulary does. Default 0. */
  readonly padId?: number;
}

/**
 * A decoder over a session of an exported model. With a key–value cache (`past_key_values.*` → `present.*`) each step
 * feeds one token a row; without one, everything is computed anew at every step.
 *
 * Rows of different length are padded so that every model gives what it gives for each row alone: on the right where
 * nothing is cached, since no token sees what follows it; on the left, with mask and positions, where there is a cache.
 * A cached graph that takes no mask or counts positions by itself gets rows of one length only (`needsEqualLengths`).
 *
 * @throws ModelError if the model is no decoder
 */
export function openDecoder(session: DecoderSession, options: DecoderOptions = {}): Decoder {
  const { name = "the model", contextLength = null, padId = 0 } = options;
  const signature = decoderSignature(session, name);
  const isCached = signature.cache.length > 0;
  if (isCached && (signature.rows !== null || signature.length !== null))
    throw new ModelError(
      `${name}: input "${signature.ids.name}" has the fixed shape [${signature.ids.dims.join(", ")}], ` +
        "which a key–value cache cannot work with; export it with free batch and sequence dimensions",
    );
  const source = { session, signature, name, padId };
  const limit = Math.min(contextLength ?? Infinity, signature.length ?? Infinity);
  return {
    session,
    signature,
    name,
    contextLength: Number.isFinite(limit) ? limit : null,
    needsEqualLengths: isCached && (signature.mask === null || signature.positions === null),
    start: (prompts) => (isCached ? startCached(source, prompts) : startRecomputed(source, prompts)),
  };
}
