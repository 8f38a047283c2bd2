import { RunError } from "../errors.ts";
import type { HostMessage } from "./process-host.ts";
import { flattenError, type WorkerMessage } from "./worker-messages.ts";
import type { WorkerContext } from "./worker-serve.ts";

/**
 * Runs a story for `hostInProcess`, once, in the process that it started, and ends the process when the story's promise
 * settles. Ctrl-C goes to every process of a terminal; here it is left to the host, which asks the story to stop.
 */
export function serveProcess<Request, Event, Result>(
  story: (request: Request, context: WorkerContext<Event>) => Promise<Result>,
): void {
  if (process.send === undefined)
    throw new RunError("internal: serveProcess runs in a process that hostInProcess started");
  let stopped = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => undefined);
  // The host is gone: nobody would read a result.
  process.on("disconnect", () => process.exit(1));
  const post = (message: WorkerMessage<Event, Result>, then: () => void = () => undefined) =>
    process.send?.(message, then);
  // Only once the pipe has taken the message may the process end.
  const end = (message: WorkerMessage<Event, Result>) => post(message, () => process.exit(0));
  process.on("message", (message: HostMessage<Request>) => {
    if (message.kind === "stop") {
      stopped = true;
      return;
    }
    story(message.request, {
      emit: (event) => post({ kind: "event", event }),
      stopRequested: () => stopped,
    }).then(
      (result) => end({ kind: "result", result }),
      (error) => end({ kind: "error", error: flattenError(error) }),
    );
  });
}
