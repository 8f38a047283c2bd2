import { DataError } from "../errors.ts";
import type { Files, FolderEntry } from "../platform/files.ts";
import { joinPath } from "../platform/paths.ts";
import { findMaskFolders } from "./readers/mask-folder.ts";

/** The parts of data that a folder may hold, and how their names begin. */
const partNames = { train: ["train"], validation: ["validation", "valid", "val"], test: ["test"] } as const;
export type PartName = keyof typeof partNames;

/** Endings of files that are one part each; of those that hold rows, several files may make one part. */
const FILES = /\.(npz|safetensors|csv|tsv|jsonl|json|parquet)$/;
const ROWS = /\.(csv|tsv|jsonl|parquet)$/;
/** How the Hugging Face hub names the files of a part: `train-00000-of-00005.parquet`, also with a hash behind. */
const SHARD = /^(\w+)-\d+-of-\d+[^.]*(\.\w+)$/;

/**
 * Where the parts of the data in a folder lie: `train`, `validation` (`valid`, `val`) and `test`, each a folder, a file
 * such as `train.npz`, the files of one table (`train-00000-of-00005.parquet`, told as `train-*.parquet`), or MNIST's
 * `train-images…` and `t10k-images…`; in the folder itself, in `data/`, in the only folder of a configuration, or in `images/` where `masks/` holds the same.
 *
 * @returns nothing where there is no training part: class folders may happen to be called "test"
 * @throws DataError if two things claim to be one part, or several configurations have parts
 */
export async function findParts(files: Files, path: string): Promise<Partial<Record<PartName, string>>> {
  if ((await files.stat(path))?.kind !== "folder") return {};
  const entries = await files.list(path);
  const own = await partsIn(files, path, entries);
  if (own.train !== undefined) return own;
  const masked = await findMaskFolders(files, path);
  if (masked) {
    const folders = (await files.list(masked.images)).filter((e) => e.kind === "folder");
    return partsIn(files, masked.images, folders);
  }
  const found: { readonly folder: string; readonly parts: Partial<Record<PartName, string>> }[] = [];
  for (const { name, kind } of entries) {
    if (kind !== "folder" || name.startsWith(".")) continue;
    const folder = joinPath(path, name);
    const parts = await partsIn(files, folder, await files.list(folder));
    // A class folder may hold a folder "train"; files of rows are no examples of a class.
    if (parts.train !== undefined && (name === "data" || ROWS.test(parts.train)))
      found.push({ folder, parts });
  }
  const [first, ...others] = found;
  if (others.length === 0) return first?.parts ?? {};
  throw new DataError(
    `${path}: several configurations of a data set: ${found.map((f) => f.folder).join(", ")}. Give the path of one.`,
  );
}

async function partsIn(
  files: Files,
  folder: string,
  entries: readonly FolderEntry[],
): Promise<Partial<Record<PartName, string>>> {
  const parts: Partial<Record<PartName, string>> = {};
  for (const [part, names] of Object.entries(partNames) as [PartName, readonly string[]][]) {
    const fits = new Set<string>();
    for (const entry of entries) {
      const fit = partAt(entry, part, names);
      if (fit !== null) fits.add(fit);
    }
    if (fits.size > 1) {
      throw new DataError(`${folder}: several ${part} sets: ${[...fits].join(", ")}. Give the path of one.`);
    }
    const [only] = fits;
    if (only !== undefined) parts[part] = await contentOf(files, joinPath(folder, only));
  }
  return parts;
}

/** What an entry of a folder is of a part: its name, or a pattern of names; null if it is none of it. */
function partAt({ name, kind }: FolderEntry, part: PartName, names: readonly string[]): string | null {
  const lower = name.toLowerCase();
  if (kind === "folder") return names.includes(lower) ? name : null;
  const [, shardOf, ending] = SHARD.exec(name) ?? [];
  if (shardOf !== undefined && ending !== undefined && ROWS.test(ending))
    return names.includes(shardOf.toLowerCase()) ? `${shardOf}-*${ending}` : null;
  const mnist = part === "test" ? ["t10k", ...names] : names;
  if (mnist.some((n) => lower.startsWith(`${n}-images`))) return name;
  return FILES.test(lower) && names.some((n) => lower.replace(FILES, "") === n) ? name : null;
}

/** The folder of a part, or the files of rows that are all there is in it: `train/0000.parquet`. */
async function contentOf(files: Files, path: string): Promise<string> {
  if (path.includes("*") || (await files.stat(path))?.kind !== "folder") return path;
  const entries = (await files.list(path)).filter((e) => !e.name.startsWith("."));
  const endings = new Set(entries.map((e) => (e.kind === "file" ? ROWS.exec(e.name)?.[0] : undefined)));
  const [ending] = endings;
  return endings.size === 1 && ending !== undefined ? joinPath(path, `*${ending}`) : path;
}
