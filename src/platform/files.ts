import { FileError } from "../errors.ts";

/** What `write` takes: text (as UTF-8), bytes, or pieces of bytes in order for content too large for one array. */
export type FileContent = string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

export interface FileStat {
  readonly kind: "file" | "folder";
  /** Length of a file; 0 for a folder. */
  readonly bytes: number;
  /** Last change, in milliseconds since 1970; with `bytes`, a cheap sign that a file is another one now. */
  readonly modified: number;
}

export interface FolderEntry {
  readonly name: string;
  readonly kind: "file" | "folder";
}

/**
 * A store of files and folders: a disk, or a memory. Paths use `/` on every platform and symbolic links are followed.
 *
 * Every method rejects with a `FileError` that names the path; `stat` and `exists` do not mind what is missing.
 */
export interface Files {
  /** All bytes of a file, of any length. */
  read(path: string): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * `length` bytes from position `offset`, in a buffer of their own. The range is checked against the file's length
   * before anything is allocated, so numbers from an untrusted header are safe here.
   */
  readRange(path: string, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** A whole file as UTF-8 text. */
  readText(path: string): Promise<string>;
  /**
   * Replaces a file at once: readers see the old content or the new one, also after a crash (temporary file beside it,
   * fsync, rename). Makes the folders above it.
   */
  write(path: string, content: FileContent): Promise<void>;
  /** Adds to the end of a file, and makes it and the folders above it where missing. A crash may leave a part. */
  append(path: string, content: string | Uint8Array): Promise<void>;
  /** What lies directly in a folder, sorted by name in code-unit order; unfinished `write`s are left out. */
  list(folder: string): Promise<readonly FolderEntry[]>;
  /** Kind and size, or null where there is nothing. */
  stat(path: string): Promise<FileStat | null>;
  exists(path: string): Promise<boolean>;
  /** Makes a folder and those above it; one that is there already is left as it is. */
  makeFolder(path: string): Promise<void>;
  /** Renames a file or folder in one step; a file at `to` is replaced, a folder there must not exist. */
  move(from: string, to: string): Promise<void>;
  /** Removes a file, or a folder with all in it; nothing there is no error. */
  remove(path: string): Promise<void>;
}

/**
 * Checks a range against a file's length, with the message that every implementation gives.
 *
 * @throws FileError if the range is not whole numbers, or ends behind the file
 */
export function checkRange(path: string, offset: number, length: number, size: number): void {
  const sane =
    Number.isSafeInteger(offset) &&
    Number.isSafeInteger(length) &&
    offset >= 0 &&
    length >= 0 &&
    offset <= size;
  if (sane && length <= size - offset) return;
  throw new FileError(`${path}: cannot read ${length} bytes at ${offset}, the file has ${size} bytes`, {
    details: { path, offset, length, size },
  });
}

/** The pieces of some content, in order, as bytes. */
export function piecesOf(content: FileContent): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  if (typeof content === "string") return [new TextEncoder().encode(content)];
  return content instanceof Uint8Array ? [content] : content;
}
