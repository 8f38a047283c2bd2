import type { SampleKind } from "../data/dataset.ts";
import type { Batch } from "../data/loader.ts";
import { RunError } from "../errors.ts";
import type { OutputKind } from "../heads/find-head.ts";
import { setConstant } from "../onnx/edit.ts";
import type { Model } from "../onnx/model.ts";
import type { Value } from "../onnx/value.ts";
import type { Files } from "../platform/files.ts";
import { joinPath } from "../platform/paths.ts";
import type { Session } from "../runtime/session.ts";
import type { Task } from "../tasks/task.ts";
import type { DataType } from "../tensor/data-type.ts";
import { inFloat32, isHalf, narrowed } from "../tensor/half-tensor.ts";
import { type Tensor, tensor, zeros } from "../tensor/tensor.ts";
import { json, writeCompanions } from "./companions.ts";
import { fixedSession } from "./fixed-session.ts";
import { modelConfig } from "./model-config.ts";
import { saveSource } from "./model-parts.ts";
import type { ModelSource } from "./model-source.ts";
import type { Network } from "./prepare-network.ts";
import { runInFloat32 } from "./run-in-float32.ts";
import type { TrainableParameter } from "./training-graph.ts";

/** Largest difference, relative to the largest logit, between the exported model and the one that was trained. */
const EXPORT_TOLERANCE = 1e-3;
/** The same where the exported model computes in half floats, with 11 bits (8 in bfloat16) from node to node. */
const HALF_TOLERANCE = 5e-2;

export interface ExportOptions {
  readonly files: Files;
  /** The run's model folder. */
  readonly folder: string;
  readonly source: ModelSource;
  /** Names of the outputs where they are classes. */
  readonly classes: readonly string[];
  readonly head: Network["head"];
  /** What the model takes. */
  readonly kind: SampleKind;
  /** `model_type` for a model that came without one. */
  readonly modelType?: string | undefined;
  readonly task: Task;
  readonly parameters: readonly TrainableParameter[];
  /** The values to write. */
  readonly values: ReadonlyMap<string, Float32Array>;
  /** Content of the preprocessor_config.json to write in place of the model's own; null to keep that, if there is one. */
  readonly preprocessor: Readonly<Record<string, unknown>> | null;
  /** The most tokens of a text, where the user set them; null to keep what the tokenizer's files say. */
  readonly maxLength: number | null;
}

/**
 * Writes the model with new weights, and everything else of it as it was, as a folder that Transformers.js loads:
 * `onnx/model.onnx` or the model's parts, `config.json` with the class names, `preprocessor_config.json`.
 *
 * @returns path of the `.onnx` file; of a model in parts, the decoder's
 */
export async function exportModel(model: Model, options: ExportOptions): Promise<string> {
  const { files, folder, source, parameters, values, preprocessor } = options;
  for (const { name, source: value, type } of parameters) {
    const data = values.get(name);
    if (!data) throw new RunError(`internal: there is no trained value for "${name}"`);
    setConstant(value, narrowed(tensor("float32", type.dims, data), storedDtype(value)));
  }
  const { path, written } = await saveSource(model, folder, { files, from: source });
  const config = modelConfig({ ...options, base: source.config, files: written });
  await files.write(joinPath(folder, "config.json"), json(config));
  await writeCompanions({
    files,
    from: source.folder,
    to: folder,
    preprocessor,
    maxLength: options.maxLength,
  });
  return path;
}

/** Values of parameters as the model's file can hold them: those that it stores in half floats are rounded. */
export function asStored(
  parameters: readonly TrainableParameter[],
  values: ReadonlyMap<string, Float32Array>,
): ReadonlyMap<string, Float32Array> {
  const rounded = new Map(values);
  for (const { name, source, type } of parameters) {
    const data = values.get(name);
    const dtype = storedDtype(source);
    if (!data || dtype === "float32") continue;
    const stored = inFloat32(narrowed(tensor("float32", type.dims, data), dtype));
    rounded.set(name, stored.data as Float32Array); // inFloat32 of half floats is float32
  }
  return rounded;
}

