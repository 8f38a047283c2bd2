import { Tokenizer as HubTokenizerClass } from "@huggingface/tokenizers";
import { DataError, messageOf } from "../../errors.ts";
import type { Files } from "../../platform/files.ts";
import { joinPath } from "../../platform/paths.ts";

/** Token ids of a text or a pair, special tokens included, and the segment of each (0, or 1 for the second text). */
export interface Encoded {
  readonly ids: Int32Array;
  readonly types: Int32Array;
}

/** A text with its special tokens, cut to a length. */
export interface Tokenizer {
  /** The id that fills a batch up. */
  readonly padId: number;
  /** The longest input that the tokenizer's file says the model takes; null where it says nothing of use. */
  readonly maxLength: number | null;
  /** Ids that begin every text. */
  readonly start: readonly number[];
  /** The token that ends a text, where the tokenizer's files name one. */
  readonly eosId: number | null;
  /** The token that stands for a hidden one (`[MASK]`), where the tokenizer's files name one. */
  readonly maskId: number | null;
  /** Ids that are no part of a text: what surrounds, fills up, hides, or stands for the unknown. */
  readonly specialIds: ReadonlySet<number>;
  /** One more than the largest id. */
  readonly size: number;
  /** `bos_token`, `eos_token` and their like, as a chat template asks for them. */
  readonly special: Readonly<Record<string, string>>;
  /** Ids of a text without any special token around it; those that are written in it are found. */
  content(text: string): number[];
  /** The text of ids, special tokens left out. */
  decode(ids: readonly number[]): string;
  /** The id of a token, if there is such a one. */
  idOf(token: string): number | undefined;
  /** Ids of a text or pair; longer ones are cut at the end, of a pair the longer text first, and keep their special tokens. */
  encode(text: string, pair: string | undefined, maxLength: number): Encoded;
}

/** What we use of the package, whose own types do not resolve for ES modules. */
interface HubTokenizer {
  encode(
    text: string,
    options?: { text_pair?: string; add_special_tokens?: boolean; return_token_type_ids?: boolean },
  ): { readonly ids: number[]; readonly token_type_ids?: number[] };
  decode(ids: number[], options?: { skip_special_tokens?: boolean }): string;
  token_to_id(token: string): number | undefined;
  get_vocab(withAddedTokens?: boolean): Map<string, number>;
}

/** Content of `tokenizer.json` and of `tokenizer_config.json`, as far as we read them ourselves. */
interface TokenizerJson {
  readonly post_processor?: { readonly type?: string } | null;
  readonly padding?: { readonly pad_id?: number } | null;
  readonly added_tokens?: readonly { readonly id: number; readonly special?: boolean }[];
}
interface TokenizerConfigJson {
  readonly model_max_length?: number;
  readonly pad_token?: unknown;
  readonly eos_token?: unknown;
  readonly mask_token?: unknown;
}

/** The special tokens around the texts, with their segments. */
interface Template {
  /** Before the first text, between the texts (empty for a single one), and after the last. */
  readonly parts: readonly (readonly number[])[];
  readonly types: readonly (readonly number[])[];
  /** The segment of each text. */
  readonly segments: readonly number[];
}

/** Tokenizers write this, or a number like it, where no length is known. */
const NO_LENGTH = 1e6;

/**
 * The tokenizer of a model folder: `tokenizer.json`, and `tokenizer_config.json` where there is one.
 *
 * @returns null if the folder has none
 * @throws DataError if the files cannot be read
 */
export async function openTokenizer(files: Files, folder: string): Promise<Tokenizer | null> {
  const path = joinPath(folder, "tokenizer.json");
  if (!(await files.exists(path))) return null;
  const configPath = joinPath(folder, "tokenizer_config.json");
  const json = async (at: string) => JSON.parse(await files.readText(at)) as object;
  try {
    const definition = await json(path);
    const config = (await files.exists(configPath)) ? await json(configPath) : {};
    return createTokenizer(new HubTokenizerClass(definition, config) as HubTokenizer, definition, config);
  } catch (cause) {
    throw new DataError(`${path}: not a tokenizer that can be used (${messageOf(cause)})`, { cause });
  }
}

