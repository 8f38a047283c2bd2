import { HoldfastError, HubError, messageOf } from "../errors.ts";
import { pageOf, type Repository } from "./repository.ts";

/** What was going on when something went wrong. */
export interface Attempt {
  readonly repository: Repository;
  readonly revision: string;
  readonly endpoint: string;
  readonly hasToken: boolean;
  readonly isWrite: boolean;
}

/** An error of the Hub's client, of the network or of the server as one that says what to do. */
export function hubError(error: unknown, attempt: Attempt): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const status = statusOf(error);
  const message = status === null ? withoutAnswer(error, attempt) : withStatus(status, error, attempt);
  return new HubError(message, {
    cause: error,
    details: { status, endpoint: attempt.endpoint, repository: attempt.repository.id },
  });
}

/** Whether the same request may succeed a moment later: the connection broke, or the server is busy. */
export function isPassing(error: unknown): boolean {
  const status = statusOf(error);
  if (status !== null) return status === 408 || status === 429 || status >= 500;
  const code = codeOf(error);
  return code !== "ENOTFOUND" && !(error instanceof HoldfastError);
}

function withStatus(status: number, error: unknown, attempt: Attempt): string {
  const { repository, revision, endpoint, hasToken, isWrite } = attempt;
  const name = `${repository.type} ${repository.id}`;
  const tokens = `${endpoint}/settings/tokens`;
  const said = messageOf(error).split(". URL:")[0];
  if (status === 401) {
    if (hasToken)
      return `${name}: the token is not accepted (${said}). Make another at ${tokens} and put it into HF_TOKEN.`;
    return isWrite
      ? `${name}: a token is needed. Make one that may write at ${tokens} and put it into HF_TOKEN.`
      : `${name}: there is no such repository, or it is private. Check the name; for a private one put a token from ${tokens} into HF_TOKEN.`;
  }
  if (status === 403) {
    return isWrite
      ? `${name}: the token may not write there (${said}). Make one with the right to write at ${tokens}, or name a repository of your own.`
      : `${name}: access is not granted (${said}). Accept its conditions at ${pageOf(repository, endpoint)}, and put a token from ${tokens} into HF_TOKEN.`;
  }
  if (status === 404) {
    return revision === "main"
      ? `${name}: ${endpoint} has no such repository. Check the name; a data set wants --dataset, and other servers are named by --endpoint.`
      : `${name}: no such repository, or it has no revision "${revision}". Check both; --revision takes a branch, a tag or a commit.`;
  }
  if (status === 409 || status === 412) {
    return `${name}: somebody else wrote there meanwhile (${said}). Run it again.`;
  }
  if (status === 413) return `${name}: too large for ${endpoint} (${said}).`;
  if (status === 429)
    return `${name}: ${endpoint} asks for fewer requests. Wait some minutes and run it again.`;
  if (status >= 500)
    return `${name}: ${endpoint} is in trouble (status ${status}: ${said}). Try again later.`;
  return `${name}: ${endpoint} refused (status ${status}: ${said}).`;
}

function withoutAnswer(error: unknown, { repository, endpoint }: Attempt): string {
  const code = codeOf(error);
  const why = code === "" ? messageOf(error) : (REASONS[code] ?? code);
  return `${repository.type} ${repository.id}: cannot reach ${endpoint}: ${why}. Check the connection; another server is named by --endpoint or HF_ENDPOINT. What was fetched is kept, and the same command goes on.`;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: "its name is not known here, the machine may be offline",
  EAI_AGAIN: "its name cannot be looked up, the machine may be offline",
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "the connection broke",
  UND_ERR_SOCKET: "the connection broke",
  ETIMEDOUT: "no answer in time",
  UND_ERR_CONNECT_TIMEOUT: "no answer in time",
  UND_ERR_HEADERS_TIMEOUT: "no answer in time",
  UND_ERR_BODY_TIMEOUT: "no answer in time",
  ENETUNREACH: "there is no network",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is not trusted here",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is not trusted here",
};

/** The status of an answer, as the package's `HubApiError` has it; null for other errors. */
function statusOf(error: unknown): number | null {
  const status = error instanceof Error && "statusCode" in error ? error.statusCode : null;
  return typeof status === "number" ? status : null;
}

/** The system's code behind a failed fetch. */
function codeOf(error: unknown): string {
  for (let e = error, depth = 0; e instanceof Error && depth < 4; e = e.cause, depth++) {
    if ("code" in e && typeof e.code === "string") return e.code;
  }
  return "";
}
