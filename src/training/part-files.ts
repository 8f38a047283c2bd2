import { ModelError } from "../errors.ts";
import { fileDtypeOf } from "../platform/file-dtypes.ts";
import { basename } from "../platform/paths.ts";

/** Paths of the files of a language model in parts. */
export interface PartFiles {
  /** Null for a model of texts alone. */
  readonly visionEncoder: string | null;
  readonly tokenEmbedding: string;
  readonly decoder: string;
}

/** How Transformers.js names the files, without what tells their precision: `vision_encoder_fp16.onnx`. */
export const FILE_NAMES: Readonly<Record<keyof PartFiles, string>> = {
  visionEncoder: "vision_encoder",
  tokenEmbedding: "embed_tokens",
  decoder: "decoder_model_merged",
};

/**
 * Finds the files of a language model in parts among those of a folder: of each part the plain one, or the only one.
 *
 * @param paths of the folder's `.onnx` files
 * @returns null if it holds no such model
 * @throws ModelError if a part is missing, or there is one in several precisions but none in full
 */
export function findParts(folder: string, paths: readonly string[]): PartFiles | null {
  const found = (key: keyof PartFiles): readonly string[] => {
    const name = FILE_NAMES[key];
    const plain = paths.filter((path) => basename(path) === `${name}.onnx`);
    return plain.length > 0 ? plain : paths.filter((path) => fileDtypeOf(path).name === name);
  };
  const [vision, embedding, decoder] = [found("visionEncoder"), found("tokenEmbedding"), found("decoder")];
  if (embedding.length === 0 && (vision.length === 0 || decoder.length === 0)) return null;
  const missing = [
    ...(embedding.length === 0 ? [`${FILE_NAMES.tokenEmbedding}.onnx`] : []),
    ...(decoder.length === 0 ? [`${FILE_NAMES.decoder}.onnx`] : []),
  ];
  if (missing.length > 0) {
    throw new ModelError(
      `${folder}: holds ${[...vision, ...embedding, ...decoder].map((path) => basename(path)).join(", ")}, but no ${missing.join(" and no ")}; ` +
        "a language model in parts is a token embedding, a decoder and, for images, a vision encoder",
      { details: { folder, missing } },
    );
  }
  const only = (list: readonly string[]): string => {
    if (list.length === 1) return list[0]!;
    throw new ModelError(
      `${folder}: holds one part several times: ${list.join(", ")}; leave one of them, or give it the name without its precision`,
    );
  };
  return {
    visionEncoder: vision.length === 0 ? null : only(vision),
    tokenEmbedding: only(embedding),
    decoder: only(decoder),
  };
}
