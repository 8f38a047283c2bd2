import { ConfigError } from "../errors.ts";

export type RepositoryType = "model" | "dataset";

/** A repository of the Hub, or of a server that speaks as it does. */
export interface Repository {
  readonly type: RepositoryType;
  /** `user/name`, or a bare name as the oldest repositories have. */
  readonly id: string;
}

/** The public Hub. */
export const HUB_ENDPOINT = "https://huggingface.co";

// What the Hub allows: letters, digits, `-`, `_` and `.`, neither first nor last `-` or `.`, at most 96 of them.
const PART = /^(?![-.])(?!.*(?:--|\.\.))[\w.-]{1,96}(?<![-.])$/u;

/**
 * Reads what a user calls a repository: `user/name`, `datasets/user/name`, `hf://…`, or the address of its page.
 *
 * @param type what it is where the name does not say
 * @throws ConfigError if it is no name of a repository
 */
export function parseRepository(text: string, type: RepositoryType, endpoint = HUB_ENDPOINT): Repository {
  let rest = text.trim().replace(/\/+$/u, "");
  for (const start of [`${endpoint}/`, `${HUB_ENDPOINT}/`, "hf://", "https://hf.co/"]) {
    if (rest.startsWith(start)) rest = rest.slice(start.length);
  }
  let kind = type;
  const named = /^(models|datasets|spaces)\//u.exec(rest);
  if (named) {
    if (named[1] === "spaces")
      throw new ConfigError(
        `${text}: is a Space, which holds neither a model nor data; see holdfast pull --help`,
      );
    kind = named[1] === "datasets" ? "dataset" : "model";
    rest = rest.slice(named[0].length);
  }
  const parts = rest.replace(/\/(?:tree|blob|resolve)\/.*$/u, "").split("/");
  if (parts.length > 2 || !parts.every((part) => PART.test(part))) {
    throw new ConfigError(
      `"${text}" is no name of a repository: expected user/name, such as ${EXAMPLES[kind]}, or the address of its page; see holdfast pull --help`,
    );
  }
  return { type: kind, id: parts.join("/") };
}

const EXAMPLES: Readonly<Record<RepositoryType, string>> = {
  model: "Xenova/all-MiniLM-L6-v2",
  dataset: "stanfordnlp/imdb",
};

/** The page of a repository, for people. */
export function pageOf({ type, id }: Repository, endpoint: string): string {
  return `${endpoint}/${type === "dataset" ? "datasets/" : ""}${id}`;
}
