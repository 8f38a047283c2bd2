import { ConfigError } from "../errors.ts";
import type { RunSummary } from "../run/records.ts";
import { type Job, trialJob } from "./job.ts";
import type { CompareConfig, MethodEntry } from "./schema.ts";
import { type Point, pointsOf, type SearchSpace, type Widening, widen } from "./search.ts";

/** A trial that ended. */
export interface Trial {
  readonly point: Point;
  readonly folder: string;
  /** Whether it lies beyond the range that was asked for. */
  readonly widened: boolean;
  /** The validation set's word on the kept model; null if the trial failed. */
  readonly score: Score | null;
}

/** What a trial is chosen by. */
export interface Score {
  /** The metric that the runs themselves choose by. */
  readonly value: number;
  readonly higherIsBetter: boolean;
  readonly loss: number;
}

/** What tuning came to. */
export interface Tuning {
  readonly method: string;
  readonly trials: readonly Trial[];
  /** Null if every trial failed, or none was asked for. */
  readonly best: Trial | null;
  /** What to run over the method's own settings: the best trial's; nothing where none was asked for; null if all failed. */
  readonly chosen: Point | null;
  /** Whether the best value still lies at the edge of what was tried, as no more trials were allowed. */
  readonly atEdge: boolean;
}

/** Runs a job to its end. @returns its summary; null if it failed */
export type TrialRunner = (job: Job) => Promise<RunSummary | null>;

/**
 * Tunes one method: its trials, the best of them by the validation set alone, further ones while the best lies at the
 * edge of what was tried. A comparison without trials takes the method's settings as they are.
 */
export async function tune(
  compare: CompareConfig,
  entry: MethodEntry,
  space: SearchSpace,
  options: {
    readonly run: TrialRunner;
    readonly onWidened: (key: string, value: number) => void;
  },
): Promise<Tuning> {
  const method = entry.name;
  if (compare.trials === 0) return { method, trials: [], best: null, chosen: {}, atEdge: false };
  const points = pointsOf(space, { trials: compare.trials, seed: compare.tuningSeed, name: method });
  const attempt = async (point: Point, widened: boolean): Promise<Trial> => {
    const job = await trialJob(compare, entry, point);
    const summary = await options.run(job);
    return { point, folder: job.config.out, widened, score: summary && scoreOf(summary) };
  };
  const trials = await Promise.all(points.map((point) => attempt(point, false)));
  let best = bestOf(trials);
  let next = further(best, trials);
  for (let extra = 0; next && extra < compare.widen; extra++) {
    if (!(await isAllowed(compare, entry, next.point)))
      return { method, trials, best, chosen: best?.point ?? null, atEdge: false };
    options.onWidened(next.key, next.value);
    trials.push(await attempt(next.point, true));
    best = bestOf(trials);
    next = further(best, trials);
  }
  return { method, trials, best, chosen: best?.point ?? null, atEdge: next !== undefined };
}

function further(best: Trial | null, trials: readonly Trial[]): Widening | undefined {
  return (
    best?.point &&
    widen(
      best.point,
      trials.map((t) => t.point),
    )
  );
}

async function isAllowed(compare: CompareConfig, entry: MethodEntry, point: Point): Promise<boolean> {
  try {
    await trialJob(compare, entry, point);
    return true;
  } catch (error) {
    // A value that the settings refuse, such as a momentum above 1, is the end of the range.
    if (error instanceof ConfigError) return false;
    throw error;
  }
}

/** The best trial: by the metric, then by the lower validation loss, then the one that was listed first. */
function bestOf(trials: readonly Trial[]): Trial | null {
  let best: Trial | null = null;
  for (const trial of trials)
    if (trial.score && (!best?.score || isBetter(trial.score, best.score))) best = trial;
  return best;
}

function isBetter(a: Score, b: Score): boolean {
  if (a.value !== b.value) return a.higherIsBetter ? a.value > b.value : a.value < b.value;
  return a.loss < b.loss;
}

/** The score of a finished run: its selection metric on the set that selects. */
function scoreOf({ selection, sets }: RunSummary): Score | null {
  const metrics = sets.find((s) => s.kind === "validation" && s.set === selection.set)?.metrics;
  const value = metrics?.[selection.metric];
  if (metrics === undefined || value === undefined || !Number.isFinite(value)) return null;
  return { value, higherIsBetter: selection.higherIsBetter, loss: metrics.loss ?? Number.POSITIVE_INFINITY };
}
