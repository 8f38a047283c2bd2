import * as fs from "node:fs/promises";
import { FileError, messageOf } from "../errors.ts";
import { checkRange, type Files, type FolderEntry, piecesOf } from "./files.ts";
import { basename, dirname, joinPath } from "./paths.ts";

// One read call takes at most 2^31 − 1 bytes; a round number below it.
const CHUNK_BYTES = 1 << 30;
const TEMPORARY = /^\..*\.\d+-\d+\.unfinished$/;
let writes = 0;

/** The disk, through `node:fs`. Files beyond 2 GiB are read and written in pieces. */
export const nodeFiles: Files = {
  read: (path) =>
    attempt(path, "read", () =>
      withFile(path, "r", async (file) => readFrom(file, 0, (await file.stat()).size)),
    ),

  readRange: (path, offset, length) =>
    attempt(path, "read", () =>
      withFile(path, "r", async (file) => {
        checkRange(path, offset, length, (await file.stat()).size);
        return readFrom(file, offset, length);
      }),
    ),

  readText: (path) => attempt(path, "read", () => fs.readFile(path, "utf8")),

  write: (path, content) =>
    attempt(path, "write", async () => {
      const folder = dirname(path);
      await fs.mkdir(folder, { recursive: true });
      const temporary = joinPath(folder, `.${basename(path)}.${process.pid}-${++writes}.unfinished`);
      try {
        await withFile(temporary, "wx", async (file) => {
          for await (const piece of piecesOf(content)) await writeTo(file, piece);
          await file.sync();
        });
        await fs.rename(temporary, path);
      } catch (error) {
        await fs.rm(temporary, { force: true });
        throw error;
      }
      await syncFolder(folder);
    }),

  append: (path, content) =>
    attempt(path, "append to", async () => {
      await fs.mkdir(dirname(path), { recursive: true });
      await fs.appendFile(path, content);
    }),

  list: (folder) =>
    attempt(folder, "list", async () => {
      const entries: FolderEntry[] = [];
      for (const entry of await fs.readdir(folder, { withFileTypes: true })) {
        if (TEMPORARY.test(entry.name)) continue;
        let isFolder = entry.isDirectory();
        if (entry.isSymbolicLink()) {
          const target = await statOrNull(joinPath(folder, entry.name));
          if (target === null) continue; // A link to nothing is nothing, as it is for `stat`.
          isFolder = target.kind === "folder";
        }
        entries.push({ name: entry.name, kind: isFolder ? "folder" : "file" });
      }
      return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    }),

  stat: (path) => attempt(path, "stat", () => statOrNull(path)),
  exists: (path) => attempt(path, "stat", async () => (await statOrNull(path)) !== null),

  makeFolder: (path) =>
    attempt(path, "make the folder", async () => {
      await fs.mkdir(path, { recursive: true });
    }),

  move: (from, to) =>
    attempt(from, `move to ${to}`, async () => {
      const [source, target] = [await fs.stat(from), await statOrNull(to)];
      // rename(2) would replace an empty folder silently; one rule holds for all stores.
      if (source.isDirectory() && target)
        throw Object.assign(new Error(`${to} exists already`), { code: "EEXIST" });
      await fs.mkdir(dirname(to), { recursive: true });
      await fs.rename(from, to);
      await syncFolder(dirname(to));
    }),

  remove: (path) => attempt(path, "remove", () => fs.rm(path, { recursive: true, force: true })),
};

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EISDIR: "is a folder",
  ENOTDIR: "is a file, expected a folder",
  EACCES: "permission denied",
  EPERM: "permission denied",
  ENOSPC: "the disk is full",
  EEXIST: "exists already",
};

async function attempt<T>(path: string, action: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (error instanceof FileError) throw error;
    const code = codeOf(error);
    // An error without a system code came from the caller's own pieces, not from the disk.
    if (code === "") throw error;
    throw new FileError(`${path}: cannot ${action}: ${reasons[code] ?? messageOf(error)}`, {
      cause: error,
      details: { path, code },
    });
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

async function withFile<T>(
  path: string,
  flags: string,
  body: (file: fs.FileHandle) => Promise<T>,
): Promise<T> {
  const file = await fs.open(path, flags);
  try {
    return await body(file);
  } finally {
    await file.close();
  }
}

async function readFrom(
  file: fs.FileHandle,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, Math.min(CHUNK_BYTES, length - done), offset + done);
    if (bytesRead === 0)
      throw Object.assign(new Error("the file shrank while it was read"), { code: "ESHRUNK" });
    done += bytesRead;
  }
  return bytes;
}

async function writeTo(file: fs.FileHandle, bytes: Uint8Array): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    done += (await file.write(bytes, done, Math.min(CHUNK_BYTES, bytes.length - done))).bytesWritten;
  }
}

async function statOrNull(path: string): ReturnType<Files["stat"]> {
  try {
    const found = await fs.stat(path);
    const isFolder = found.isDirectory();
    return { kind: isFolder ? "folder" : "file", bytes: isFolder ? 0 : found.size, modified: found.mtimeMs };
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw error;
  }
}

// The rename itself lasts only once the folder is on disk. Windows cannot open a folder; it orders renames by itself.
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  await withFile(folder, "r", (handle) => handle.sync());
}