/** Whether a model stores some of these parameters in half floats. */
export function storesHalves(parameters: readonly TrainableParameter[]): boolean {
  return parameters.some((p) => isHalf(storedDtype(p.source)));
}

function storedDtype(value: Value): DataType {
  return value.constant?.dtype ?? "float32";
}

export interface VerifyOptions {
  /** Of the exported file; it is released. */
  readonly session: Session;
  /** What messages call the file. */
  readonly path: string;
  /** The exported model's output that holds logits, or what `kind` says of them. */
  readonly output: string;
  readonly kind: OutputKind;
  readonly batch: Batch;
  /** Values of inputs that the batch does not hold, by name. */
  readonly fixed?: ReadonlyMap<string, Tensor>;
  /** Whether the model's weights are half floats. */
  readonly inHalf?: boolean;
  /** What the training session gives for the batch, [B, …]. */
  readonly logits: Tensor<"float32">;
}

/** Runs the exported file and compares. @throws RunError if it computes something else */
export async function verifyExport(options: VerifyOptions): Promise<void> {
  const { path, output, batch, logits, kind } = options;
  const session = fixedSession(options.session, options.fixed ?? new Map());
  try {
    const want = outputFrom(logits.data, logits.dims.at(-1) ?? 1, kind);
    const got = await outputOfRows(session, batch, output);
    const tolerance = options.inHalf ? HALF_TOLERANCE : EXPORT_TOLERANCE;
    const scale = want.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-6);
    const worst =
      got.length === want.length ? want.reduce((m, v, i) => Math.max(m, Math.abs(v - got[i]!)), 0) : Infinity;
    if (!(worst <= tolerance * scale)) {
      throw new RunError(
        `the exported model ${path} does not compute what was trained: its output "${output}" differs by ${worst.toPrecision(2)}, largest value ${scale.toPrecision(2)}. The checkpoint is kept; please report this.`,
        { details: { path, worst, scale } },
      );
    }
  } finally {
    await session.release();
  }
}

/** An output for each row of a batch, fed as many rows at a time as the model's file insists on. */
async function outputOfRows(session: Session, batch: Batch, output: string): Promise<Float32Array> {
  const parts: Float32Array[] = [];
  const rows = batch.targets.dims[0] ?? 1;
  const insists = session.inputs.find((i) => batch.inputs.has(i.name))?.dims[0];
  const size = typeof insists === "number" && insists > 0 ? insists : rows;
  for (let start = 0; start < rows; start += size) {
    const feeds = new Map<string, Tensor>();
    for (const [name, { dtype, data, dims }] of batch.inputs) {
      if (!session.inputs.some((input) => input.name === name)) continue;
      const width = data.length / rows;
      const part = zeros(dtype, [size, ...dims.slice(1)]); // what the last part lacks stays 0
      for (let i = 0; i < part.data.length && start * width + i < data.length; i++)
        (part.data as unknown[])[i] = data[start * width + i];
      feeds.set(name, part);
    }
    const values = (await runInFloat32(session, feeds, [output])).get(output)?.data as Float32Array;
    const kept = Math.min(size, rows - start);
    parts.push(values.subarray(0, (values.length / size) * kept));
  }
  const [only] = parts;
  if (only && parts.length === 1) return only;
  const got = new Float32Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    got.set(part, at);
    at += part.length;
  }
  return got;
}

/** What an output of a kind gives for logits [B, classes]. */
function outputFrom(logits: Float32Array, classes: number, kind: OutputKind): Float32Array {
  if (kind === "logits") return logits;
  if (kind === "sigmoid") return logits.map((v) => 1 / (1 + Math.exp(-v)));
  const out = new Float32Array(logits.length);
  for (let at = 0; at < logits.length; at += classes) {
    const row = logits.subarray(at, at + classes);
    const top = row.reduce((a, b) => Math.max(a, b));
    const logSum = top + Math.log(row.reduce((sum, v) => sum + Math.exp(v - top), 0));
    out.set(kind === "softmax" ? row.map((v) => Math.exp(v - logSum)) : row.map((v) => v - logSum), at);
  }
  return out;
}
