import { parse as parseYaml } from "yaml";
import type { Files } from "../platform/files.ts";
import { dirname, joinPath } from "../platform/paths.ts";
import { RUN_FILES } from "../run/folder.ts";
import type { RunRecord } from "../run/run-reader.ts";
import { type Origin, readOrigin } from "./origin.ts";

/** What a card says beside the run's own records. */
export interface CardFacts {
  /** The repository of the model that was fine-tuned; null where it is not known. */
  readonly baseModel: string | null;
  /** As the base model's card states it, and where its text is. */
  readonly license: Readonly<Record<string, unknown>>;
  /** Repository of the training data, where it came from the Hub. */
  readonly dataset: string | null;
  /** What Transformers.js would run the model with, such as `image-classification`. */
  readonly pipeline: string | null;
  /** `model_type` of its `config.json`. */
  readonly family: string | null;
  /** The class of Python and Transformers.js that loads it, as its `config.json` says. */
  readonly architecture: string | null;
  /** Its files in `onnx/`: one, or the parts of a language model. */
  readonly onnxFiles: readonly string[];
}

/** What a user says in place of what can be found out. */
export interface CardOptions {
  readonly license?: string | undefined;
  readonly baseModel?: string | undefined;
}

/** Pipelines of Transformers.js for a task by what the model is fed. */
const PIPELINES: Readonly<Record<string, { readonly image?: string; readonly text?: string }>> = {
  classification: { image: "image-classification", text: "text-classification" },
  "multi-label": { image: "image-classification", text: "text-classification" },
  regression: { text: "text-classification" },
  "token-classification": { text: "token-classification" },
  segmentation: { image: "image-segmentation" },
  "causal-lm": { text: "text-generation" },
  "masked-lm": { text: "fill-mask" },
};

/** The keys of a card's front matter that speak of a licence. */
const LICENSE_KEYS: readonly string[] = ["license", "license_name", "license_link"];

/** Finds out what lies around a run: the base model's card and origin, the data's origin, what the model is fed. */
export async function findCardFacts(
  files: Files,
  run: RunRecord,
  options: CardOptions = {},
): Promise<CardFacts> {
  const model = joinPath(run.folder, RUN_FILES.model);
  const base = await folderOf(files, run.summary.model);
  const origin = await readOrigin(files, base);
  const data =
    typeof run.config === "object" && run.config !== null && "data" in run.config ? run.config.data : null;
  const dataOrigin = typeof data === "string" ? await readOrigin(files, data) : null;
  const found = await frontMatterAt(files, joinPath(base, "README.md"));
  const config = await jsonAt(files, joinPath(model, "config.json"));
  const license = options.license === undefined ? pick(found, LICENSE_KEYS) : { license: options.license };
  return {
    baseModel: options.baseModel ?? idOf(origin, "model"),
    license,
    dataset: idOf(dataOrigin, "dataset"),
    pipeline: await pipelineOf(files, model, run.summary.task),
    family: typeof config?.model_type === "string" ? config.model_type : null,
    architecture: architectureOf(config),
    onnxFiles: await onnxFilesIn(files, joinPath(model, "onnx")),
  };
}

function architectureOf(config: Readonly<Record<string, unknown>> | null): string | null {
  const [first] = Array.isArray(config?.architectures) ? (config.architectures as unknown[]) : [];
  return typeof first === "string" ? first : null;
}

async function onnxFilesIn(files: Files, folder: string): Promise<readonly string[]> {
  if (!(await files.exists(folder))) return [];
  const names = (await files.list(folder)).map((entry) => entry.name);
  return names.filter((name) => name.endsWith(".onnx")).sort();
}

function idOf(origin: Origin | null, type: Origin["type"]): string | null {
  return origin?.type === type ? origin.id : null;
}

/** The folder that a model lies in, where its own files are: the one named, or the one around the file. */
async function folderOf(files: Files, model: string): Promise<string> {
  if ((await files.stat(model))?.kind === "folder") return model;
  const around = dirname(model);
  return around === "onnx" || around.endsWith("/onnx") ? dirname(around) : around;
}

async function pipelineOf(files: Files, model: string, task: string): Promise<string | null> {
  const known = PIPELINES[task];
  if (!known) return null;
  if (await files.exists(joinPath(model, "tokenizer.json"))) return known.text ?? null;
  return (await files.exists(joinPath(model, "preprocessor_config.json"))) ? (known.image ?? null) : null;
}

/** The YAML between the first two lines `---` of a card; empty where there is none that can be read. */
async function frontMatterAt(files: Files, path: string): Promise<Readonly<Record<string, unknown>>> {
  if (!(await files.exists(path))) return {};
  const text = /^---\r?\n(.*?)\r?\n---/su.exec(await files.readText(path))?.[1];
  try {
    const value: unknown = parseYaml(text ?? "");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {}; // A card that somebody else wrote is no reason to stop.
  }
}

async function jsonAt(files: Files, path: string): Promise<Readonly<Record<string, unknown>> | null> {
  return (await files.exists(path))
    ? (JSON.parse(await files.readText(path)) as Record<string, unknown>)
    : null;
}

function pick(from: Readonly<Record<string, unknown>>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(keys.flatMap((key) => (from[key] === undefined ? [] : [[key, from[key]]])));
}
