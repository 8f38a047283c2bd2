import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { messageOf, RunError } from "../errors.ts";
import { reviveError, type WorkerMessage } from "./worker-messages.ts";

/** What the host sends: the request once, and the wish to stop. */
export type HostMessage<Request> =
  | { readonly kind: "start"; readonly request: Request }
  | { readonly kind: "stop" };

export interface ProcessOptions<Event> {
  readonly onEvent?: (event: Event) => void;
  /** An abort asks the story to stop; it then saves what it has and returns. */
  readonly signal?: AbortSignal;
}

/** So much of what a process said last goes into the error of its death. */
const LAST_WORDS = 2000;

/**
 * Runs a story in a process of its own, so that its memory is its own and its death nobody else's. The process's module
 * calls `serveProcess`. Request, events and result cross as structured clones. If this process dies, so does that one.
 *
 * @param entry the process's module, a file URL of JavaScript
 * @returns what the story returns, once the process has ended
 * @throws the story's own error; RunError if the process ended without a word, as one does that ran out of memory
 */
export function hostInProcess<Request, Event, Result>(
  entry: URL,
  request: Request,
  { onEvent, signal }: ProcessOptions<Event> = {},
): Promise<Result> {
  const child = fork(fileURLToPath(entry), [], {
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const send = (message: HostMessage<Request>) => {
    if (child.connected) child.send(message);
  };
  const stop = () => send({ kind: "stop" });
  send({ kind: "start", request });
  if (signal?.aborted === true) stop();
  signal?.addEventListener("abort", stop, { once: true });

  let words = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    words = (words + chunk.toString()).slice(-LAST_WORDS);
  });
  return new Promise((resolve, reject) => {
    // The first outcome counts; it is told when the process has ended, so that no file of it is still open.
    let outcome: (() => void) | null = null;
    child.on("message", (message: WorkerMessage<Event, Result>) => {
      if (message.kind === "result") outcome ??= () => resolve(message.result);
      else if (message.kind === "error") outcome ??= () => reject(reviveError(message.error));
      else onEvent?.(message.event);
    });
    child.on("error", (cause) => {
      outcome ??= () => reject(new RunError(`The process failed: ${messageOf(cause)}`, { cause }));
      if (child.pid === undefined) outcome();
    });
    child.on("close", (code, killer) => {
      signal?.removeEventListener("abort", stop);
      if (outcome !== null) return outcome();
      const how = killer === null ? `with code ${code}` : `by ${killer}`;
      const why = killer === "SIGKILL" ? ", as the system does where memory runs out" : "";
      const said = words.trim() === "" ? "" : ` It said: ${words.trim()}`;
      reject(
        new RunError(`The process was ended ${how} before its end${why}.${said}`, {
          details: { code, signal: killer },
        }),
      );
    });
  });
}
