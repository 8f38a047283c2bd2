import { overlay } from "../config/overlay.ts";
import { parseConfig } from "../config/parse.ts";
import type { Config } from "../config/schema.ts";
import { ConfigError, messageOf, RunError } from "../errors.ts";
import type { Files } from "../platform/files.ts";
import { joinPath } from "../platform/paths.ts";
import { RUN_FILES } from "../run/folder.ts";
import type { RunSummary } from "../run/records.ts";
import type { TrainingEvent } from "../training/events.ts";
import { PROBE_FOLDER } from "../training/probe.ts";
import { changesSince } from "./changed-settings.ts";
import type { CompareEvent, JobName } from "./events.ts";
import { describePoint, type Job, runJob, stateOf } from "./job.ts";
import { createPool } from "./pool.ts";
import type { CompareConfig, MethodEntry } from "./schema.ts";
import { searchSpaceOf } from "./search.ts";
import { type Tuning, tune } from "./tune.ts";

/** Trains one run, from its start or from its newest checkpoint. */
export type Train = (
  request: { readonly story: "finetune" | "resume"; readonly config: Config },
  watch: {
    readonly onEvent: (event: TrainingEvent) => void;
    /** Aborted once the run shall save and end as stopped. */
    readonly signal: AbortSignal;
  },
) => Promise<Trained>;

/** A run that ended. */
export interface Trained {
  readonly summary: RunSummary;
  /** The most memory that its process held; unknown where runs share one. */
  readonly peakMemoryBytes?: number;
}

/** Walks from a run's pretrained weights to its fine-tuned ones, and leaves what it found in the run's folder. */
export type Walk = (
  request: {
    readonly run: string;
    /** Where share 0 is, if not at the run's own pretrained model. */
    readonly from?: string;
    readonly shares?: readonly number[];
  },
  watch: { readonly signal: AbortSignal },
) => Promise<void>;

export interface CompareOptions {
  readonly files: Files;
  readonly train: Train;
  /** Needed where the comparison interpolates. */
  readonly walk?: Walk;
  /** Runs at the same time. Default 1. */
  readonly jobs?: number;
  /** The only methods to tune and train now; finished runs of the others still count. */
  readonly only?: readonly string[];
  readonly onEvent?: (event: CompareEvent) => void;
  readonly signal?: AbortSignal;
}

/** The runs of one method. */
export interface MethodRuns {
  readonly entry: MethodEntry;
  readonly tuning: Tuning;
  /** Folders of its finished runs by seed. */
  readonly runs: ReadonlyMap<number, string>;
}

/** What a comparison came to. */
export interface Compared {
  readonly status: "finished" | "stopped";
  readonly methods: readonly MethodRuns[];
  /** Sentences on what failed or is missing. */
  readonly problems: readonly string[];
}

/** Written into a job's folder when it ends; what the run's own records do not say. */
export interface JobRecord {
  readonly peakMemoryBytes?: number;
}

export const JOB_RECORD = "job.json";

/**
 * Tunes every method and trains the chosen settings with every seed.
 *
 *     method → trials (one seed, chosen by validation alone) → widened while the best lies at an edge
 *            → the best settings × every seed → run folders
 *
 * Each trial and run is a run folder; one that finished is not run again, one that was cut off goes on from its
 * checkpoint.
 *
 * @throws ConfigError for settings that no run can have, before anything is trained
 */
export async function runMethods(compare: CompareConfig, options: CompareOptions): Promise<Compared> {
  const { jobs = 1, only, onEvent = () => undefined } = options;
  const unknown = only?.filter((name) => !compare.methods.some((m) => m.name === name)) ?? [];
  if (unknown.length > 0)
    throw new ConfigError(
      `only: "${unknown[0]}" is none of the methods (${compare.methods.map((m) => m.name).join(", ")})`,
    );
  const plans = planMethods(compare);
  onEvent({
    kind: "plan",
    methods: plans.map((p) => p.entry.name),
    trials: compare.trials,
    seeds: compare.seeds,
    jobs,
  });
  // A mistake that every run would meet stops them all; so does whoever asked for the comparison.
  const stop = new AbortController();
  if (options.signal?.aborted) stop.abort();
  options.signal?.addEventListener("abort", () => stop.abort(), { once: true });
  const { signal } = stop;
  const runner = createRunner({ ...options, onEvent, signal, stopAll: () => stop.abort() }, jobs);
  const methods = await Promise.all(
    plans.map(async ({ entry, space }): Promise<MethodRuns> => {
      const isAsked = only?.includes(entry.name) ?? true;
      const run = (job: Job) => runner.run(job, isAsked);
      const tuning = await tune(compare, entry, space, {
        run,
        onWidened: (key, value) => onEvent({ kind: "widened", method: entry.name, key, value }),
      });
      const { best, chosen, trials, atEdge } = tuning;
      const runs = new Map<number, string>();
      if (!chosen || signal.aborted) return { entry, tuning, runs };
      if (best?.score)
        onEvent({
          kind: "chosen",
          method: entry.name,
          setting: describePoint(chosen),
          value: best.score.value,
          trials: trials.length,
          atEdge,
        });
      await Promise.all(
        compare.seeds.map(async (seed) => {
          const job = await runJob(compare, entry, chosen, seed);
          if (await run(job)) runs.set(seed, job.config.out);
        }),
      );
      return { entry, tuning, runs };
    }),
  );
  if (runner.fatal !== null) throw runner.fatal;
  return { status: signal.aborted ? "stopped" : "finished", methods, problems: runner.problems };
}

