import { Worker } from "node:worker_threads";
import { messageOf, RunError } from "../errors.ts";
import { reviveError, type WorkerMessage, type WorkerStart } from "./worker-messages.ts";

export interface HostOptions<Event> {
  /** Receives each event, in order, on this thread. If it throws, the worker ends and the result fails with that error. */
  readonly onEvent?: (event: Event) => void;
  /** An abort asks the story to stop, as `requestStop` does. */
  readonly signal?: AbortSignal;
}

/** A story that runs in a worker thread. */
export interface WorkerRun<Result> {
  /**
   * What the story returns; settles once the thread has ended. Fails with the story's own error, of our class where it
   * was one, and with a RunError if the thread ended without a word.
   */
  readonly result: Promise<Result>;
  /** Raises the flag that the story looks at between steps; it then saves what it has and returns. */
  requestStop(): void;
  /** Ends the thread as soon as native code returns; the result then fails. Nothing is saved. */
  terminate(): Promise<void>;
}

/**
 * Runs a story in a worker thread, so that this one stays free: a run of ONNX Runtime blocks the thread it is on.
 * The worker's module calls `serveWorker`. Request, events and result cross as structured clones.
 *
 * @param entry the worker's module, a file URL of JavaScript
 */
export function hostInWorker<Request, Event, Result>(
  entry: URL,
  request: Request,
  { onEvent, signal }: HostOptions<Event> = {},
): WorkerRun<Result> {
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const requestStop = () => {
    Atomics.store(stop, 0, 1);
  };
  if (signal?.aborted === true) requestStop();
  signal?.addEventListener("abort", requestStop, { once: true });

  const start: WorkerStart<Request> = { protocol: "holdfast-worker-1", request, stop };
  const worker = new Worker(entry, { workerData: start });
  let terminated = false;

  const result = new Promise<Result>((resolve, reject) => {
    // The first outcome counts; it is told when the thread has ended, so that no file of it is still open.
    let outcome: (() => void) | null = null;
    const settle = (told: () => void) => {
      outcome ??= told;
      void worker.terminate();
    };
    worker.on("message", (message: WorkerMessage<Event, Result>) => {
      if (message.kind === "result") settle(() => resolve(message.result));
      else if (message.kind === "error") settle(() => reject(reviveError(message.error)));
      else if (outcome === null) {
        try {
          onEvent?.(message.event);
        } catch (error) {
          settle(() => reject(error));
        }
      }
    });
    worker.on("error", (cause) => {
      settle(() => reject(new RunError(`The worker thread failed: ${messageOf(cause)}`, { cause })));
    });
    worker.on("messageerror", (cause) => {
      settle(() =>
        reject(
          new RunError(`internal: a message of the worker cannot be read: ${messageOf(cause)}`, { cause }),
        ),
      );
    });
    worker.on("exit", (code) => {
      signal?.removeEventListener("abort", requestStop);
      if (outcome !== null) outcome();
      else if (terminated) reject(new RunError("The worker thread was terminated."));
      else
        reject(
          new RunError(`The worker thread ended with code ${code} and no result.`, { details: { code } }),
        );
    });
  });

  return {
    result,
    requestStop,
    async terminate() {
      terminated = true;
      await worker.terminate();
    },
  };
}
