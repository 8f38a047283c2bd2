import { ConfigError, DataError, FileError } from "../errors.ts";
import { fileUrl } from "../platform/file-url.ts";
import type { Files } from "../platform/files.ts";
import { joinPath } from "../platform/paths.ts";
import { RUN_FILES } from "../run/folder.ts";
import { readRun } from "../run/run-reader.ts";
import { modelCard } from "./card.ts";
import { type CardOptions, findCardFacts } from "./card-facts.ts";
import type { HubClient, Upload, UploadProgress } from "./client.ts";
import { isSame } from "./download.ts";
import { pageOf, type Repository } from "./repository.ts";

/** The file that the Hub shows as a repository's page. */
const CARD = "README.md";
/** Where a pull wrote down what it fetched; of no use to others. */
const OWN_FILES: readonly string[] = ["origin.json"];

export interface PushOptions extends CardOptions {
  readonly files: Files;
  readonly client: HubClient;
  readonly isPrivate: boolean;
  readonly branch: string;
  readonly message: string;
  /** Whether files that are in the repository with another content may be replaced. */
  readonly force: boolean;
  readonly onProgress?: (progress: UploadProgress & { readonly bytes: number }) => void;
}

export interface Pushed {
  /** The repository's page. */
  readonly page: string;
  /** Address of the commit; null where everything was there already. */
  readonly commit: string | null;
  readonly files: readonly string[];
}

/**
 * A new card for the model of a run.
 *
 * @param name of the model, as its heading
 * @throws DataError if the run is not finished
 */
export async function cardOf(
  files: Files,
  folder: string,
  name: string,
  options: CardOptions,
): Promise<string> {
  const run = await readRun(files, folder);
  if (run.summary.status !== "finished")
    throw new DataError(
      `${folder}: the run is ${run.summary.status}; finish it first: holdfast resume ${folder}`,
    );
  return modelCard(run, await findCardFacts(files, run, options), name);
}

/**
 * Uploads a finished run's model folder as one commit to a repository, which is made if it is not there. The card goes
 * into the folder first, unless one lies there, which may have been edited.
 *
 * @throws DataError if the run is not finished; ConfigError, FileError, HubError with the remedy
 */
export async function push(folder: string, repository: Repository, options: PushOptions): Promise<Pushed> {
  const { files, client, isPrivate, branch, message, onProgress = () => undefined } = options;
  const model = joinPath(folder, RUN_FILES.model);
  await putCard(folder, repository, options);
  const local = (await pathsIn(files, model)).filter((path) => !OWN_FILES.includes(path));
  const isNew = await client.create(repository, isPrivate);
  const waiting = isNew ? local : await changedFiles(local, repository, { ...options, model });
  const page = pageOf(repository, client.endpoint);
  if (waiting.length === 0) return { page, commit: null, files: [] };

  const sizes = new Map<string, number>();
  for (const path of waiting) sizes.set(path, (await files.stat(joinPath(model, path)))?.bytes ?? 0);
  const uploads = waiting.map((path): Upload => ({ path, content: fileUrl(joinPath(model, path)) }));
  const commit = await client.upload(repository, uploads, {
    title: message,
    branch,
    onProgress: (progress) => onProgress({ ...progress, bytes: sizes.get(progress.path) ?? 0 }),
  });
  return { page, commit, files: waiting };
}

async function putCard(folder: string, repository: Repository, options: PushOptions): Promise<void> {
  const { files, license, baseModel } = options;
  const path = joinPath(joinPath(folder, RUN_FILES.model), CARD);
  const card = await cardOf(files, folder, repository.id, options);
  if (!(await files.exists(path))) return files.write(path, card);
  if (license === undefined && baseModel === undefined) return;
  throw new ConfigError(
    `${path}: the card is written already, and --license and --base-model do not change it; edit it, or remove it for a new one`,
  );
}

/** Files that the repository does not have, or with another content. @throws FileError for the latter, unless forced */
async function changedFiles(
  local: readonly string[],
  repository: Repository,
  options: PushOptions & { readonly model: string },
): Promise<readonly string[]> {
  const { files, client, branch, model, isPrivate, force } = options;
  const info = await client.info(repository, branch);
  if (isPrivate && !info.isPrivate) {
    throw new ConfigError(
      `${repository.id}: is there and public; --private makes new repositories private, this one's settings are at ${pageOf(repository, client.endpoint)}/settings`,
    );
  }
  const remote = new Map((await client.list(repository, branch)).map((file) => [file.path, file]));
  const changed: string[] = [];
  for (const path of local) {
    const there = remote.get(path);
    if (!there || !(await isSame(files, joinPath(model, path), there))) changed.push(path);
  }
  const replaced = changed.filter((path) => remote.has(path));
  if (replaced.length > 0 && !force) {
    throw new FileError(
      `${pageOf(repository, client.endpoint)}: holds other versions of ${replaced.join(", ")}; name another repository with --repo, or replace them with --force, as a new commit`,
      { details: { path: model, files: replaced } },
    );
  }
  return changed;
}

/** Paths of all files below a folder, hidden ones left out. */
async function pathsIn(files: Files, folder: string, below = ""): Promise<string[]> {
  const found: string[] = [];
  for (const { name, kind } of await files.list(joinPath(folder, below))) {
    if (name.startsWith(".")) continue;
    const path = joinPath(below, name);
    if (kind === "folder") found.push(...(await pathsIn(files, folder, path)));
    else found.push(path);
  }
  return found;
}
