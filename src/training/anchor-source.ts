import type { Config } from "../config/schema.ts";
import { ConfigError } from "../errors.ts";
import { loadModel } from "../onnx/load.ts";
import type { AnchorPlace, AnchorValues } from "../optim/param-groups.ts";
import { storedTensors } from "../passes/parameters.ts";
import type { Files } from "../platform/files.ts";
import { decodeSafetensors } from "../tensor/safetensors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { loadSource } from "./model-parts.ts";
import { findModel } from "./model-source.ts";

const places: readonly AnchorPlace[] = ["init", "zero", "none"];

/** Where θ0 lies, for the run and for each of its groups, by what the settings call it. */
export type AnchorSources = ReadonlyMap<string, AnchorPlace | AnchorValues>;

/**
 * Reads every file that the settings name as an anchor: an ONNX model, or `.safetensors` with tensors under the names of
 * parameters, as `holdfast artifacts` writes them. A checkpoint of a run holds its kept weights flat; those are taken too.
 *
 * @throws FileError if a file cannot be read
 * @throws ConfigError if it holds no float32 tensor
 */
export async function openAnchors(
  files: Files,
  { optimizer, groups }: Pick<Config, "optimizer" | "groups">,
): Promise<AnchorSources> {
  const named = new Set([optimizer.anchorAt, ...groups.flatMap((g) => g.anchor ?? [])]);
  const sources = new Map<string, AnchorPlace | AnchorValues>();
  for (const name of named) {
    sources.set(name, await openAnchor(files, name));
  }
  return sources;
}

/** One anchor by what the settings call it: a place, or a file, as `openAnchors` reads it. */
export async function openAnchor(files: Files, name: string): Promise<AnchorPlace | AnchorValues> {
  return places.find((p) => p === name) ?? readAnchors(files, name);
}

async function readAnchors(files: Files, path: string): Promise<AnchorValues> {
  const found = path.endsWith(".safetensors")
    ? decodeSafetensors(await files.read(path), path).tensors
    : await weightsOf(files, path);
  const tensors = new Map(
    [...found].flatMap(([name, { dtype, dims, data }]) =>
      // The dtype says which array the data is.
      dtype === "float32" ? [[name, { dims, data: data as Float32Array }] as const] : [],
    ),
  );
  if (tensors.size > 0) return { from: path, tensors };
  throw new ConfigError(
    `anchor ${path}: it has ${found.size} tensors and none of float32; give the float32 model that training starts from`,
    { details: { path } },
  );
}

async function weightsOf(files: Files, path: string): Promise<Map<string, Tensor>> {
  const isFolder = (await files.stat(path))?.kind === "folder";
  const weights = storedTensors(
    await (isFolder ? loadSource(files, await findModel(files, path)) : loadModel(path, files)),
  );
  return new Map(weights.flatMap(({ name, value }) => (value.constant ? [[name, value.constant]] : [])));
}
