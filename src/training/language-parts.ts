import { type ChatTemplate, openChatTemplate } from "../data/preprocess/chat-template.ts";
import { openTokenizer, type Tokenizer } from "../data/preprocess/tokenizer.ts";
import { DataError, messageOf } from "../errors.ts";
import type { Files } from "../platform/files.ts";
import { joinPath } from "../platform/paths.ts";
import type { ModelSource } from "./model-source.ts";

/** What lies beside a model that reads or writes texts. */
export interface LanguageParts {
  readonly tokenizer: Tokenizer | null;
  readonly chatTemplate: ChatTemplate | null;
  /** Tokens that end an answer. */
  readonly eos: readonly number[];
}

/**
 * Opens the tokenizer and chat template of a model's folder, and finds the tokens that end an answer: `eos_token_id` of
 * `generation_config.json` or `config.json`, else the tokenizer's own.
 */
export async function openLanguage(files: Files, source: ModelSource): Promise<LanguageParts> {
  const { folder, config } = source;
  const tokenizer = await openTokenizer(files, folder);
  const said = (await generationConfig(files, folder))?.eos_token_id ?? config?.eos_token_id;
  const listed = [said].flat().filter((id): id is number => typeof id === "number");
  const own = typeof tokenizer?.eosId === "number" ? [tokenizer.eosId] : [];
  return {
    tokenizer,
    chatTemplate: await openChatTemplate(files, folder),
    eos: listed.length > 0 ? listed : own,
  };
}

async function generationConfig(
  files: Files,
  folder: string,
): Promise<{ readonly eos_token_id?: unknown } | null> {
  const path = joinPath(folder, "generation_config.json");
  if (!(await files.exists(path))) return null;
  try {
    return JSON.parse(await files.readText(path)) as { readonly eos_token_id?: unknown };
  } catch (cause) {
    throw new DataError(`${path}: not readable as JSON (${messageOf(cause)})`, { cause });
  }
}

/** The token that stands for an image in a text: `image_token_index` or `image_token_id` of `config.json`; null for none. */
export function imageTokenOf({ config }: Pick<ModelSource, "config">): number | null {
  const id = config?.image_token_index ?? config?.image_token_id;
  return typeof id === "number" ? id : null;
}

/**
 * The tokens that stand for an image in front of a prompt, by `image_token_index` (or `image_token_id`) of `config.json`,
 * as many as `image_seq_length` of `preprocessor_config.json`, `num_image_tokens`, or the patches of an image say; none
 * where the model wants none.
 */
export function imageTokensOf({
  config,
  preprocessor,
}: Pick<ModelSource, "config" | "preprocessor">): number[] {
  const fields = (json: unknown) => Object(json) as Readonly<Record<string, unknown>>;
  const vision = fields(config?.vision_config);
  const id = imageTokenOf({ config });
  if (id === null) return [];
  const patches = Math.floor(Number(vision.image_size) / Number(vision.patch_size)) ** 2;
  const counts = [
    fields(preprocessor).image_seq_length,
    vision.num_image_tokens,
    fields(config?.text_config).num_image_tokens,
    patches,
  ];
  const count = counts.find((n): n is number => typeof n === "number" && n > 0) ?? 0;
  return new Array<number>(count).fill(id);
}

/** Names under which a `config.json` says how many tokens a model takes. */
const CONTEXT_KEYS: readonly string[] = ["max_position_embeddings", "n_positions", "n_ctx", "seq_length"];

/** The most tokens that a model takes, by its `config.json`; null if that does not say. */
export function contextLengthOf(config: ModelSource["config"]): number | null {
  const found = CONTEXT_KEYS.map((key) => config?.[key]).find((n) => typeof n === "number" && n > 0);
  return typeof found === "number" ? found : null;
}
