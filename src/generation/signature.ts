import { ModelError } from "../errors.ts";
import type { Session } from "../runtime/session.ts";
import type { ValueInfo } from "../runtime/session-check.ts";

/** What of a session a decoder is run through. */
export type DecoderSession = Pick<Session, "inputs" | "outputs" | "run">;

/** One tensor of the key–value cache: what it is read from and what gives its next state, both [rows, heads, T, size]. */
export interface CacheEntry {
  readonly past: ValueInfo;
  readonly present: string;
  readonly heads: number;
  readonly size: number;
}

/** How an exported decoder wants to be fed, told from the names of its inputs and outputs. */
export interface DecoderSignature {
  /** Token ids [rows, T]. */
  readonly ids: ValueInfo;
  /** 1 where a token counts, [rows, T], the cached ones included; null where the graph has no such input. */
  readonly mask: ValueInfo | null;
  /** Positions [rows, T] of the fed tokens; null where the graph counts by itself. */
  readonly positions: ValueInfo | null;
  /** Positions [T] of the fed tokens among the cached ones, the same for every row. */
  readonly cachePositions: ValueInfo | null;
  /** 0 for tokens of the prompt and 1 for what was written, [rows, T]. */
  readonly types: ValueInfo | null;
  /** How many of the last tokens logits are wanted for. */
  readonly logitsToKeep: ValueInfo | null;
  /** Picks the branch of a file that holds one for the prompt and one for what follows. */
  readonly useCache: ValueInfo | null;
  /** Empty where the graph has no cache. */
  readonly cache: readonly CacheEntry[];
  /** Inputs that are none of the above: images, or features of an encoder. */
  readonly others: readonly ValueInfo[];
  /** Name of the output float32 [rows, T, vocabulary]. */
  readonly logits: string;
  /** Numbers that the file insists on; null where free. */
  readonly rows: number | null;
  readonly length: number | null;
}

const PAST = /^past(?:_key_values?|_key|_value)?s?[._]/u;
const PRESENT = /^present(?:_key_values?|_key|_value)?s?[._]/u;

/**
 * Tells the roles of a decoder's inputs and outputs by the names that exporters give: `input_ids`, `attention_mask`,
 * `position_ids`, `past_key_values.0.key` and `present.0.key`, `use_cache_branch`.
 *
 * @throws ModelError if token ids or logits are missing, or a cache does not add up
 */
export function decoderSignature(session: DecoderSession, name = "the model"): DecoderSignature {
  const rest = new Map(session.inputs.map((input) => [input.name, input]));
  const take = (...names: readonly string[]): ValueInfo | null => {
    const found = names.map((n) => rest.get(n)).find((input) => input !== undefined);
    if (found) rest.delete(found.name);
    return found ?? null;
  };
  const ids = take("input_ids", "tokens") ?? onlyTokens(rest, name);
  rest.delete(ids.name);
  const cache = cacheOf(session, name);
  for (const { past } of cache) rest.delete(past.name);
  return {
    ids,
    mask: take("attention_mask"),
    positions: take("position_ids"),
    cachePositions: take("cache_position"),
    types: take("token_type_ids"),
    logitsToKeep: take("num_logits_to_keep", "logits_to_keep"),
    useCache: take("use_cache_branch"),
    cache,
    others: [...rest.values()],
    logits: logitsName(session, name),
    rows: sizeAt(ids, 0),
    length: sizeAt(ids, 1),
  };
}

/** Whether an input is one of a key–value cache: what a decoder has seen before. */
export function isPastInput(name: string): boolean {
  return PAST.test(name);
}

function sizeAt({ dims }: ValueInfo, axis: number): number | null {
  const size = dims[axis];
  return typeof size === "number" && size > 0 ? size : null;
}

function onlyTokens(inputs: ReadonlyMap<string, ValueInfo>, name: string): ValueInfo {
  const fits = [...inputs.values()].filter(
    ({ name: input, dtype, dims }) =>
      (dtype === "int64" || dtype === "int32") && dims.length === 2 && !/mask|position|type/iu.test(input),
  );
  if (fits.length === 1) return fits[0]!;
  throw new ModelError(
    `${name} has no input "input_ids" of token ids [batch, sequence]; its inputs are ${[...inputs.keys()].join(", ")}. ` +
      "A decoder that takes embeddings needs the model that makes them from tokens beside it: name the folder of both.",
  );
}

function logitsName({ outputs }: DecoderSession, name: string): string {
  const own = outputs.find((o) => o.name === "logits");
  const fits = outputs.filter(
    (o) => !PRESENT.test(o.name) && !/hidden|embed/iu.test(o.name) && o.dims.length === 3,
  );
  const found = own ?? (fits.length === 1 ? fits[0] : undefined);
  if (found?.dims.length === 3) return found.name;
  throw new ModelError(
    `${name} has no output of logits [batch, sequence, vocabulary]; its outputs are ` +
      `${outputs.map((o) => `${o.name} [${o.dims.map((d) => d ?? "?").join(", ")}]`).join(", ")}. ` +
      "Export it with its language-modelling head (task text-generation).",
  );
}

function cacheOf({ inputs, outputs }: DecoderSession, name: string): CacheEntry[] {
  const pasts = inputs.filter((i) => PAST.test(i.name));
  const presents = outputs.filter((o) => PRESENT.test(o.name));
  if (pasts.length === 0) return [];
  const bySuffix = new Map(presents.map((o) => [o.name.replace(PRESENT, ""), o.name]));
  return pasts.map((past): CacheEntry => {
    const present = bySuffix.get(past.name.replace(PAST, ""));
    const [, heads, , size] = past.dims;
    if (
      present !== undefined &&
      past.dims.length === 4 &&
      typeof heads === "number" &&
      typeof size === "number"
    )
      return { past, present, heads, size };
    throw new ModelError(
      present === undefined
        ? `${name}: input "${past.name}" has no output that gives its next state; expected "present.${past.name.replace(PAST, "")}" among ${presents.map((o) => o.name).join(", ") || "none"}`
        : `${name}: input "${past.name}" is [${past.dims.map((d) => d ?? "?").join(", ")}], expected [batch, heads, past, size] with heads and size as numbers`,
    );
  });
}
