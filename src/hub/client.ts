import { ConfigError, HubError } from "../errors.ts";
import type { DigestName } from "../platform/digest.ts";
import { countingFetch } from "./counting-fetch.ts";
import { type Attempt, hubError, isPassing } from "./hub-errors.ts";
import { HUB_ENDPOINT, type Repository } from "./repository.ts";

/** A file as the server lists it. */
export interface RemoteFile {
  /** Path in the repository. */
  readonly path: string;
  readonly bytes: number;
  /** SHA-256 of a large file, the id of git's blob of a small one; null where the server says neither. */
  readonly checksum: { readonly name: DigestName; readonly hex: string } | null;
}

/** What a repository says of itself. */
export interface RepositoryInfo {
  /** The commit that a branch or tag stands for now. */
  readonly commit: string;
  readonly isPrivate: boolean;
}

export interface HubOptions {
  /** Address of the server; the public Hub if left out. */
  readonly endpoint?: string | undefined;
  /** Access token, `hf_…`; only public repositories can be read without one. */
  readonly token?: string | undefined;
}

/** A file to upload, and its content or where it lies. */
export interface Upload {
  readonly path: string;
  readonly content: Blob | URL;
}

/** Where an upload stands. */
export interface UploadProgress {
  readonly path: string;
  readonly state: "hashing" | "uploading";
  /** From 0 to 1. */
  readonly share: number;
}

/** Before a request that failed for a passing reason is made again, in milliseconds. */
const PAUSE = 500;

type Package = typeof import("@huggingface/hub");

/** The requests that we make, through the Hub's own client, whose package is loaded with the first of them. */
export class HubClient {
  readonly endpoint: string;
  readonly hasToken: boolean;
  private readonly token: string | undefined;

  /** @throws ConfigError for an address or a token that cannot be one */
  constructor({ endpoint = HUB_ENDPOINT, token }: HubOptions = {}) {
    this.endpoint = endpoint.replace(/\/+$/u, "");
    if (!/^https?:\/\/[^/]+/u.test(this.endpoint)) {
      throw new ConfigError(`--endpoint ${endpoint}: expected an address such as ${HUB_ENDPOINT}`);
    }
    this.token = token === "" ? undefined : token;
    if (this.token !== undefined && !/^hf_\w+$/u.test(this.token)) {
      throw new ConfigError(
        `the token does not begin with hf_; see ${this.endpoint}/settings/tokens, then set HF_TOKEN or --token`,
      );
    }
    this.hasToken = this.token !== undefined;
  }

  /** @throws HubError if there is no such repository or revision, or it may not be read */
  info(repository: Repository, revision: string): Promise<RepositoryInfo> {
    return this.attempt(repository, revision, async ({ modelInfo, datasetInfo }) => {
      const asked = { ...this.common(), name: repository.id, revision, additionalFields: ["sha" as const] };
      const info = repository.type === "model" ? await modelInfo(asked) : await datasetInfo(asked);
      if (typeof info.sha !== "string") throw this.nonsense(repository, "names no commit");
      return { commit: info.sha, isPrivate: info.private };
    });
  }

  /** All files of a repository, folders within folders. */
  list(repository: Repository, revision: string): Promise<readonly RemoteFile[]> {
    return this.attempt(repository, revision, async ({ listFiles }) => {
      const found: RemoteFile[] = [];
      // Unlike its other functions, this one of the package does not encode the name of a branch.
      const asked = {
        ...this.common(),
        repo: nameOf(repository),
        recursive: true,
        revision: encodeURIComponent(revision),
      };
      for await (const { type, path, size, oid, lfs } of listFiles(asked)) {
        if (type !== "file") continue;
        if (!isSafe(path)) throw this.nonsense(repository, `lists a file "${path}" outside of itself`);
        const hex = lfs?.oid ?? oid;
        found.push({
          path,
          bytes: lfs?.size ?? size,
          checksum: hex === undefined ? null : { name: lfs ? "sha256" : "sha1", hex },
        });
      }
      return found;
    });
  }

