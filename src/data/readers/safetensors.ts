import { DataError } from "../../errors.ts";
import { extension } from "../../platform/paths.ts";
import { decodeSafetensors } from "../../tensor/safetensors.ts";
import { datasetOfArrays } from "./arrays.ts";
import type { Reader } from "./reader.ts";

/**
 * Two tensors of a `.safetensors` file, see `datasetOfArrays`. A JSON list under `classes` in the file's metadata gives
 * the names of integer labels.
 */
export const safetensors: Reader = {
  name: "safetensors",
  reads: "a .safetensors file with tensors images and labels, or x and y",
  detect: async (files, path) =>
    extension(path) === ".safetensors" && (await files.stat(path))?.kind === "file"
      ? "ends in .safetensors"
      : null,
  async open(files, path, options) {
    const { tensors, metadata } = decodeSafetensors(await files.read(path), path);
    const arrays = new Map([...tensors].map(([name, tensor]) => [name, async () => tensor]));
    const classes = async () => (metadata.classes === undefined ? null : namesIn(metadata.classes, path));
    return datasetOfArrays({ path, format: safetensors.name, arrays, classes }, options);
  },
};

function namesIn(text: string, path: string): readonly string[] {
  let names: unknown;
  try {
    names = JSON.parse(text);
  } catch {
    names = null;
  }
  if (Array.isArray(names) && names.every((name) => typeof name === "string")) return names;
  throw new DataError(`${path}: classes in its metadata is ${text}, expected a JSON list of names`);
}
