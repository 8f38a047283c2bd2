import { readNpz } from "../data/formats/npy.ts";
import type { ModelInput } from "../data/preprocess/preprocessing-for.ts";
import { ConfigError, DataError, ModelError } from "../errors.ts";
import type { Model } from "../onnx/model.ts";
import type { DeclaredType } from "../onnx/type.ts";
import type { Value } from "../onnx/value.ts";
import type { Files } from "../platform/files.ts";
import { widened } from "../tensor/half-tensor.ts";
import type { Shape } from "../tensor/shape.ts";

/** The inputs that must be fed: those without a stored value, or one that was fixed. */
export function fedInputs(model: Model): Value[] {
  const stored = new Set(model.graph.initializers);
  return model.graph.inputs.filter((v) => !stored.has(v) && v.constant === null);
}

/** The inputs that must be fed, as preprocessing sees them, and the batch size that the file insists on. */
export function modelInputs(model: Model): {
  readonly inputs: ModelInput[];
  readonly batchSize: number | null;
} {
  const fed = fedInputs(model);
  const size = (d: number | string | null) => (typeof d === "number" && d > 0 ? d : null);
  const inputs = fed.map(({ name, declared }) => {
    const dims = declared?.dims;
    if (!declared || !dims)
      throw new ModelError(
        `model input "${name}" declares no type with a shape, so nothing can be fed to it`,
      );
    // Half floats are fed as float32: whoever runs the file converts.
    return { name, dtype: widened(declared.dtype), dims: dims.slice(1).map(size) };
  });
  return { inputs, batchSize: size(fed[0]?.declared?.dims?.[0] ?? null) };
}

/**
 * A concrete shape for each input, by name: fixed dimensions as the model declares them, free ones by their symbol.
 * `batch` also stands for a free first dimension of any name, `input.1` for axis 1 of an input of that name.
 *
 * @throws ConfigError naming every dimension that is still free, or a symbol that the model does not have
 */
export function concreteShapes(model: Model, dims: ReadonlyMap<string, number>): Map<string, Shape> {
  checkDims(model, dims);
  const free = new Set<string>();
  const shapes = new Map<string, Shape>();
  for (const input of fedInputs(model)) {
    const declared = input.declared?.dims;
    if (!declared)
      throw new ConfigError(`input "${input.name}" declares no shape; give one by --like inputs.npz`);
    const shape = declared.map((dim, axis) => {
      const size = sizeFrom(dims, input.name, axis, dim);
      if (size === undefined) free.add(dim === null ? `${input.name}.${axis}` : String(dim));
      return size ?? 0;
    });
    shapes.set(input.name, shape);
  }
  if (free.size > 0) {
    const flags = [...free].map((name) => `--dim ${name}=…`);
    throw new ConfigError(
      `dimensions are free: give ${flags.join(" ")}, or sample inputs by --like inputs.npz`,
    );
  }
  return shapes;
}

/** Rows of a batch: the first axis of the first input by its size or a given dimension; 1 where neither says it. */
export function batchSizeOf(model: Model, dims: ReadonlyMap<string, number>): number {
  const [input] = fedInputs(model);
  const first = input?.declared?.dims?.[0];
  return input && first !== undefined ? (sizeFrom(dims, input.name, 0, first) ?? 1) : 1;
}

/** The given dimensions, with a batch of 1 where the model leaves a first dimension free that none of them names. */
export function withBatch(model: Model, dims: ReadonlyMap<string, number>): Map<string, number> {
  const isFree = fedInputs(model).some(({ name, declared }) => {
    const [first] = declared?.dims ?? [];
    return first !== undefined && sizeFrom(dims, name, 0, first) === undefined;
  });
  return new Map(isFree && !dims.has("batch") ? [...dims, ["batch", 1]] : dims);
}

/** @throws ConfigError if a dimension is named that no input of the model has */
export function checkDims(model: Model, given: ReadonlyMap<string, number>): void {
  const inputs = fedInputs(model);
  const symbols = new Set<string>();
  for (const { name, declared } of inputs) {
    const dims = declared?.dims ?? [];
    dims.forEach((dim, axis) => {
      if (typeof dim === "number") return;
      symbols.add(`${name}.${axis}`);
      if (dim !== null) symbols.add(dim);
      if (axis === 0) symbols.add("batch");
    });
  }
  const unknown = [...given.keys()].filter((name) => !symbols.has(name));
  if (unknown.length === 0) return;
  const declared = inputs.map(
    (v) => `${v.name} [${v.declared?.dims?.map((d) => d ?? "?").join(", ") ?? "?"}]`,
  );
  throw new ConfigError(
    `the model has no free dimension ${unknown.join(", ")}; its inputs are ${declared.join(", ")}` +
      (unknown.includes("batch") ? "; export it with a free first dimension, or keep that size" : ""),
    { details: { unknown } },
  );
}

/** The size of a dimension: declared, or given under its symbol, or as the batch. */
function sizeFrom(
  dims: ReadonlyMap<string, number>,
  input: string,
  axis: number,
  dim: number | string | null,
): number | undefined {
  if (typeof dim === "number") return dim;
  const named = dims.get(`${input}.${axis}`) ?? (dim === null ? undefined : dims.get(dim));
  return named ?? (axis === 0 ? dims.get("batch") : undefined);
}

/** The shapes of sample inputs in an `.npz` file, by input name. @throws DataError if an input is missing or does not fit */
export async function shapesLike(files: Files, path: string, model: Model): Promise<Map<string, Shape>> {
  const arrays = await readNpz(files, path);
  const shapes = new Map<string, Shape>();
  for (const { name, declared } of fedInputs(model)) {
    const array = arrays.get(name);
    if (!array)
      throw new DataError(`${path}: holds no array "${name}", only ${[...arrays.keys()].join(", ")}`);
    if (!fits(array.dims, declared)) {
      throw new DataError(
        `${path}: "${name}" has shape [${array.dims.join(", ")}], the model takes [${declared?.dims?.map((d) => d ?? "?").join(", ")}]`,
      );
    }
    shapes.set(name, array.dims);
  }
  return shapes;
}

function fits(dims: Shape, declared: DeclaredType | null): boolean {
  const wanted = declared?.dims;
  if (!wanted) return true;
  return wanted.length === dims.length && wanted.every((d, i) => typeof d !== "number" || d === dims[i]);
}
