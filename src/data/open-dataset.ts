import { ConfigError, DataError } from "../errors.ts";
import type { Files } from "../platform/files.ts";
import { basename } from "../platform/paths.ts";
import { type Dataset, listing } from "./dataset.ts";
import { findParts } from "./find-parts.ts";
import type { Reader, ReaderOptions } from "./readers/reader.ts";
import { readers } from "./readers/registry.ts";
import { filesOf, isPattern } from "./readers/shards.ts";
import { mapClasses } from "./views.ts";

export interface OpenOptions extends ReaderOptions {
  /** Name of the reader to use, where detection is not wanted. */
  readonly format?: string;
  /** Classes to map labels onto, in this order: those of the model or of the training set. Default: the data's own. */
  readonly classes?: readonly string[];
}

/**
 * Opens labelled data: an image folder, an `.npz`, an IDX pair, a `.csv`, or files of rows under a name with a `*`. The
 * kind is detected from names and first bytes, and named by `format` where several fit.
 *
 * @throws DataError if nothing is there, no kind or several kinds fit (what was seen is listed), or the data is broken
 * @throws ConfigError if `format` names no reader
 */
export async function openDataset(files: Files, path: string, options: OpenOptions = {}): Promise<Dataset> {
  const reader = await readerFor(files, path, options.format);
  const dataset = await reader.open(files, path, options);
  return options.classes ? mapClasses(dataset, options.classes) : dataset;
}

async function readerFor(files: Files, path: string, format: string | undefined): Promise<Reader> {
  const names = readers.map((r) => r.name).join(", ");
  const isThere = isPattern(path) ? (await filesOf(files, path)).length > 0 : await files.exists(path);
  if (!isThere) throw new DataError(`${path}: no such file or folder`, { details: { path } });
  if (format !== undefined) {
    const reader = readers.find((r) => r.name === format);
    if (reader) return reader;
    throw new ConfigError(`data format "${format}" is unknown, expected one of ${names}`);
  }
  const found = await Promise.all(
    readers.map(async (reader) => ({ reader, why: await reader.detect(files, path) })),
  );
  const fits = found.filter((f) => f.why !== null);
  if (fits.length === 1) return fits[0]!.reader;
  const seen = await seenAt(files, path);
  if (fits.length === 0) {
    const parts = Object.entries(await findParts(files, path)).map(([part, at]) => `${part} (${at})`);
    if (parts.length > 0)
      throw new DataError(`${path}: holds several sets, ${parts.join(", ")}; give the path of one`);
    const known = readers.map((r) => `  ${r.reads}`).join("\n");
    throw new DataError(`${path}: no known kind of data. Seen: ${seen}. Expected one of\n${known}`, {
      details: { path },
    });
  }
  const why = fits.map((f) => `${f.reader.name} (${f.why})`).join(", ");
  throw new DataError(`${path}: could be ${why}. Seen: ${seen}. Choose with format.`, { details: { path } });
}

async function seenAt(files: Files, path: string): Promise<string> {
  if ((await files.stat(path))?.kind !== "folder") return `a file ${basename(path)}`;
  const entries = await files.list(path);
  if (entries.length === 0) return "an empty folder";
  return listing(entries.map((e) => (e.kind === "folder" ? `${e.name}/` : e.name)));
}
