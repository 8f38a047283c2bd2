import type { SampleKind } from "../data/dataset.ts";
import { fileDtypeOf } from "../platform/file-dtypes.ts";
import { basename } from "../platform/paths.ts";
import type { Task } from "../tasks/task.ts";
import type { ModelSource } from "./model-source.ts";
import type { Network } from "./prepare-network.ts";

/** `model_type` of a model whose family nobody has named: Transformers.js loads it by `AutoModel`, and knows no class of it. */
const UNNAMED_FAMILY = "custom";

export interface ModelConfigOptions {
  /** Content of the `config.json` that lay beside the model, or null. */
  readonly base: ModelSource["config"];
  readonly task: Task;
  /** In the order of the model's outputs; empty where the task has none. */
  readonly classes: readonly string[];
  readonly head: Network["head"];
  /** What the model takes. */
  readonly kind: SampleKind;
  /** `model_type` to write where `base` has none. */
  readonly modelType?: string | undefined;
  /** Paths of the files that the model was written to, the `.onnx` last. */
  readonly files: readonly string[];
}

/**
 * Content of the `config.json` of a model that was fine-tuned: what lay beside the model, with the names of its classes
 * now, and what Transformers.js needs beside them to load it.
 *
 * `architectures` follows a new head (`BertModel` becomes `BertForSequenceClassification`).
 */
export function modelConfig(options: ModelConfigOptions): Record<string, unknown> {
  const { task, classes, head, kind, modelType } = options;
  const base = options.base ?? {};
  const architecture = head !== "kept" ? architectureFor(base.architectures, task.architectures[kind]) : null;
  return {
    ...base,
    model_type: base.model_type ?? modelType ?? UNNAMED_FAMILY,
    ...(architecture === null ? {} : { architectures: [architecture] }),
    ...("num_labels" in base && task.hasClasses ? { num_labels: classes.length } : {}),
    ...(task.problemType === null ? {} : { problem_type: task.problemType }),
    ...(task.hasClasses
      ? {
          id2label: Object.fromEntries(classes.map((name, i) => [i, name])),
          label2id: Object.fromEntries(classes.map((name, i) => [name, i])),
        }
      : {}),
    "transformers.js_config": loading(base["transformers.js_config"], options.files),
  };
}

/** The class for the task of the family that a class such as `ViTModel` belongs to; null where it shows no family. */
function architectureFor(architectures: unknown, suffix: string | undefined): string | null {
  const [first] = Array.isArray(architectures) ? (architectures as unknown[]) : [];
  const family =
    typeof first === "string" ? /^(.+?)(?:Model|PreTrainedModel|For[A-Z]\w*)$/u.exec(first)?.[1] : undefined;
  return family === undefined || suffix === undefined ? null : family + suffix;
}

/** How Transformers.js loads the files that were written, whatever files the base model had. */
function loading(base: unknown, files: readonly string[]): Record<string, unknown> {
  const { use_external_data_format: _, ...kept } = (base ?? {}) as Record<string, unknown>;
  const names = files.map((path) => basename(path));
  const graphs = names.filter((name) => name.endsWith(".onnx"));
  // Browsers ask for as many files `model.onnx_data`, `model.onnx_data_1`, … as they are told of.
  const chunksOf = (graph: string) =>
    names.filter((name) => name.replace(/_data(?:_\d+)?$/u, "") === graph && name !== graph).length;
  const chunked = graphs.filter((graph) => chunksOf(graph) > 0);
  const [only, ...others] = graphs;
  // Without the dtype a browser asks for model_quantized.onnx.
  return others.length === 0
    ? {
        ...kept,
        dtype: "fp32",
        ...(only && chunked.length > 0 ? { use_external_data_format: chunksOf(only) } : {}),
      }
    : {
        ...kept,
        dtype: Object.fromEntries(graphs.map(fileDtypeOf).map(({ name, dtype }) => [name, dtype])),
        ...(chunked.length > 0
          ? { use_external_data_format: Object.fromEntries(chunked.map((g) => [g, chunksOf(g)])) }
          : {}),
      };
}
