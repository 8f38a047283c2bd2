import { ConfigError, DataError, messageOf } from "../errors.ts";
import type { Model } from "../onnx/model.ts";
import { saveModel } from "../onnx/save.ts";
import type { Value } from "../onnx/value.ts";
import { ADAPTER_FILES, type FittedAdapter, fitAdapter } from "../peft/adapter-file.ts";
import { attach, mergeAdapters, mergeProblems } from "../peft/attach.ts";
import { blend, storedWeight } from "../peft/layer-weights.ts";
import type { Site } from "../peft/site.ts";
import { findWrapper } from "../peft/wrapper.ts";
import type { Files } from "../platform/files.ts";
import { joinPath } from "../platform/paths.ts";
import { RUN_FILES } from "../run/folder.ts";
import { decodeSafetensors } from "../tensor/safetensors.ts";
import { shapesEqual } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { sitesOf } from "./adapters.ts";
import { copyCompanions } from "./companions.ts";
import { FINGERPRINT, fingerprintOf } from "./fingerprint.ts";
import { loadSource, saveSource } from "./model-parts.ts";
import { findModel, type ModelSource } from "./model-source.ts";

export interface MergeAdapterOptions {
  readonly files: Files;
  /** An `.onnx` file or a model folder. */
  readonly model: string;
  /** A folder with `adapter_config.json` and `adapter_model.safetensors`, or the folder of a run that has one. */
  readonly adapter: string;
  /** The `.onnx` file to write; the folder, for a model in parts. */
  readonly out: string;
  /** 1 for the adapted model; between 0 and 1 for one on the line from the base model to it. Default 1. */
  readonly scale?: number;
  /** Puts the adapter into the graph as nodes of its own, and leaves the weights alone. */
  readonly unmerged?: boolean;
  /** Takes an adapter that was trained on other base weights. */
  readonly force?: boolean;
}

export interface MergedAdapter {
  readonly method: string;
  /** Paths of the modules that were adapted. */
  readonly modules: readonly string[];
  /** Whole weights that the adapter's files replaced. */
  readonly replaced: readonly string[];
  readonly paths: readonly string[];
  /** True if the file says which weights it was trained on, and these are they; null if it says nothing. */
  readonly isKnownBase: boolean | null;
}

/**
 * Writes a model with an adapter in its weights: the same graph with other numbers. The adapter comes from a run, or
 * from Python PEFT.
 *
 * @throws ConfigError if the adapter does not fit the model, was trained on other weights, or cannot be merged; nothing
 *   is written then
 */
export async function mergeAdapter(options: MergeAdapterOptions): Promise<MergedAdapter> {
  const { files, out, scale = 1, unmerged = false, force = false } = options;
  if (unmerged && scale !== 1)
    throw new ConfigError("--scale scales the change of the weights; it has no meaning with --unmerged");
  const source = await findModel(files, options.model);
  const model = await loadSource(files, source);
  const { folder, config, tensors, metadata } = await readAdapter(files, options.adapter);
  const [sites, wrapper] = [sitesOf(model), findWrapper(model)];
  const fitted = fitAdapter({ config, tensors }, sites, folder, wrapper);
  const known = metadata[FINGERPRINT];
  const isKnownBase = known === undefined ? null : known === (await fingerprintOf(fitted.adapters));
  if (known !== undefined && isKnownBase === false && !force) {
    throw new ConfigError(
      `${folder}: the adapter was trained on other weights than those of ${source.path}: its file notes SHA-256 ${known.slice(0, 12)}… of them. ` +
        "Give the model that it was trained on, or --force to merge it all the same",
    );
  }
  const replacements = wholeWeights(fitted, { model, sites, wrapper, what: folder });
  if (unmerged) attach(model, fitted.adapters, fitted);
  else {
    const problems = mergeProblems(fitted.method, fitted.adapters);
    if (problems.length > 0) {
      throw new ConfigError(
        `${folder} cannot be merged into the weights of ${source.path}: ${problems.join("; ")}. ` +
          "Write it as nodes of its own beside them with --unmerged",
      );
    }
    mergeAdapters(fitted.adapters, { ...fitted, share: scale });
  }
  for (const [value, weight] of replacements) blend(value, weight, scale);
  return {
    method: fitted.method.title,
    modules: fitted.adapters.map((a) => a.site.module),
    replaced: [...replacements.keys()].map((v) => v.name),
    paths: await write(model, out, { files, source }),
    isKnownBase,
  };
}

