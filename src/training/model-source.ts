import { DataError, ModelError, messageOf } from "../errors.ts";
import type { Files } from "../platform/files.ts";
import { dirname, joinPath } from "../platform/paths.ts";
import { findParts, type PartFiles } from "./part-files.ts";

/** A model on disk and what lies beside it, as Transformers.js folders have it. */
export interface ModelSource {
  /** Path of the `.onnx` file; of a model in parts, the decoder's. */
  readonly path: string;
  /** The files of a model in parts; left out for a model of one file. */
  readonly parts?: PartFiles;
  /** Folder with `config.json` and its like: the one that was named, or the one around the file. */
  readonly folder: string;
  /** Content of `config.json`, or null. */
  readonly config: Readonly<Record<string, unknown>> | null;
  /** Content of `preprocessor_config.json`, or null. */
  readonly preprocessor: unknown;
}

/** Files of a model folder that are kept beside an exported model, if they are there. */
export const COMPANION_FILES: readonly string[] = [
  "preprocessor_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "vocab.txt",
  "merges.txt",
  "added_tokens.json",
  "chat_template.jinja",
  "generation_config.json",
];

/**
 * Finds the model behind a path: an `.onnx` file, or a folder with `onnx/model.onnx`, `model.onnx`, the parts of a language
 * model or one `.onnx` file, in itself or in `onnx/`.
 *
 * @throws ModelError if there is none, several to choose from, or a part is missing
 */
export async function findModel(files: Files, path: string): Promise<ModelSource> {
  const stat = await files.stat(path);
  if (stat === null)
    throw new ModelError(`${path}: no such file or folder; --model takes an .onnx file or a model folder`);
  const found = stat.kind === "file" ? path : await modelInFolder(files, path);
  const parts = typeof found === "string" ? null : found;
  const file = typeof found === "string" ? found : found.decoder;
  const around = dirname(file);
  const folder =
    stat.kind === "folder" ? path : around.endsWith("/onnx") || around === "onnx" ? dirname(around) : around;
  return {
    path: file,
    ...(parts ? { parts } : {}),
    folder,
    config: (await readJson(files, joinPath(folder, "config.json"))) as ModelSource["config"],
    preprocessor: await readJson(files, joinPath(folder, "preprocessor_config.json")),
  };
}

/** The model that a run has written. @throws ModelError if it has written none yet */
export async function findRunModel(files: Files, run: string): Promise<ModelSource> {
  const folder = joinPath(run, "model");
  if (await files.exists(folder)) return findModel(files, folder);
  throw new ModelError(`${run}: the run has written no model yet; finish it with holdfast resume ${run}`);
}

async function modelInFolder(files: Files, folder: string): Promise<string | PartFiles> {
  for (const name of ["onnx/model.onnx", "model.onnx"]) {
    const path = joinPath(folder, name);
    if (await files.exists(path)) return path;
  }
  const found = [...(await modelsIn(files, folder)), ...(await modelsIn(files, joinPath(folder, "onnx")))];
  const parts = findParts(folder, found);
  if (parts) return parts;
  if (found.length === 1) return found[0]!;
  throw new ModelError(
    found.length === 0
      ? `${folder}: holds no model: expected onnx/model.onnx, model.onnx or one other .onnx file in it or in onnx/`
      : `${folder}: holds several models, name one: ${found.join(", ")}`,
  );
}

async function modelsIn(files: Files, folder: string): Promise<string[]> {
  if ((await files.stat(folder))?.kind !== "folder") return [];
  const entries = await files.list(folder);
  return entries.flatMap((e) =>
    e.kind === "file" && e.name.endsWith(".onnx") ? [joinPath(folder, e.name)] : [],
  );
}

async function readJson(files: Files, path: string): Promise<unknown> {
  if (!(await files.exists(path))) return null;
  try {
    return JSON.parse(await files.readText(path)) as unknown;
  } catch (cause) {
    throw new DataError(`${path}: not readable as JSON (${messageOf(cause)})`, { cause });
  }
}

/** Class names from `id2label` of a `config.json`, in the order of the model's outputs; null if it has none. */
export function labelsOf(config: ModelSource["config"]): string[] | null {
  const map = config?.id2label;
  if (typeof map !== "object" || map === null) return null;
  const entries = Object.entries(map as Record<string, string>).sort(([a], [b]) => Number(a) - Number(b));
  return entries.map(([, label]) => label);
}
