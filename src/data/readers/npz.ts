import { DataError } from "../../errors.ts";
import { extension } from "../../platform/paths.ts";
import { openNpz } from "../formats/npy.ts";
import { datasetOfArrays } from "./arrays.ts";
import type { Reader } from "./reader.ts";

/**
 * Two arrays of a NumPy `.npz` file, see `datasetOfArrays`. An array of strings named `classes` gives the names of
 * integer labels.
 */
export const npz: Reader = {
  name: "npz",
  reads: "a NumPy .npz file with arrays images and labels, or x and y",
  detect: async (files, path) =>
    extension(path) === ".npz" && (await files.stat(path))?.kind === "file" ? "ends in .npz" : null,
  async open(files, path, options) {
    const arrays = await openNpz(files, path);
    const classes = async () => {
      const names = await arrays.get("classes")?.();
      if (names === undefined) return null;
      if (names.dtype === "string") return names.data as readonly string[];
      throw new DataError(`${path}: "classes" is ${names.dtype}, expected strings`);
    };
    return datasetOfArrays({ path, format: npz.name, arrays, classes }, options);
  },
};