function createTokenizer(
  hub: HubTokenizer,
  definition: TokenizerJson,
  config: TokenizerConfigJson,
): Tokenizer {
  // RoBERTa has no segments, whatever the package says of the second text.
  const hasSegments = definition.post_processor?.type !== "RobertaProcessing";
  const single = templateOf(hub, { isPair: false, hasSegments });
  const double = templateOf(hub, { isPair: true, hasSegments });
  const content = (text: string) => hub.encode(text, { add_special_tokens: false }).ids;
  const limit = Number(config.model_max_length);
  const eos = tokenIn(config.eos_token);
  const mask = tokenIn(config.mask_token);
  const padId = padIdOf(hub, definition, config);
  const special = specialTokens(config);
  return {
    padId,
    start: single.parts[0] ?? [],
    eosId: (eos === undefined ? undefined : hub.token_to_id(eos)) ?? null,
    maskId: (mask === undefined ? undefined : hub.token_to_id(mask)) ?? null,
    specialIds: new Set([
      padId,
      ...[single, double].flatMap((template) => template.parts.flat()),
      ...(definition.added_tokens ?? []).flatMap((t) => (t.special === true ? [t.id] : [])),
      ...Object.values(special).flatMap((token) => hub.token_to_id(token) ?? []),
    ]),
    size: [...hub.get_vocab(true).values()].reduce((most, id) => Math.max(most, id), -1) + 1,
    special,
    content,
    decode: (ids) => (ids.length === 0 ? "" : hub.decode([...ids], { skip_special_tokens: true })),
    idOf: (token) => hub.token_to_id(token),
    maxLength: limit > 0 && limit < NO_LENGTH ? limit : null,
    encode(text, pair, maxLength) {
      const template = pair === undefined ? single : double;
      const texts = pair === undefined ? [content(text)] : [content(text), content(pair)];
      const room = maxLength - template.parts.reduce((n, part) => n + part.length, 0);
      cutLongest(texts, Math.max(0, room));
      const ids: number[] = [];
      const types: number[] = [];
      template.parts.forEach((part, i) => {
        ids.push(...part);
        types.push(...template.types[i]!);
        if (i >= texts.length) return;
        for (const id of texts[i]!) {
          ids.push(id);
          types.push(template.segments[i] ?? 0);
        }
      });
      return { ids: Int32Array.from(ids), types: Int32Array.from(types) };
    },
  };
}

/** Cuts token by token at the end of whichever list is longer, as `longest_first` does. */
function cutLongest(texts: number[][], room: number): void {
  const total = () => texts.reduce((n, t) => n + t.length, 0);
  if (texts.length === 1) {
    texts[0]!.length = Math.min(texts[0]!.length, room);
    return;
  }
  while (total() > room) {
    const longest = texts.reduce((a, b) => (b.length > a.length ? b : a));
    longest.pop();
  }
}

/** Finds the special tokens by encoding words with and without them. */
function templateOf(
  hub: HubTokenizer,
  { isPair, hasSegments }: { readonly isPair: boolean; readonly hasSegments: boolean },
): Template {
  const word = "a";
  const bare = hub.encode(word, { add_special_tokens: false }).ids;
  const whole = hub.encode(word, { return_token_type_ids: true, ...(isPair ? { text_pair: word } : {}) });
  const starts: number[] = [];
  for (let at = 0; at + bare.length <= whole.ids.length && starts.length < (isPair ? 2 : 1); ) {
    const fits = bare.every((id, k) => whole.ids[at + k] === id);
    if (fits) starts.push(at);
    at += fits ? bare.length : 1;
  }
  const [, second = whole.ids.length] = starts;
  const known = whole.token_type_ids ?? whole.ids.map((_, at) => (at < second ? 0 : 1));
  const types = hasSegments ? known : known.map(() => 0);
  const edges = [0, ...starts.flatMap((s) => [s, s + bare.length]), whole.ids.length];
  const between = (list: readonly number[]) =>
    Array.from({ length: edges.length / 2 }, (_, i) => list.slice(edges[2 * i], edges[2 * i + 1]));
  return { parts: between(whole.ids), types: between(types), segments: starts.map((at) => types[at] ?? 0) };
}

function padIdOf(hub: HubTokenizer, definition: TokenizerJson, config: TokenizerConfigJson): number {
  const token = tokenIn(config.pad_token);
  const byName = token === undefined ? undefined : hub.token_to_id(token);
  return byName ?? definition.padding?.pad_id ?? 0;
}

/** The text of a token, which is written as such or as an object with more about it. */
function tokenIn(value: unknown): string | undefined {
  const content =
    typeof value === "object" && value !== null ? (value as { content?: unknown }).content : value;
  return typeof content === "string" ? content : undefined;
}

/** Every entry of the configuration that names a token. */
function specialTokens(config: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(config).flatMap(([key, value]) => {
      const token = key.endsWith("_token") ? tokenIn(value) : undefined;
      return token === undefined ? [] : [[key, token]];
    }),
  );
}