/** Every method's search space; all settings are checked before the first run begins. */
export function planMethods(compare: CompareConfig) {
  return compare.methods.map((entry) => {
    const own = overlay(overlay(compare.base, entry.settings), { method: entry.method, out: compare.out });
    const { optimizer } = parseConfig(own, `methods, ${entry.name}`);
    const space = searchSpaceOf(entry, { lr: optimizer.lr, anchor: optimizer.anchor }, compare.trials);
    return { entry, space };
  });
}

interface Runner {
  /** What made it stop all runs. */
  readonly fatal: unknown;
  readonly problems: readonly string[];
  /** The summary of a job's finished run; null if it failed, was stopped, or may not be run and was not. */
  run(job: Job, mayTrain: boolean): Promise<RunSummary | null>;
}

function createRunner(
  options: CompareOptions &
    Required<Pick<CompareOptions, "onEvent" | "signal">> & { readonly stopAll: () => void },
  jobs: number,
): Runner {
  const { files, train, onEvent, signal, stopAll } = options;
  const unusable = new Set<string>();
  let hasFinished = false;
  let fatal: unknown = null;
  const pool = createPool(jobs);
  const problems: string[] = [];
  const trainJob = async (job: Job, resumed: boolean): Promise<RunSummary | null> => {
    const name = nameOf(job);
    const started = performance.now();
    const seconds = () => (performance.now() - started) / 1000;
    onEvent({ kind: "job-started", job: name, resumed });
    try {
      const { summary, peakMemoryBytes } = await train(
        { story: resumed ? "resume" : "finetune", config: job.config },
        {
          signal,
          onEvent: (event) => {
            if (event.kind !== "step") return;
            onEvent({ kind: "job-progress", job: name, done: event.step / event.totalSteps });
          },
        },
      );
      if (summary.status !== "finished") {
        onEvent({ kind: "job-ended", job: name, status: "stopped", seconds: seconds() });
        return null;
      }
      await tidy(files, job, { ...(peakMemoryBytes === undefined ? {} : { peakMemoryBytes }) });
      hasFinished = true;
      const validation = summary.sets.find((s) => s.kind === "validation")?.metrics;
      const said = validation ? { validation, chosenBy: summary.selection.metric } : {};
      onEvent({ kind: "job-ended", job: name, status: "finished", seconds: seconds(), ...said });
      return summary;
    } catch (error) {
      const reason = messageOf(error);
      // Settings, model or data that cannot be used: the method's other runs would meet the same, and where nothing has
      // ended well yet, so would all methods'.
      if (!(error instanceof RunError)) {
        unusable.add(job.method);
        if (!hasFinished) {
          fatal ??= error;
          stopAll();
        }
      }
      problems.push(`${job.method}, ${job.label}: ${reason}`);
      onEvent({ kind: "job-ended", job: name, status: "failed", reason, seconds: seconds() });
      return null;
    }
  };
  let isTold = false;
  const tellChanges = async (job: Job): Promise<void> => {
    if (isTold) return;
    const changes = await changesSince(files, job);
    if (changes === null || isTold) return;
    isTold = true;
    onEvent({
      kind: "note",
      text: `Settings have changed since the finished runs that are here (${changes}): what they change is run anew, and runs of other settings stay where they are, unused.`,
    });
  };
  return {
    problems,
    get fatal() {
      return fatal;
    },
    async run(job, mayTrain) {
      const found = await stateOf(files, job);
      onEvent({ kind: "job-found", job: nameOf(job), state: found.state });
      if (found.state === "finished") {
        hasFinished = true;
        return found.summary;
      }
      if (!mayTrain) return null;
      if (found.state === "new") await tellChanges(job);
      return pool.run(async () => {
        if (signal.aborted || unusable.has(job.method)) return null;
        return trainJob(job, found.state === "resumable");
      });
    },
  };
}

/** Removes what only an unfinished run needs, and the models of trials, which nobody asks for. */
async function tidy(files: Files, job: Job, record: JobRecord): Promise<void> {
  const folder = job.config.out;
  await files.write(joinPath(folder, JOB_RECORD), `${JSON.stringify(record)}\n`);
  await files.remove(joinPath(folder, RUN_FILES.checkpoint));
  if (job.kind === "run") return;
  for (const name of [RUN_FILES.model, PROBE_FOLDER]) await files.remove(joinPath(folder, name));
}

function nameOf({ kind, method, label, config }: Job): JobName {
  return { kind, method, label, folder: config.out };
}