  /** The bytes of a file from an offset on, as they come. */
  async *read(
    repository: Repository,
    revision: string,
    file: RemoteFile,
    from: number,
  ): AsyncGenerator<Uint8Array, void, void> {
    if (from >= file.bytes) return;
    const { downloadFile } = await this.load();
    const asked = {
      ...this.common(),
      repo: nameOf(repository),
      revision,
      path: file.path.split("/").map(encodeURIComponent).join("/"),
    };
    // Plain ranges of bytes, which can be gone on with; Xet's own protocol has none.
    const blob = await downloadFile({ ...asked, xet: false });
    if (blob === null) throw this.nonsense(repository, `lists ${file.path}, but does not have it`);
    if (blob.size !== file.bytes)
      throw this.nonsense(repository, `lists ${file.path} with ${file.bytes} bytes, but gives ${blob.size}`);
    const part = from === 0 ? blob : blob.slice(from, file.bytes);
    yield* part.stream() as unknown as AsyncIterable<Uint8Array>; // Node's streams are iterable, the DOM's types do not say so
  }

  /** Makes a repository of one's own. @returns whether it is new */
  create(repository: Repository, isPrivate: boolean): Promise<boolean> {
    return this.attempt(
      repository,
      "main",
      async ({ createRepo }) => {
        try {
          await createRepo({
            ...this.common(),
            repo: nameOf(repository),
            accessToken: this.token ?? "",
            private: isPrivate,
          });
          return true;
        } catch (error) {
          if (error instanceof Error && "statusCode" in error && error.statusCode === 409) return false;
          throw error;
        }
      },
      true,
    );
  }

  /**
   * Uploads files as one commit.
   *
   * @returns address of the commit
   */
  upload(
    repository: Repository,
    files: readonly Upload[],
    options: {
      readonly title: string;
      readonly branch: string;
      readonly onProgress: (p: UploadProgress) => void;
    },
  ): Promise<string> {
    return this.attempt(
      repository,
      options.branch,
      async ({ commitIter }) => {
        const work = commitIter({
          ...this.common(),
          repo: nameOf(repository),
          title: options.title,
          branch: options.branch,
          operations: files.map(({ path, content }) => ({ operation: "addOrUpdate", path, content })),
          useXet: false,
          fetch: countingFetch,
        });
        for (;;) {
          const { value, done } = await work.next();
          if (done) {
            if (value === undefined) throw this.nonsense(repository, "says nothing of the commit");
            return value.commit.url;
          }
          if (value.event !== "fileProgress" || value.state === "error") continue;
          options.onProgress({ path: value.path, state: value.state, share: value.progress });
        }
      },
      true,
    );
  }

  /** Runs requests, reading ones once more where that may help; errors of the package, the network and the server in our words. */
  private async attempt<T>(
    repository: Repository,
    revision: string,
    body: (hub: Package) => Promise<T>,
    isWrite = false,
  ): Promise<T> {
    const hub = await this.load();
    try {
      return await body(hub).catch(async (error: unknown) => {
        if (isWrite || !isPassing(error)) throw error;
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
        return body(hub);
      });
    } catch (error) {
      throw hubError(error, this.describe(repository, revision, isWrite));
    }
  }

  describe(repository: Repository, revision: string, isWrite = false): Attempt {
    return { repository, revision, endpoint: this.endpoint, hasToken: this.hasToken, isWrite };
  }

  private common(): { hubUrl: string; accessToken?: string } {
    return { hubUrl: this.endpoint, ...(this.token === undefined ? {} : { accessToken: this.token }) };
  }

  private nonsense(repository: Repository, what: string): HubError {
    return new HubError(
      `${repository.type} ${repository.id}: ${this.endpoint} ${what}. Try again, or tell its owner.`,
    );
  }

  private load(): Promise<Package> {
    return import("@huggingface/hub");
  }
}

/** A repository as the package names it. */
function nameOf({ type, id }: Repository): { readonly type: Repository["type"]; readonly name: string } {
  return { type, name: id };
}

/** Whether a path from a server stays in the folder that it is put into. */
function isSafe(path: string): boolean {
  return (
    !/^[/\\]|^[A-Za-z]:|\\|\0/u.test(path) &&
    path.split("/").every((part) => part !== "" && part !== "." && part !== "..")
  );
}
