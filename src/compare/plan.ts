import type { Files } from "../platform/files.ts";
import { type JobState, runJob, stateOf, trialJob } from "./job.ts";
import { planMethods } from "./run-methods.ts";
import type { CompareConfig } from "./schema.ts";
import { type Point, pointsOf } from "./search.ts";

/** A run that a comparison would do, and what lies in its folder already. */
export interface PlannedJob {
  readonly kind: "trial" | "run";
  readonly method: string;
  readonly label: string;
  /** `open` for a run whose setting is not known before its trials have ended. */
  readonly state: JobState["state"] | "open";
  readonly folder: string | null;
}

/**
 * Everything that a comparison would run, nothing of it run.
 *
 * @throws ConfigError for settings that no run can have
 */
export async function planComparison(files: Files, compare: CompareConfig): Promise<PlannedJob[]> {
  const planned: PlannedJob[] = [];
  for (const { entry, space } of planMethods(compare)) {
    const { name } = entry;
    const points = pointsOf(space, { trials: compare.trials, seed: compare.tuningSeed, name });
    let only: Point | undefined = points.length === 1 ? points[0] : compare.trials === 0 ? {} : undefined;
    for (const point of points) {
      const job = await trialJob(compare, entry, point);
      const { state } = await stateOf(files, job);
      planned.push({ kind: "trial", method: name, label: job.label, state, folder: job.config.out });
      if (state !== "finished") only = undefined;
    }
    for (const seed of compare.seeds) {
      const job = only && (await runJob(compare, entry, only, seed));
      const state = job ? (await stateOf(files, job)).state : "open";
      planned.push({
        kind: "run",
        method: name,
        label: `seed ${seed}`,
        state,
        folder: job?.config.out ?? null,
      });
    }
  }
  return planned;
}
