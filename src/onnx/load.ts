import { FileError, ModelError } from "../errors.ts";
import type { Files } from "../platform/files.ts";
import { decodeModelProto, parseModelProto } from "./decode.ts";
import { MAX_MESSAGE_BYTES } from "./encode.ts";
import { readExternalData } from "./external-data.ts";
import type { Model } from "./model.ts";
import { ModelProtoSchema } from "./proto/onnx-ml_pb.ts";
import { alignRawData } from "./tensor-proto.ts";
import { tensorsIn } from "./tensor-walk.ts";

export interface LoadOptions {
  /**
   * Tensors of more bytes than this that lie in files beside the model are not read, and zeros stand for them: for who
   * looks at the graph alone. Such a model must not be run or saved. Left out: everything is read.
   */
  readonly largestTensor?: number;
}

/**
 * The model of an `.onnx` file, with the tensors that lie in files beside it. Weights inside the file are views on its
 * bytes, without a copy.
 *
 * @throws ModelError if the file is no model, is damaged, is 2 GiB or more, or misses a file of weights; the message
 *   names file, place and remedy
 * @throws FileError if the file cannot be read
 */
export async function loadModel(path: string, files: Files, options: LoadOptions = {}): Promise<Model> {
  const stat = await files.stat(path);
  if (stat?.kind === "folder") {
    throw new FileError(`${path}: is a folder, expected an .onnx file`, { details: { path } });
  }
  if (stat !== null && stat.bytes > MAX_MESSAGE_BYTES) {
    throw new ModelError(
      `${path}: ${stat.bytes} bytes, and protobuf ends at 2 GiB, so no program can have written this file whole; ` +
        "export it with external data (in Python: onnx.save(model, path, save_as_external_data=True))",
      { details: { path, expected: MAX_MESSAGE_BYTES, got: stat.bytes } },
    );
  }
  const bytes = await files.read(path);
  return withPath(path, async () => {
    const proto = parseModelProto(bytes);
    // The bytes were read here and nobody else holds them, so tensors may be moved within them.
    for (const tensor of tensorsIn(ModelProtoSchema, proto)) alignRawData(tensor.proto);
    return decodeModelProto(proto, await readExternalData(proto, path, files, options.largestTensor));
  });
}

/**
 * The model in bytes that are in memory already. `path` names it in messages; its folder in `files` holds the files of
 * weights. The bytes are viewed, so they must not change afterwards.
 *
 * @throws ModelError as `loadModel` does
 */
export async function loadModelBytes(bytes: Uint8Array, path: string, files?: Files): Promise<Model> {
  return withPath(path, async () => {
    const proto = parseModelProto(bytes);
    return decodeModelProto(proto, files ? await readExternalData(proto, path, files) : null);
  });
}

async function withPath<T>(path: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    throw new ModelError(`${path}: ${error.message}`, { cause: error, details: { path, ...error.details } });
  }
}
