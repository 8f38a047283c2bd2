import { parentPort, workerData } from "node:worker_threads";
import { messageOf, RunError } from "../errors.ts";
import { flattenError, type WorkerMessage, type WorkerStart } from "./worker-messages.ts";

/** What a story in a worker thread has of the main thread. */
export interface WorkerContext<Event> {
  /** Posts an event: plain data, which a structured clone carries. */
  emit(event: Event): void;
  /** Whether the main thread asked the story to stop; to be looked at between steps. */
  stopRequested(): boolean;
}

/**
 * Runs a story for `hostInWorker`, once, in the worker thread that it started. The thread is ended as soon as the
 * story's promise settles, so by then everything must be written and closed.
 */
export async function serveWorker<Request, Event, Result>(
  story: (request: Request, context: WorkerContext<Event>) => Promise<Result>,
): Promise<void> {
  const port = parentPort;
  if (port === null || !isStart<Request>(workerData)) {
    throw new RunError("internal: serveWorker runs in a worker thread that hostInWorker started");
  }
  const { request, stop } = workerData;
  const post = (message: WorkerMessage<Event, Result>) => {
    try {
      port.postMessage(message);
    } catch (cause) {
      throw new RunError(`internal: ${message.kind} cannot cross to the main thread: ${messageOf(cause)}`, {
        cause,
      });
    }
  };
  try {
    const result = await story(request, {
      emit: (event) => post({ kind: "event", event }),
      stopRequested: () => Atomics.load(stop, 0) !== 0,
    });
    post({ kind: "result", result });
  } catch (error) {
    post({ kind: "error", error: flattenError(error) });
  }
}

function isStart<Request>(data: unknown): data is WorkerStart<Request> {
  return (
    typeof data === "object" && data !== null && "protocol" in data && data.protocol === "holdfast-worker-1"
  );
}
