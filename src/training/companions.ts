import type { Files } from "../platform/files.ts";
import { joinPath } from "../platform/paths.ts";
import { COMPANION_FILES } from "./model-source.ts";

const PREPROCESSOR = "preprocessor_config.json";
const TOKENIZER = "tokenizer.json";
const TOKENIZER_CONFIG = "tokenizer_config.json";

export interface CompanionOptions {
  readonly files: Files;
  /** Folder of the model that was fine-tuned. */
  readonly from: string;
  /** Folder of the exported model. */
  readonly to: string;
  /** Content of the preprocessor_config.json to write in place of the model's own; null to keep that, if there is one. */
  readonly preprocessor: Readonly<Record<string, unknown>> | null;
  /** The most tokens of a text, where the user set them; null to keep what the tokenizer's files say. */
  readonly maxLength: number | null;
}

/**
 * Writes what lies beside a model: its tokenizer and preprocessor as they were, but for what the run changed.
 *
 * Transformers.js looks for a tokenizer only beside a `tokenizer_config.json`; where there is none, one is written.
 */
export async function writeCompanions(options: CompanionOptions): Promise<void> {
  const { files, from, to, preprocessor, maxLength } = options;
  await copyFiles(files, COMPANION_FILES, { from, to });
  if (preprocessor) await files.write(joinPath(to, PREPROCESSOR), json(preprocessor));
  if (!(await files.exists(joinPath(to, TOKENIZER)))) return;
  const path = joinPath(to, TOKENIZER_CONFIG);
  const isThere = await files.exists(path);
  if (isThere && maxLength === null) return;
  const config = isThere ? JSON.parse(await files.readText(path)) : await minimalConfig(files, to);
  await files.write(
    path,
    json({ ...config, ...(maxLength === null ? {} : { model_max_length: maxLength }) }),
  );
}

/** Copies all that lies beside a model, as it is. */
export async function copyCompanions(files: Files, folders: Folders): Promise<void> {
  await copyFiles(files, ["config.json", ...COMPANION_FILES], folders);
}

type Folders = Pick<CompanionOptions, "from" | "to">;

async function copyFiles(files: Files, names: readonly string[], { from, to }: Folders): Promise<void> {
  for (const name of names) {
    const path = joinPath(from, name);
    if (await files.exists(path)) await files.write(joinPath(to, name), await files.read(path));
  }
}

/** What a `tokenizer.json` says that its configuration would: the token that fills batches up. */
async function minimalConfig(files: Files, folder: string): Promise<Record<string, unknown>> {
  const { padding } = JSON.parse(await files.readText(joinPath(folder, TOKENIZER))) as {
    readonly padding?: { readonly pad_token?: string } | null;
  };
  return {
    tokenizer_class: "PreTrainedTokenizerFast",
    ...(padding?.pad_token === undefined ? {} : { pad_token: padding.pad_token }),
  };
}

/** JSON as it is written beside models. */
export function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
