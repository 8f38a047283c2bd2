import { FileError, ModelError } from "../errors.ts";
import type { Files } from "../platform/files.ts";
import { basename, dirname, normalizePath, resolveInside } from "../platform/paths.ts";
import {
  type ModelProto,
  ModelProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
} from "./proto/onnx-ml_pb.ts";
import { storedByteLength } from "./tensor-proto.ts";
import { tensorsIn } from "./tensor-walk.ts";

/** Where a tensor's bytes lie beside the model file. `length` is what its dimensions need. */
export interface ExternalRange {
  /** The path as the file writes it, relative to the model's folder. */
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** The tensors of a model that lie outside its own file. */
export interface ExternalData {
  /** The path the model was loaded from. */
  readonly modelPath: string;
  readonly files: Files;
  /** Length of each file of weights, by path. */
  readonly sizes: ReadonlyMap<string, number>;
  /** The bytes of each external tensor, by its message. */
  readonly bytes: ReadonlyMap<TensorProto, Uint8Array>;
}

/** Neighbouring tensors this close are read together; a seek costs about as much as reading these bytes. */
const MAX_GAP_BYTES = 1 << 16;
/** Neighbours are joined up to this size, so that no one buffer has to be much larger than a tensor. */
const MAX_JOINED_BYTES = 1 << 28;
/** Reads start at multiples of this, so that a tensor aligned in its file is aligned in memory. */
const ALIGNMENT = 8;

/**
 * Reads the tensors of a model that lie in other files. Every place, length and file is checked before anything is
 * allocated, and no byte is read twice, so memory stays below the sizes of the files.
 *
 * @param largest tensors of more bytes than this are checked but not read: zeros stand for them, all the same ones
 * @returns null if the model keeps all its tensors itself
 * @throws ModelError if a file is missing, too short, or outside the model's folder, or a length does not fit dimensions
 */
export async function readExternalData(
  model: ModelProto,
  modelPath: string,
  files: Files,
  largest: number = Number.POSITIVE_INFINITY,
): Promise<ExternalData | null> {
  const wanted = new Map<string, Wanted[]>();
  for (const { proto, place } of tensorsIn(ModelProtoSchema, model)) {
    if (!isExternal(proto)) continue;
    const range = externalRange(proto, place);
    const path = externalPath(modelPath, range.location, `tensor "${proto.name}"`);
    const list = wanted.get(path);
    if (list) list.push({ proto, range });
    else wanted.set(path, [{ proto, range }]);
  }
  if (wanted.size === 0) return null;
  const sizes = new Map<string, number>();
  for (const [path, tensors] of wanted) sizes.set(path, await checkFile(path, tensors, modelPath, files));
  const bytes = new Map<TensorProto, Uint8Array>();
  const skipped = [...wanted.values()].flat().filter((t) => t.range.length > largest);
  const zeros = new Uint8Array(skipped.reduce((most, t) => Math.max(most, t.range.length), 0));
  for (const { proto, range } of skipped) bytes.set(proto, zeros.subarray(0, range.length));
  for (const [path, all] of wanted) {
    const tensors = all.filter((t) => t.range.length <= largest);
    tensors.sort((a, b) => a.range.offset - b.range.offset);
    for (const { start, end, first, last } of joinRanges(tensors.map((t) => t.range))) {
      const block = await files.readRange(path, start, end - start);
      for (const { proto, range } of tensors.slice(first, last + 1)) {
        bytes.set(proto, block.subarray(range.offset - start, range.offset - start + range.length));
      }
    }
  }
  return { modelPath, files, sizes, bytes };
}

interface Wanted {
  readonly proto: TensorProto;
  readonly range: ExternalRange;
}

export function isExternal(proto: TensorProto): boolean {
  return proto.dataLocation === TensorProto_DataLocation.EXTERNAL;
}

/**
 * The range that a tensor's `external_data` entries name.
 *
 * @throws ModelError if an entry is missing or no number, or the length is not what the dimensions need
 */
export function externalRange(proto: TensorProto, place: string): ExternalRange {
  const where = `tensor "${proto.name}" (${place})`;
  const entries = new Map(proto.externalData.map((e) => [e.key, e.value]));
  const location = entries.get("location");
  if (!location) throw new ModelError(`${where}: its data is external, but no location says in which file`);
  const needed = storedByteLength(proto, where);
  const length = wholeNumber(entries.get("length"), where, "length") ?? needed;
  if (length !== needed) {
    throw new ModelError(
      `${where}: external data of ${length} bytes, but dimensions [${proto.dims.join(", ")}] need ${needed}; the file is damaged`,
      { details: { tensor: proto.name, expected: needed, got: length } },
    );
  }
  return { location, offset: wholeNumber(entries.get("offset"), where, "offset") ?? 0, length };
}

function wholeNumber(text: string | undefined, where: string, key: string): number | null {
  if (text === undefined) return null;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new ModelError(`${where}: external data ${key} is ${JSON.stringify(text)}, expected a whole number`);
}

/** The length of a file of weights. @throws ModelError if it is missing or ends before a tensor does */
async function checkFile(
  path: string,
  tensors: readonly Wanted[],
  modelPath: string,
  files: Files,
): Promise<number> {
  const stat = await files.stat(path);
  if (stat?.kind !== "file") {
    const { proto, range } = tensors[0]!; // a file is asked for because a tensor names it
    throw new ModelError(
      `tensor "${proto.name}": its data lies in ${path}, which ${stat ? "is a folder" : "is not there"}; ` +
        `put ${range.location} beside ${basename(modelPath)} as it was exported`,
      { details: { path, tensor: proto.name } },
    );
  }
  for (const { proto, range } of tensors) {
    if (range.offset <= stat.bytes && range.length <= stat.bytes - range.offset) continue;
    throw new ModelError(
      `tensor "${proto.name}": its data is ${range.length} bytes at ${range.offset} of ${path}, ` +
        `which has only ${stat.bytes} bytes; the copy or download was cut short, fetch the file again`,
      { details: { path, tensor: proto.name, expected: range.offset + range.length, got: stat.bytes } },
    );
  }
  return stat.bytes;
}

/**
 * The path of a file of weights, given as the model file writes it.
 *
 * @throws ModelError if it is absolute, leaves the model's folder, or is the model file itself
 */
export function externalPath(modelPath: string, location: string, where: string): string {
  try {
    const path = resolveInside(dirname(modelPath), location);
    if (path !== normalizePath(modelPath)) return path;
  } catch (cause) {
    if (!(cause instanceof FileError)) throw cause;
    throw new ModelError(`${where}: external data ${cause.message}`, { cause, details: cause.details });
  }
  throw new ModelError(`${where}: its external data lies in the model file itself; the file is damaged`);
}

interface Block {
  readonly start: number;
  readonly end: number;
  readonly first: number;
  readonly last: number;
}

/** Ranges sorted by offset, joined where they overlap or nearly touch. */
function joinRanges(ranges: readonly ExternalRange[]): Block[] {
  const blocks: Block[] = [];
  for (const [i, { offset, length }] of ranges.entries()) {
    const block = blocks.at(-1);
    const end = Math.max(block?.end ?? 0, offset + length);
    const overlaps = block !== undefined && offset < block.end;
    const isNear =
      block !== undefined && offset - block.end <= MAX_GAP_BYTES && end - block.start <= MAX_JOINED_BYTES;
    if (block && (overlaps || isNear)) blocks[blocks.length - 1] = { ...block, end, last: i };
    else blocks.push({ start: offset - (offset % ALIGNMENT), end: offset + length, first: i, last: i });
  }
  return blocks;
}
