import type { Config } from "../config/schema.ts";
import type { FinetuneResult } from "../finetune.ts";
import { hostInWorker } from "../runtime/worker-host.ts";
import type { TrainingEvent } from "../training/events.ts";
import type { StopSignal } from "./exit-codes.ts";
import { createProgress } from "./progress.ts";
import { catchStopSignals } from "./signals.ts";
import type { Terminal } from "./terminal.ts";

/** What the worker is asked for. */
export interface TrainingRequest {
  readonly story: "finetune" | "resume";
  readonly config: Config;
  /** The shell command that repeats the run. */
  readonly command?: string;
}

export interface LaunchOptions {
  readonly terminal: Terminal;
  /** Whether the terminal shows the run; otherwise it is only told of signals. */
  readonly showProgress: boolean;
  readonly onEvent?: (event: TrainingEvent) => void;
}

/** A run that ended, by itself or because a signal asked it to. */
export interface LaunchResult extends FinetuneResult {
  readonly signal: StopSignal | null;
}

/** Trains in a worker thread, shows how it goes, and lets the first Ctrl-C save before the end. */
export async function launch(request: TrainingRequest, options: LaunchOptions): Promise<LaunchResult> {
  const { terminal, showProgress, onEvent } = options;
  const progress = createProgress({ terminal });
  // Before the first step there is nothing to save, and the first signal may end everything.
  let hasBegun = false;
  const run = hostInWorker<TrainingRequest, TrainingEvent, FinetuneResult>(
    new URL("./worker.js", import.meta.url),
    request,
    {
      onEvent: (event) => {
        hasBegun ||= event.kind === "checkpoint" || event.kind === "step";
        onEvent?.(event);
        if (showProgress) progress.tell(event);
      },
    },
  );
  const signals = catchStopSignals(
    (signal) => {
      if (!hasBegun) return false;
      const again = signal === "SIGINT" ? "press Ctrl-C again" : "send it again";
      terminal.line(
        terminal.style("yellow", `${signal}: saving after this step; ${again} to leave at once.`),
      );
      run.requestStop();
      return true;
    },
    () => terminal.clear(),
  );
  try {
    const result = await run.result;
    return { ...result, signal: result.summary.status === "stopped" ? signals.received : null };
  } finally {
    signals.release();
    progress.end();
  }
}
