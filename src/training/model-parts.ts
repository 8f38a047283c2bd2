import { ModelError } from "../errors.ts";
import { JoinedModel } from "../onnx/joined-model.ts";
import { type LoadOptions, loadModel } from "../onnx/load.ts";
import type { Model } from "../onnx/model.ts";
import { saveModel } from "../onnx/save.ts";
import { joinLanguageModel } from "../passes/vision-language.ts";
import type { Files } from "../platform/files.ts";
import { basename, joinPath } from "../platform/paths.ts";
import { imageTokenOf } from "./language-parts.ts";
import type { ModelSource } from "./model-source.ts";
import { FILE_NAMES } from "./part-files.ts";

/**
 * The model of a source; one in parts is joined.
 *
 * @throws ModelError as `loadModel` does, or if parts do not fit; ConfigError if no token stands for the image
 */
export async function loadSource(
  files: Files,
  source: ModelSource,
  options: LoadOptions = {},
): Promise<Model> {
  const { parts } = source;
  if (!parts) return loadModel(source.path, files, options);
  const load = (path: string) => loadModel(path, files, options);
  if (parts.visionEncoder === null && imageTokenOf(source) !== null) {
    throw new ModelError(
      `${source.folder}: config.json names a token for images, but ${FILE_NAMES.visionEncoder}.onnx is missing beside ${basename(parts.decoder)}; put it there, or take the token out of config.json to train on texts alone`,
      { details: { folder: source.folder, missing: `${FILE_NAMES.visionEncoder}.onnx` } },
    );
  }
  return joinLanguageModel(
    {
      visionEncoder: parts.visionEncoder === null ? null : await load(parts.visionEncoder),
      tokenEmbedding: await load(parts.tokenEmbedding),
      decoder: await load(parts.decoder),
    },
    imageTokenOf(source),
  );
}

/** What `saveSource` wrote. */
export interface SavedSource {
  /** The `.onnx` file; of a model in parts, the decoder's. */
  readonly path: string;
  /** All files written, those of weights too. */
  readonly written: readonly string[];
}

/**
 * Writes a model into the folder `onnx/` of a model folder: `model.onnx`, or each part under the name of the file that it
 * came from.
 *
 * @param from where the model came from
 * @throws ModelError if parts would lie beside a `model.onnx`, which a folder is opened by
 */
export async function saveSource(
  model: Model,
  folder: string,
  { files, from }: { readonly files: Files; readonly from: ModelSource },
): Promise<SavedSource> {
  const to = (path: string) => joinPath(folder, "onnx", basename(path));
  const { parts } = from;
  if (!(model instanceof JoinedModel) || !parts) {
    const path = to("model.onnx");
    return { path, written: await saveModel(model, path, files) };
  }
  if (await files.exists(to("model.onnx")))
    throw new ModelError(
      `${to("model.onnx")} is there already and would be taken for the model of these parts; remove it, or name another folder`,
    );
  const own = [parts.visionEncoder, parts.tokenEmbedding, parts.decoder].filter((path) => path !== null);
  const written = await model.apart(async (each) => {
    const paths: string[] = [];
    for (const [i, part] of each.entries()) paths.push(...(await saveModel(part.model, to(own[i]!), files))); // in the order of joining
    return paths;
  });
  return { path: to(parts.decoder), written };
}