/** A model in parts goes to a folder, with what lies beside it. @returns the paths of the model's files */
async function write(
  model: Model,
  out: string,
  { files, source }: { readonly files: Files; readonly source: ModelSource },
): Promise<readonly string[]> {
  if (!source.parts) return saveModel(model, out, files);
  if (out.endsWith(".onnx"))
    throw new ConfigError(`--out ${out}: ${source.folder} is a model in parts; name a folder for them`);
  await copyCompanions(files, { from: source.folder, to: out });
  return (await saveSource(model, out, { files, from: source })).written;
}

async function readAdapter(files: Files, path: string) {
  const inRun = joinPath(path, RUN_FILES.adapter);
  const folder = (await files.exists(joinPath(inRun, ADAPTER_FILES.config))) ? inRun : path;
  const at = {
    config: joinPath(folder, ADAPTER_FILES.config),
    weights: joinPath(folder, ADAPTER_FILES.weights),
  };
  const missing: string[] = [];
  for (const file of Object.values(at)) if (!(await files.exists(file))) missing.push(file);
  if (missing.length > 0) {
    throw new DataError(
      `${path}: no adapter here, ${missing.join(" and ")} ${missing.length > 1 ? "are" : "is"} missing; expected ${ADAPTER_FILES.config} and ${ADAPTER_FILES.weights}, ` +
        "which holdfast finetune --method lora and Python PEFT's save_pretrained write",
    );
  }
  let config: Record<string, unknown>;
  try {
    config = JSON.parse(await files.readText(at.config)) as Record<string, unknown>;
  } catch (cause) {
    throw new DataError(`${at.config}: not readable as JSON (${messageOf(cause)})`, { cause });
  }
  return { folder, config, ...decodeSafetensors(await files.read(at.weights), at.weights) };
}

/** The weights of a model that the file holds whole (PEFT's `modules_to_save`, biases, a trained head). */
function wholeWeights(
  { others }: FittedAdapter,
  {
    model,
    sites,
    wrapper,
    what,
  }: {
    readonly model: Model;
    readonly sites: readonly Site[];
    readonly wrapper: readonly string[];
    /** What messages call the adapter. */
    readonly what: string;
  },
): Map<Value, Tensor<"float32">> {
  const stored = (name: string) =>
    model.graph.initializers.find((v) => v.name === name) ?? partOf(sites, name);
  const found = new Map<Value, Tensor<"float32">>();
  const problems: string[] = [];
  for (const [name, weight] of others) {
    const value = [name, ...wrapper.map((w) => `${w}${name}`)].map(stored).find((v) => v !== undefined);
    const dims = value && storedWeight(value)?.dims;
    if (!value || !dims) problems.push(`"${name}" [${weight.dims.join(", ")}] is no weight of the model`);
    else if (!shapesEqual(dims, weight.dims))
      problems.push(`"${name}" has shape [${weight.dims.join(", ")}], the model's [${dims.join(", ")}]`);
    else found.set(value, weight);
  }
  if (problems.length > 0) {
    throw new ConfigError(
      `${what} holds whole weights that the model does not have:\n${problems.join("\n")}\n` +
        "A head that training put on is in the run's own model/, not in the base model.",
      { details: { problems } },
    );
  }
  return found;
}

/** The weight of a layer by its module's path, where the file has no name for it; not where it is stored transposed. */
function partOf(sites: readonly Site[], name: string): Value | undefined {
  return sites.find((s) => `${s.module}.weight` === name && !s.isTransposed && !s.isQuantized)?.weight;
}
