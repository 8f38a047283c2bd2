import { EXIT_CODES, type StopSignal } from "./exit-codes.ts";

export interface StopSignals {
  /** The signal that asked to stop, or null. */
  readonly received: StopSignal | null;
  /** Gives the signals back their usual effect. */
  release(): void;
}

const signals: readonly StopSignal[] = ["SIGINT", "SIGTERM"];

/**
 * Catches the first SIGINT or SIGTERM, so that the run can save; the second one ends the process at once, as it would
 * have without us.
 *
 * @param onFirst returns whether there is something to wait for; if not, the first signal ends the process already
 */
export function catchStopSignals(onFirst: (signal: StopSignal) => boolean, onLeave: () => void): StopSignals {
  let received: StopSignal | null = null;
  const release = (): void => {
    for (const signal of signals) process.off(signal, caught);
  };
  const caught = (signal: NodeJS.Signals): void => {
    if (signal !== "SIGINT" && signal !== "SIGTERM") return;
    const first = received === null;
    received ??= signal;
    if (first && onFirst(signal)) return;
    onLeave();
    release();
    // process.exit would wait for native code in the worker; the signal itself does not.
    process.kill(process.pid, signal);
    // Only where the signal is not deadly, as in a container's first process.
    setTimeout(() => process.exit(EXIT_CODES[signal]), 1000).unref();
  };
  for (const signal of signals) process.on(signal, caught);
  return {
    get received() {
      return received;
    },
    release,
  };
}
