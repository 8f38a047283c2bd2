import { findMethod } from "../config/methods.ts";
import { ConfigError, messageOf } from "../errors.ts";
import { joinPath } from "../platform/paths.ts";
import { readRun } from "../run/run-reader.ts";
import { createPool } from "./pool.ts";
import type { Compared, CompareOptions, MethodRuns } from "./run-methods.ts";
import type { CompareConfig } from "./schema.ts";

/**
 * Interpolates the runs that the file asks for between their pretrained and their fine-tuned weights (WiSE-FT); those
 * that were walked before are left as they are.
 *
 * A run that trained a new head has no pretrained model with that head: its walk starts from the linear probe with the
 * same seed, whose body is the pretrained one.
 *
 * @returns sentences on what could not be walked
 */
export async function walkRuns(
  compare: CompareConfig,
  { methods }: Compared,
  options: CompareOptions,
): Promise<string[]> {
  const { interpolate } = compare;
  const { files, walk, jobs = 1, onEvent = () => undefined } = options;
  const signal = options.signal ?? new AbortController().signal;
  if (interpolate === false) return [];
  if (!walk)
    throw new ConfigError("interpolate: whoever runs this comparison gave no way to walk; leave it out");
  const wanted = interpolate === true ? {} : interpolate;
  const probes = methods.find((m) => isProbe(m))?.runs;
  const pool = createPool(jobs);
  const problems: string[] = [];
  const walkOne = async (method: string, seed: number, run: string): Promise<void> => {
    const { interpolation, summary } = await readRun(files, run);
    if (interpolation !== null || signal.aborted) return;
    const from = summary.head === "new" ? probes?.get(seed) : undefined;
    const label = `walk of seed ${seed}`;
    if (summary.head === "new" && from === undefined) {
      problems.push(
        `${method}, ${label}: its head is new, so there is no pretrained model to start from; add linear-probe to the methods`,
      );
      return;
    }
    const started = performance.now();
    const job = { kind: "walk" as const, method, label, folder: run };
    const { shares } = wanted;
    onEvent({ kind: "job-started", job, resumed: false });
    const ended = (status: "finished" | "failed", why: object = {}) =>
      onEvent({ kind: "job-ended", job, status, seconds: (performance.now() - started) / 1000, ...why });
    try {
      await walk({ run, ...(from === undefined ? {} : { from }), ...(shares ? { shares } : {}) }, { signal });
      ended("finished");
    } catch (error) {
      const reason = messageOf(error);
      problems.push(`${method}, ${label}: ${reason}`);
      ended("failed", { reason });
    }
    // The chosen model could be made again at any time, and is as large as the run's own.
    await files.remove(joinPath(run, "interpolation"));
  };
  await Promise.all(
    methods
      .filter((m) => !isProbe(m) && (wanted.methods?.includes(m.entry.name) ?? true))
      .flatMap((m) => [...m.runs].map(([seed, run]) => ({ method: m.entry.name, seed, run })))
      .filter(({ seed }) => wanted.seeds?.includes(seed) ?? true)
      .map(({ method, seed, run }) => pool.run(() => walkOne(method, seed, run))),
  );
  return problems;
}

/** Whether a method trains the head alone: between its ends there is only the head. */
function isProbe({ entry }: MethodRuns): boolean {
  return findMethod(entry.method)?.trainable === "head";
}
