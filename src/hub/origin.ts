import type { Files } from "../platform/files.ts";
import { joinPath } from "../platform/paths.ts";
import type { Repository } from "./repository.ts";

/** Where the files of a folder were fetched from. */
export interface Origin extends Repository {
  readonly endpoint: string;
  /** What was asked for: a branch, a tag or a commit. */
  readonly revision: string;
  /** What that was then. */
  readonly commit: string;
}

const FILE = "origin.json";

export async function writeOrigin(files: Files, folder: string, origin: Origin): Promise<void> {
  await files.write(joinPath(folder, FILE), `${JSON.stringify(origin, null, 2)}\n`);
}

/** Where a folder's files came from; null where nobody wrote it down. */
export async function readOrigin(files: Files, folder: string): Promise<Origin | null> {
  const path = joinPath(folder, FILE);
  if (!(await files.exists(path))) return null;
  try {
    const { id, type, endpoint, revision, commit } = JSON.parse(
      await files.readText(path),
    ) as Partial<Origin>;
    if (type !== "model" && type !== "dataset") return null;
    if (id === undefined || endpoint === undefined || revision === undefined || commit === undefined)
      return null;
    return { id, type, endpoint, revision, commit };
  } catch {
    return null; // A file of that name that somebody else wrote.
  }
}
