import { ModelError } from "../errors.ts";
import type { Files } from "../platform/files.ts";
import { basename, dirname, joinPath, normalizePath } from "../platform/paths.ts";
import { encodeBytes, encodeModelProto } from "./encode.ts";
import { type ExternalData, externalPath, externalRange, isExternal } from "./external-data.ts";
import { type ExternalFileLayout, type ExternalItem, layOut } from "./external-layout.ts";
import { JoinedModel } from "./joined-model.ts";
import type { Model } from "./model.ts";
import { type ModelProto, ModelProtoSchema, type TensorProto } from "./proto/onnx-ml_pb.ts";
import { withExternalData } from "./tensor-proto.ts";
import { replaceTensors, tensorsIn } from "./tensor-walk.ts";

/** Models with more weights than this get a file of weights: protobuf ends at 2 GiB, and writing needs room twice. */
const MAX_INLINE_BYTES = 2 ** 30;
/** Smaller tensors stay in the model file, so that runtimes can read shapes and scalars without the other file. */
const MIN_SPILLED_BYTES = 1024;
const PIECE_BYTES = 1 << 24;

export interface SaveOptions {
  /**
   * Weights beyond this many bytes in the model file go to `<file name>_data` beside it. Left out: 1 GiB, or what the
   * file held when it was loaded, if that was more.
   */
  readonly maxInlineBytes?: number;
}

/**
 * Writes a model to `path`, and the files of weights beside it. What was read and not changed is written as it was
 * read; a file of weights keeps its name, and its offsets as long as the sizes of its tensors agree. Beside the model it
 * was loaded from, under another name, its files of weights take the new name too, so that the old model stays whole.
 *
 * All content is on the disk before the first name changes, and the model file comes last.
 *
 * @returns the paths of all files written, the model file last
 * @throws ModelError if the model takes 2 GiB or more in its own file, or is joined of several
 * @throws FileError if a file cannot be written
 */
export async function saveModel(
  model: Model,
  path: string,
  files: Files,
  options: SaveOptions = {},
): Promise<readonly string[]> {
  if (model instanceof JoinedModel)
    throw new ModelError(
      `${path}: the model is joined of ${model.parts.map((p) => p.name).join(", ")}, which go to a file each; name a folder for them`,
    );
  const replaced = new Map<TensorProto, TensorProto>();
  const proto = encodeModelProto(model, (now, before) => replaced.set(now, before));
  const outside = externalItems(model, proto, replaced);
  const isOutside = new Set(outside.map((item) => item.proto));
  const inside = inlineTensors(proto).filter((tensor) => !isOutside.has(tensor));
  const limit = options.maxInlineBytes ?? Math.max(MAX_INLINE_BYTES, bytesOfAll(inlineTensors(model.origin)));
  const spilled = bytesOfAll(inside) > limit ? spilledItems(proto, new Set(inside)) : [];
  const layouts = layOut([...outside, ...spilled], `${basename(path)}_data`);
  const rename = await renaming(model, layouts, path, files);
  const bytes = encodeBytes(pointTo(proto, layouts, replaced, rename));
  const contents = layouts.map((layout) => ({
    path: externalPath(path, rename(layout.location), "saving"),
    content: fileContent(layout, model.external ?? null),
  }));
  await writeTogether([...contents, { path, content: [bytes] }], files);
  return [...contents.map((c) => c.path), path];
}

/** The tensors that lay outside the model file, wherever they stand in it. */
function externalItems(
  model: Model,
  proto: ModelProto,
  replaced: ReadonlyMap<TensorProto, TensorProto>,
): ExternalItem[] {
  const items = new Map<TensorProto, ExternalItem>();
  for (const { proto: tensor, place } of tensorsIn(ModelProtoSchema, proto)) {
    const read = replaced.get(tensor) ?? tensor;
    if (!isExternal(read)) continue;
    // Renamed tensors still point to their file; only those with new elements hold bytes of their own.
    const isChanged = !isExternal(tensor);
    const bytes = isChanged ? tensor.rawData : model.external?.bytes.get(read);
    if (bytes === undefined) {
      throw new ModelError(
        `tensor "${tensor.name}" (${place}): its data lies in another file, which was not loaded; load the model by its path`,
      );
    }
    items.set(tensor, { proto: tensor, bytes, before: externalRange(read, place), isChanged });
  }
  return [...items.values()];
}

/** The initializers that leave the model file because it would become too large. */
function spilledItems(proto: ModelProto, inside: ReadonlySet<TensorProto>): ExternalItem[] {
  return (proto.graph?.initializer ?? [])
    .filter((tensor) => inside.has(tensor) && tensor.rawData.length >= MIN_SPILLED_BYTES)
    .map((tensor) => ({ proto: tensor, bytes: tensor.rawData, before: null, isChanged: true }));
}

/** Tensors with raw data in their message. */
function inlineTensors(proto: ModelProto | null): TensorProto[] {
  if (proto === null) return [];
  return [...tensorsIn(ModelProtoSchema, proto)].map((t) => t.proto).filter((t) => t.rawData.length > 0);
}

