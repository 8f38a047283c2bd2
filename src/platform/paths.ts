import { FileError } from "../errors.ts";

/** Joins parts with `/` and resolves `.` and `..` in the text alone; an absolute later part does not start anew. */
export function joinPath(first: string, ...rest: readonly string[]): string {
  return normalizePath([first, ...rest].filter((p) => p !== "").join("/"));
}

/** One spelling per path: forward slashes, no `.`, no empty part, `..` resolved as far as the text allows. */
export function normalizePath(path: string): string {
  const text = isWindowsPath(path) ? path.replaceAll("\\", "/") : path;
  const absolute = text.startsWith("/");
  const out: string[] = [];
  for (const part of text.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && out.length > 0 && out.at(-1) !== "..") out.pop();
    else if (part !== ".." || !absolute) out.push(part);
  }
  return absolute ? `/${out.join("/")}` : out.join("/") || ".";
}

// `C:\data` and `\\server\share`; elsewhere a backslash is a legal character of a name.
function isWindowsPath(path: string): boolean {
  return /^(?:[A-Za-z]:[\\/]|\\\\)/.test(path);
}

/** The folder that holds a path: `a/b` → `a`, `b` → `.`, `/b` → `/`. */
export function dirname(path: string): string {
  const normal = normalizePath(path);
  const cut = normal.lastIndexOf("/");
  if (cut < 0) return ".";
  return cut === 0 ? "/" : normal.slice(0, cut);
}

/** The last part of a path: `a/b.png` → `b.png`. */
export function basename(path: string): string {
  const normal = normalizePath(path);
  return normal.slice(normal.lastIndexOf("/") + 1);
}

/** The extension in lower case with its dot: `a/B.PNG` → `.png`; empty for none, and for names such as `.git`. */
export function extension(path: string): string {
  const name = basename(path);
  const dot = name.lastIndexOf(".");
  return dot > 0 ? name.slice(dot).toLowerCase() : "";
}

/** Whether a path starts at a root: `/…`, `C:\…` or `\\server\…`. */
function isAbsolutePath(path: string): boolean {
  return path.startsWith("/") || isWindowsPath(path);
}

/**
 * The path of `relative` in `folder`, for names that come out of a file that need not be trusted.
 * The check is of the text: a symbolic link in the folder is followed (download caches consist of them).
 *
 * @throws FileError if the name is empty, absolute, holds NUL or a backslash, or leads out of the folder
 */
export function resolveInside(folder: string, relative: string): string {
  const refuse = (why: string): never => {
    throw new FileError(`${JSON.stringify(relative)} ${why}; expected a relative path inside ${folder}`, {
      details: { path: relative, folder },
    });
  };
  if (relative === "") refuse("is empty");
  if (relative.includes("\0")) refuse("holds a NUL character");
  if (relative.includes("\\")) refuse("holds a backslash");
  if (isAbsolutePath(relative) || /^[A-Za-z]:/.test(relative)) refuse("is absolute");
  const inner = normalizePath(relative);
  if (inner === "." || inner === ".." || inner.startsWith("../")) refuse("leads out of the folder");
  return joinPath(folder, inner);
}
