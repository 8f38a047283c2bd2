import { FileError } from "../errors.ts";
import { checkRange, type Files, type FolderEntry, piecesOf } from "./files.ts";
import { joinBytes } from "./join-bytes.ts";
import { normalizePath } from "./paths.ts";

interface MemoryFile {
  bytes: Uint8Array<ArrayBuffer>;
  modified: number;
}

/**
 * Files that live in memory, for tests, and for a page's uploads. Relative and absolute paths share one root.
 *
 * @param initial content by path, text as UTF-8
 */
export function createMemoryFiles(initial: Readonly<Record<string, string | Uint8Array>> = {}): Files {
  const files = new Map<string, MemoryFile>();
  const folders = new Set<string>([""]);
  let clock = 0; // Counts changes instead of time, so that two stores with one history are equal.

  const missing = (path: string): FileError =>
    new FileError(`${path}: no such file`, { details: { path, code: "ENOENT" } });
  const file = (path: string): MemoryFile => {
    const at = keyOf(path);
    const found = files.get(at);
    if (found) return found;
    throw folders.has(at)
      ? new FileError(`${path}: is a folder`, { details: { path, code: "EISDIR" } })
      : missing(path);
  };
  const makeFolder = (path: string): void => {
    const parts = keyOf(path).split("/");
    for (let n = 1; n <= parts.length; n++) {
      const folder = parts.slice(0, n).join("/");
      if (files.has(folder)) {
        throw new FileError(`${folder}: is a file, expected a folder`, {
          details: { path, code: "ENOTDIR" },
        });
      }
      folders.add(folder);
    }
  };
  const put = (path: string, bytes: Uint8Array<ArrayBuffer>): void => {
    const at = keyOf(path);
    if (folders.has(at)) throw new FileError(`${path}: is a folder`, { details: { path, code: "EISDIR" } });
    makeFolder(parentOf(at));
    files.set(at, { bytes, modified: ++clock });
  };
  const readRange = (path: string, offset: number, length: number): Uint8Array<ArrayBuffer> => {
    const { bytes } = file(path);
    checkRange(path, offset, length, bytes.length);
    return bytes.slice(offset, offset + length);
  };
  for (const [path, content] of Object.entries(initial)) put(path, copyOf(content));

  return {
    read: async (path) => file(path).bytes.slice(),
    readRange: async (path, offset, length) => readRange(path, offset, length),
    readText: async (path) => new TextDecoder().decode(file(path).bytes),
    async write(path, content) {
      const pieces: Uint8Array[] = [];
      for await (const piece of piecesOf(content)) pieces.push(piece);
      put(path, joinBytes(pieces));
    },
    async append(path, content) {
      const before = files.get(keyOf(path))?.bytes ?? new Uint8Array();
      put(path, joinBytes([before, copyOf(content)]));
    },
    async list(folder) {
      const at = keyOf(folder);
      if (!folders.has(at)) {
        if (!files.has(at)) throw missing(folder);
        throw new FileError(`${folder}: is a file, expected a folder`, {
          details: { path: folder, code: "ENOTDIR" },
        });
      }
      const entries: FolderEntry[] = [];
      for (const path of files.keys())
        if (parentOf(path) === at) entries.push({ name: nameOf(path), kind: "file" });
      for (const path of folders) {
        if (path !== "" && parentOf(path) === at) entries.push({ name: nameOf(path), kind: "folder" });
      }
      return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    async stat(path) {
      const at = keyOf(path);
      const found = files.get(at);
      if (found) return { kind: "file", bytes: found.bytes.length, modified: found.modified };
      return folders.has(at) ? { kind: "folder", bytes: 0, modified: 0 } : null;
    },
    exists: async (path) => files.has(keyOf(path)) || folders.has(keyOf(path)),
    makeFolder: async (path) => makeFolder(path),
    async move(from, to) {
      const [a, b] = [keyOf(from), keyOf(to)];
      if (files.has(a)) {
        put(to, file(from).bytes);
        if (a !== b) files.delete(a);
        return;
      }
      if (!folders.has(a)) throw missing(from);
      if (folders.has(b) || files.has(b)) {
        throw new FileError(`${to}: exists already`, { details: { path: to, code: "EEXIST" } });
      }
      makeFolder(parentOf(b));
      for (const [path, entry] of [...files]) {
        if (!path.startsWith(`${a}/`)) continue;
        files.delete(path);
        files.set(b + path.slice(a.length), entry);
      }
      for (const path of [...folders]) {
        if (path !== a && !path.startsWith(`${a}/`)) continue;
        folders.delete(path);
        folders.add(b + path.slice(a.length));
      }
    },
    async remove(path) {
      const at = keyOf(path);
      const inside = (p: string) => p === at || p.startsWith(`${at}/`);
      for (const p of [...files.keys()]) if (inside(p)) files.delete(p);
      for (const p of [...folders]) if (p !== "" && inside(p)) folders.delete(p);
    },
  };
}

function keyOf(path: string): string {
  const normal = normalizePath(path).replace(/^\/+/, "");
  return normal === "." ? "" : normal;
}

function parentOf(key: string): string {
  return key.slice(0, Math.max(0, key.lastIndexOf("/")));
}

function nameOf(key: string): string {
  return key.slice(key.lastIndexOf("/") + 1);
}

function copyOf(content: string | Uint8Array): Uint8Array<ArrayBuffer> {
  return typeof content === "string" ? new TextEncoder().encode(content) : new Uint8Array(content);
}
