import { DataError } from "../../errors.ts";
import type { Files } from "../../platform/files.ts";
import { basename, dirname, joinPath } from "../../platform/paths.ts";
import { hashSample } from "../content-hash.ts";
import type { Labelling } from "../dataset.ts";
import { looksLikeIdx, readIdx } from "../formats/idx.ts";
import { type Labels, labelFields, labelsOfTensor, noLabels } from "./labels.ts";
import { imageAt, imageLayout } from "./pixels.ts";
import type { Reader } from "./reader.ts";

/**
 * A pair of IDX files as MNIST has them, plain or gzipped: the path is that of the images, and the labels lie beside it
 * under the same name with `labels` for `images` and `idx1` for `idx3`.
 */
export const idx: Reader = {
  name: "idx",
  reads: "an IDX file of images (train-images-idx3-ubyte, also .gz) with its labels beside it",
  async detect(files, path) {
    return /images/.test(basename(path)) && (await looksLikeIdx(files, path))
      ? "starts as an IDX file"
      : null;
  },
  async open(files, path, options) {
    const { labelling = "class" } = options;
    const images = await readIdx(files, path);
    const layout = imageLayout(images.dims, path);
    const count = images.dims[0]!;
    const labels = labelling === "sample" ? noLabels : await readLabels(files, path, labelling, count);
    if (count === 0) throw new DataError(`${path}: holds no image`);
    const at = (i: number) => imageAt(images.data, images.dims, layout, i);
    return {
      source: path,
      format: idx.name,
      kind: "image",
      length: count,
      warnings: [],
      ...labelFields(labels),
      name: (i) => `${basename(path)}[${i}]`,
      key: (i) => hashSample(at(i)),
      load: async (i) => at(i),
    };
  },
};

async function readLabels(
  files: Files,
  path: string,
  labelling: Exclude<Labelling, "sample">,
  count: number,
): Promise<Labels> {
  const labelPath = await labelsBeside(files, path);
  const labels = labelsOfTensor(await readIdx(files, labelPath), labelling, null, labelPath);
  if (labels.values.length === count) return labels;
  throw new DataError(`${path}: ${count} images, but ${labels.values.length} labels in ${labelPath}`);
}

async function labelsBeside(files: Files, path: string): Promise<string> {
  const name = basename(path).replace("images", "labels").replace("idx3", "idx1");
  const gzipped = name.endsWith(".gz") ? [name, name.slice(0, -3)] : [name, `${name}.gz`];
  for (const candidate of gzipped) {
    const labels = joinPath(dirname(path), candidate);
    if (labels !== path && (await files.exists(labels))) return labels;
  }
  throw new DataError(`${path}: its labels are missing, expected ${gzipped.join(" or ")} beside it`);
}
