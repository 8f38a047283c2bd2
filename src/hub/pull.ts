import { FileError, HoldfastError, HubError } from "../errors.ts";
import type { Files } from "../platform/files.ts";
import { joinPath } from "../platform/paths.ts";
import { bytes } from "../report/format.ts";
import { chooseDataFiles, chooseModelFiles, type HubDtype } from "./choose-files.ts";
import type { HubClient, RemoteFile } from "./client.ts";
import { download, isSame } from "./download.ts";
import { hubError } from "./hub-errors.ts";
import { type Origin, writeOrigin } from "./origin.ts";
import type { Repository } from "./repository.ts";

export type PullEvent =
  | { readonly kind: "chosen"; readonly files: number; readonly bytes: number; readonly commit: string }
  | { readonly kind: "bytes"; readonly file: string; readonly done: number; readonly total: number }
  | {
      readonly kind: "file";
      readonly file: string;
      readonly bytes: number;
      readonly state: "fetched" | "there";
    };

export interface PullOptions {
  readonly files: Files;
  readonly client: HubClient;
  /** Branch, tag or commit. */
  readonly revision: string;
  /** Of a model. */
  readonly dtype: HubDtype;
  /** Patterns of files: further ones of a model, the only ones of a data set. */
  readonly include: readonly string[];
  /** Folder that the files go to. */
  readonly out: string;
  /** Whether files that are there with another content may be replaced. */
  readonly force: boolean;
  readonly onEvent?: (event: PullEvent) => void;
}

export interface Pulled {
  readonly folder: string;
  readonly commit: string;
  readonly files: readonly string[];
}

/** What would be fetched: all files of the repository, each with whether it is chosen. */
export async function lookAt(
  repository: Repository,
  options: Pick<PullOptions, "client" | "revision" | "dtype" | "include">,
): Promise<{
  readonly commit: string;
  readonly all: readonly RemoteFile[];
  readonly chosen: readonly RemoteFile[];
}> {
  const { client, revision, dtype, include } = options;
  const { commit } = await client.info(repository, revision);
  const all = await client.list(repository, commit);
  const chosen =
    repository.type === "model"
      ? chooseModelFiles(all, { dtype, include }, repository.id)
      : chooseDataFiles(all, include, repository.id);
  return { commit, all, chosen };
}

/**
 * Fetches a model for one dtype, or a data set, into a folder. Files that are there with the same content are left as
 * they are, what an earlier call fetched in part is gone on with, and all files come from one commit.
 *
 * @throws HubError, FileError with the remedy; nothing is written if a file of another content is in the way
 */
export async function pull(repository: Repository, options: PullOptions): Promise<Pulled> {
  const { files, client, out, force, onEvent = () => undefined } = options;
  const { commit, chosen } = await lookAt(repository, options);
  const total = chosen.reduce((sum, f) => sum + f.bytes, 0);
  onEvent({ kind: "chosen", files: chosen.length, bytes: total, commit });

  const missing: RemoteFile[] = [];
  const others: string[] = [];
  for (const file of chosen) {
    const path = joinPath(out, file.path);
    if (!(await files.exists(path))) missing.push(file);
    else if (!(await isSame(files, path, file))) others.push(file.path);
  }
  if (others.length > 0 && !force) {
    throw new FileError(
      `${out}: holds other versions of ${others.join(", ")}; name another folder with --out, or replace them with --force`,
      { details: { path: out, files: others } },
    );
  }
  let done = 0;
  for (const file of chosen) {
    const fetched = missing.includes(file) || others.includes(file.path);
    const tell = (count: number) => {
      done += count;
      onEvent({ kind: "bytes", file: file.path, done, total });
    };
    if (fetched) await fetchFile(repository, file, { ...options, commit, tell, rest: () => total - done });
    else tell(file.bytes);
    onEvent({ kind: "file", file: file.path, bytes: file.bytes, state: fetched ? "fetched" : "there" });
  }
  const origin: Origin = { endpoint: client.endpoint, ...repository, revision: options.revision, commit };
  await writeOrigin(files, out, origin);
  return { folder: out, commit, files: chosen.map((f) => f.path) };
}

async function fetchFile(
  repository: Repository,
  file: RemoteFile,
  options: PullOptions & {
    readonly commit: string;
    readonly tell: (count: number) => void;
    /** Bytes that are still to come. */
    readonly rest: () => number;
  },
): Promise<void> {
  const { files, client, out, revision, commit, tell, rest } = options;
  const to = joinPath(out, file.path);
  try {
    await download(file, { files, client, repository, revision: commit, to, onBytes: tell });
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw hubError(error, client.describe(repository, revision));
    if (error.details.code !== "ENOSPC") throw error;
    throw new HubError(
      `${to}: the disk is full. Free ${bytes(rest())} or name another folder with --out; what was fetched is kept, and the same command goes on.`,
      { cause: error, details: { path: to } },
    );
  }
}
