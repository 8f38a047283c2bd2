import { DataError } from "../../errors.ts";
import { basename } from "../../platform/paths.ts";
import { halfToFloat } from "../../tensor/half.ts";
import { sizeOf } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { hashSample } from "../content-hash.ts";
import type { Dataset } from "../dataset.ts";
import { labelFields, labelsOfTensor, noLabels } from "./labels.ts";
import { imageAt, imageLayout } from "./pixels.ts";
import type { ReaderOptions } from "./reader.ts";

/** A file of named arrays. */
export interface ArrayFile {
  readonly path: string;
  /** Name of the reader. */
  readonly format: string;
  readonly arrays: ReadonlyMap<string, () => Promise<Tensor>>;
  /** Names of integer labels, or of the columns of labels of 0 and 1; null where the file has none. */
  readonly classes: () => Promise<readonly string[] | null>;
}

/**
 * Two arrays as labelled examples: examples [N, …] and labels [N]. Examples of uint8 are images [N, H, W] or
 * [N, H, W, C]; floats are images too where `white` says what white is, and otherwise go to the model as they are. Both
 * are held in memory.
 *
 * @throws DataError if there are no such arrays, or they do not fit each other
 */
export async function datasetOfArrays(file: ArrayFile, options: ReaderOptions): Promise<Dataset> {
  const { path, arrays } = file;
  const { labelling = "class" } = options;
  const names = options.arrays ?? pairIn(arrays, path, labelling !== "sample");
  const load = async (name: string): Promise<Tensor> => {
    const read = arrays.get(name);
    if (read) return read();
    throw new DataError(`${path}: no array "${name}", it holds ${[...arrays.keys()].join(", ")}`);
  };
  const x = await load(names.x);
  const count = x.dims[0] ?? 0;
  let labels = noLabels;
  if (labelling !== "sample") {
    labels = labelsOfTensor(await load(names.y), labelling, await file.classes(), `${path} "${names.y}"`);
    if (labels.values.length !== count) {
      throw new DataError(
        `${path}: "${names.x}" holds ${count} examples, "${names.y}" ${labels.values.length} labels`,
      );
    }
  }
  if (count === 0) throw new DataError(`${path}: "${names.x}" holds no example`);
  const { kind, at } = examplesOf(x, `${path} "${names.x}"`, options.white);
  return {
    source: path,
    format: file.format,
    kind,
    length: count,
    warnings: [],
    ...labelFields(labels),
    name: (i) => `${basename(path)}:${names.x}[${i}]`,
    key: (i) => hashSample(at(i)),
    load: async (i) => at(i),
  };
}

function pairIn(
  arrays: ReadonlyMap<string, unknown>,
  path: string,
  withLabels: boolean,
): { x: string; y: string } {
  const pairs = [
    { x: "images", y: "labels" },
    { x: "x", y: "y" },
  ].filter((p) => arrays.has(p.x) && (!withLabels || arrays.has(p.y)));
  if (pairs.length === 1) return pairs[0]!;
  throw new DataError(
    `${path}: ${pairs.length === 0 ? "neither" : "both"} images and labels ${pairs.length === 0 ? "nor" : "and"} x and y ` +
      `among its arrays ${[...arrays.keys()].join(", ")}; name the two with arrays: { x, y }`,
  );
}

function examplesOf(
  x: Tensor,
  what: string,
  white: ReaderOptions["white"],
): { kind: Dataset["kind"]; at: (i: number) => Awaited<ReturnType<Dataset["load"]>> } {
  if (x.dtype === "uint8") {
    const layout = imageLayout(x.dims, what);
    return { kind: "image", at: (i) => imageAt(x.data as Uint8Array, x.dims, layout, i) };
  }
  const numbers = floatsOf(x, what);
  if (white === undefined) {
    const dims = x.dims.slice(1);
    const size = sizeOf(dims);
    return {
      kind: "array",
      at: (i) => ({ kind: "array", dims, data: numbers.subarray(i * size, (i + 1) * size) }),
    };
  }
  const layout = imageLayout(x.dims, what);
  const outside = numbers.findIndex((v) => !(v >= 0 && v <= white));
  if (outside >= 0) throw new DataError(`${what}: a pixel is ${numbers[outside]}, expected 0 to ${white}`);
  const pixels = Uint8Array.from(numbers, (v) => Math.round((v * 255) / white));
  return { kind: "image", at: (i) => imageAt(pixels, x.dims, layout, i) };
}

function floatsOf(x: Tensor, what: string): Float32Array {
  if (x.dtype === "float32") return x.data as Float32Array;
  if (x.dtype === "float64") return Float32Array.from(x.data as Float64Array);
  if (x.dtype === "float16") return Float32Array.from(x.data as Uint16Array, halfToFloat);
  throw new DataError(`${what}: ${x.dtype} examples, expected uint8 images or floats`);
}