function bytesOfAll(tensors: readonly TensorProto[]): number {
  return tensors.reduce((sum, t) => sum + t.rawData.length, 0);
}

/** The message with every external tensor pointing to its new place. One that lies where it lay stays as it was. */
function pointTo(
  proto: ModelProto,
  layouts: readonly ExternalFileLayout[],
  replaced: ReadonlyMap<TensorProto, TensorProto>,
  rename: (location: string) => string,
): ModelProto {
  const layoutOf = new Map(layouts.flatMap((layout) => [...layout.offsets.keys()].map((t) => [t, layout])));
  return replaceTensors(ModelProtoSchema, proto, (tensor) => {
    const layout = layoutOf.get(tensor);
    if (layout === undefined) return tensor;
    const location = rename(layout.location);
    if (layout.isKept && location === layout.location && isExternal(tensor)) return tensor;
    const read = replaced.get(tensor) ?? tensor;
    const length = isExternal(tensor) ? externalRange(tensor, "").length : tensor.rawData.length;
    const others = isExternal(read) ? read.externalData.filter((e) => !PLACE_KEYS.has(e.key)) : [];
    return withExternalData(tensor, [
      ["location", location],
      ["offset", String(layout.offsets.get(tensor) ?? 0)],
      ["length", String(length)],
      ...others.map((e) => [e.key, e.value] as const),
    ]);
  });
}

/** Entries that say where a tensor lies, and the checksum of its file, which another content would make false. */
const PLACE_KEYS: ReadonlySet<string> = new Set(["location", "offset", "length", "checksum"]);

/** New locations for files of weights that would otherwise replace those of the model that was loaded. */
async function renaming(
  model: Model,
  layouts: readonly ExternalFileLayout[],
  path: string,
  files: Files,
): Promise<(location: string) => string> {
  const loaded = model.external;
  const same = (location: string) => location;
  if (!loaded || loaded.files !== files || (await isSameFile(loaded.modelPath, path, files))) return same;
  const isBeside = await Promise.all(
    layouts.map(({ location }) =>
      isSameFile(
        externalPath(loaded.modelPath, location, "saving"),
        externalPath(path, location, "saving"),
        files,
      ),
    ),
  );
  if (!isBeside.includes(true)) return same;
  const [before, now] = [basename(loaded.modelPath), basename(path)];
  return (location) => {
    const name = basename(location);
    const renamed = name.startsWith(before) ? now + name.slice(before.length) : `${now}.${name}`;
    return joinPath(dirname(location), renamed);
  };
}

// A relative and an absolute path may mean one file, which length and time of change then betray.
async function isSameFile(a: string, b: string, files: Files): Promise<boolean> {
  if (normalizePath(a) === normalizePath(b)) return true;
  const [x, y] = [await files.stat(a), await files.stat(b)];
  return x !== null && y !== null && x.bytes === y.bytes && x.modified === y.modified;
}

/** The bytes of a file of weights in order. What no tensor of the model names is taken from the old file. */
async function* fileContent(
  layout: ExternalFileLayout,
  external: ExternalData | null,
): AsyncGenerator<Uint8Array> {
  const source = layout.isKept && external ? await sourceOf(layout.location, external) : null;
  let at = 0;
  for (const { offset, bytes } of layout.slots) {
    yield* gap(at, offset, source);
    if (offset + bytes.length <= at) continue;
    yield offset < at ? bytes.subarray(at - offset) : bytes;
    at = offset + bytes.length;
  }
  if (source) yield* gap(at, source.size, source);
}

interface Source {
  readonly path: string;
  readonly size: number;
  readonly files: Files;
}

/** The file that was loaded, or null if another has taken its place. */
async function sourceOf(location: string, external: ExternalData): Promise<Source | null> {
  const path = externalPath(external.modelPath, location, "saving");
  const size = external.sizes.get(path);
  const stat = await external.files.stat(path);
  return size !== undefined && stat?.bytes === size ? { path, size, files: external.files } : null;
}

async function* gap(from: number, to: number, source: Source | null): AsyncGenerator<Uint8Array> {
  for (let at = from; at < to; at += PIECE_BYTES) {
    const length = Math.min(PIECE_BYTES, to - at);
    if (source) yield await source.files.readRange(source.path, at, length);
    else yield new Uint8Array(length);
  }
}

interface FileToWrite {
  readonly path: string;
  readonly content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** Writes files so that a crash leaves all old or, but for the instant of the renames, all new. */
async function writeTogether(contents: readonly FileToWrite[], files: Files): Promise<void> {
  const [only] = contents;
  if (contents.length === 1 && only) return files.write(only.path, only.content);
  const waiting = contents.map(({ path }) => `${path}.saving`);
  try {
    for (const [i, { content }] of contents.entries()) await files.write(waiting[i]!, content);
    for (const [i, { path }] of contents.entries()) await files.move(waiting[i]!, path);
  } catch (error) {
    for (const path of waiting) await files.remove(path);
    throw error;
  }
}
