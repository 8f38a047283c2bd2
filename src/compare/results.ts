import { findMethod } from "../config/methods.ts";
import { dotted, type Settings } from "../config/overlay.ts";
import type { Estimate } from "../evaluation/intervals.ts";
import { type MetricFacts, metricFacts } from "../evaluation/metric-facts.ts";
import { effectiveRobustness, fitRobustnessLine, type RobustnessLine } from "../evaluation/robustness.ts";
import { anchorRules } from "../optim/anchors/registry.ts";
import type { Files } from "../platform/files.ts";
import { joinPath } from "../platform/paths.ts";
import { idOodOf } from "../report/robustness.ts";
import { type RunView, scoreOf, setsOfSide, viewsOf } from "../report/run-view.ts";
import type { SetKind } from "../run/records.ts";
import { readRun } from "../run/run-reader.ts";
import { type Differences, differencesOf } from "./differences.ts";
import { describePoint } from "./job.ts";
import { mixRuns } from "./mixed-runs.ts";
import { type Compared, JOB_RECORD, type JobRecord, type MethodRuns } from "./run-methods.ts";
import type { CompareConfig } from "./schema.ts";
import type { Point } from "./search.ts";
import { meanWithInterval } from "./student-t.ts";

/** One finished run, with what its process took. */
export interface JudgedRun {
  readonly view: RunView;
  readonly seed: number;
  readonly peakMemoryBytes: number | undefined;
}

/** A set that runs are judged on. */
export interface JudgedSet {
  readonly set: string;
  readonly kind: SetKind;
  readonly count: number;
}

/** A trial as it was judged. */
export interface Tried {
  readonly point: Point;
  readonly widened: boolean;
  readonly isChosen: boolean;
  /** What the validation set said, by which it was chosen or not (`chosenBy`); undefined if it failed. */
  readonly validation: number | undefined;
  /** For figures alone; undefined where the file leaves trials unjudged. */
  readonly id: number | undefined;
  readonly ood: number | undefined;
}

/** One row of the table. Estimates are means over seeds with a t interval; NaN ends where there is one seed alone. */
export interface MethodResult {
  readonly name: string;
  /** `Adam + SPD`. */
  readonly rules: string;
  /** Whether it trains new tensors beside frozen weights. */
  readonly hasAdapters: boolean;
  /** The chosen setting, or where nothing was tried the method's own: `strength 1`. */
  readonly setting: string;
  readonly tried: readonly Tried[];
  readonly atEdge: boolean;
  readonly runs: readonly JudgedRun[];
  readonly id: Estimate | undefined;
  readonly ood: Estimate | undefined;
  readonly sets: Readonly<Record<string, Estimate>>;
  readonly deviation: Estimate | undefined;
  readonly firingRate: Estimate | undefined;
  readonly seconds: Estimate;
  readonly peakMemoryBytes: Estimate | undefined;
  /** ρ, if a line could be fitted. */
  readonly effectiveRobustness: Estimate | undefined;
  /** Undefined for the baseline, and where no seed is common to both. */
  readonly against: Differences | undefined;
}

/** Everything that tables and page are made of. */
export interface Comparison {
  readonly baseline: string;
  /** What every figure and difference is. */
  readonly metric: MetricFacts;
  /** What chose the trials on the validation set; another one where that is the loss, which tells people little. */
  readonly chosenBy: MetricFacts;
  readonly sets: readonly JudgedSet[];
  readonly methods: readonly MethodResult[];
  readonly line: RobustnessLine | null;
  /** Methods whose runs and trials the line is fitted on. */
  readonly standard: readonly string[];
  readonly problems: readonly string[];
}

/** Reads every finished run of a comparison and makes its table. Methods without a finished run are left out. */
export async function gatherResults(
  files: Files,
  compare: CompareConfig,
  compared: Compared,
): Promise<Comparison> {
  const judged = new Map<MethodRuns, readonly JudgedRun[]>();
  const trials = new Map<MethodRuns, readonly (RunView | undefined)[]>();
  for (const method of compared.methods) {
    const runs: JudgedRun[] = [];
    for (const [seed, folder] of method.runs) {
      const { peakMemoryBytes } = await readJobRecord(files, folder);
      runs.push({ view: await viewOf(files, folder), seed, peakMemoryBytes });
    }
    if (runs.length === 0) continue;
    judged.set(method, runs);
    const views: (RunView | undefined)[] = [];
    for (const t of method.tuning.trials) views.push(t.score ? await viewOf(files, t.folder) : undefined);
    trials.set(method, views);
  }
  const standard = [...judged].filter(([method, runs]) => isOrdinary(method, runs));
  const points = standard.flatMap(([method, runs]) =>
    [...runs.map((r) => r.view), ...(trials.get(method) ?? [])].flatMap((view) =>
      view ? idOodOf(view) : [],
    ),
  );
  const line = fitRobustnessLine(points);
  const baseline = [...judged].find(([m]) => m.entry.name === compare.baseline)?.[1];
  const first = [...judged.values()][0]?.[0]?.view;
  return {
    baseline: compare.baseline,
    metric: first?.metric ?? metricFacts("accuracy"),
    chosenBy: first ? chooserOf(first) : metricFacts("accuracy"),
    sets: first ? setsOf(first) : [],
    methods: [...judged].flatMap(([method, runs]) => {
      const against = (of: readonly JudgedRun[]) =>
        baseline && of !== baseline ? differencesOf(of, baseline) : undefined;
      const parts = { line, against: against(runs), trials: trials.get(method) ?? [] };
      const mixed = mixRuns(runs);
      const row = resultOf(method, runs, parts);
      if (!mixed) return [row];
      const name = `${row.name}+wise-ft`;
      const untuned = { ...method, tuning: { ...method.tuning, trials: [], atEdge: false } };
      const between = resultOf(untuned, mixed.runs, { line, against: against(mixed.runs), trials: [] });
      return [row, { ...between, name, setting: mixed.setting }];
    }),
    line,
    standard: standard.map(([m]) => m.entry.name),
    problems: compared.problems,
  };
}

async function readJobRecord(files: Files, folder: string): Promise<JobRecord> {
  const path = joinPath(folder, JOB_RECORD);
  // Ours; a missing one costs a figure, no more.
  return (await files.exists(path)) ? (JSON.parse(await files.readText(path)) as JobRecord) : {};
}

async function viewOf(files: Files, folder: string): Promise<RunView> {
  return viewsOf([await readRun(files, folder)])[0]!; // of one run there is one view
}

/** Whether a run's anchor rule decides tensor by tensor if it acts; a steady pull never "fires". */
function canFire({ run, anchored }: RunView): boolean {
  const rule = anchorRules.find((r) => r.name === run.summary.method.anchorRule);
  const { ratio, rowRatio, memory, projection } = rule?.bind({}) ?? {};
  return anchored && [ratio, rowRatio, memory, projection].some((part) => part !== undefined);
}

/** Whether a method is ordinary fine-tuning or probing: nothing holds it, slows it by depth, or trains a part. */
function isOrdinary({ entry }: MethodRuns, runs: readonly JudgedRun[]): boolean {
  const { probe, distillation, maskShare, layerDecay, peft, trainable } = findMethod(entry.method) ?? {};
  const isPlain = [probe, distillation, maskShare, layerDecay, peft].every(
    (special) => special === undefined,
  );
  return isPlain && (trainable === "all" || trainable === "head") && runs.every((r) => !r.view.anchored);
}

function setsOf(view: RunView): JudgedSet[] {
  const sides = [...setsOfSide(view, "id"), ...setsOfSide(view, "ood")];
  return sides.map(({ set, kind, last }) => ({ set, kind, count: last?.count ?? 0 }));
}

function resultOf(
  { entry, tuning }: MethodRuns,
  runs: readonly JudgedRun[],
  parts: {
    readonly line: RobustnessLine | null;
    readonly against: Differences | undefined;
    readonly trials: readonly (RunView | undefined)[];
  },
): MethodResult {
  const { line, against, trials } = parts;
  const views = runs.map((r) => r.view);
  const first = views[0]!; // a method without runs is no row
  const over = (values: readonly (number | undefined)[]): Estimate | undefined => {
    const known = values.filter((v) => v !== undefined);
    return known.length === values.length ? meanWithInterval(known) : undefined;
  };
  const robustness = line ? views.flatMap(idOodOf).map((p) => effectiveRobustness(line, p)) : [];
  return {
    name: entry.name,
    rules: first.run.summary.method.name,
    hasAdapters: findMethod(entry.method)?.peft !== undefined,
    setting: describePoint(tuning.best?.point ?? numbersOf(entry)),
    tried: tuning.trials.map(({ point, widened, score }, i) => {
      const at = (side: "id" | "ood") => trials[i] && scoreOf(trials[i], side, "last")?.value;
      const validation = score?.value;
      // Without test sets the validation set would stand in for them.
      const hasTest = trials[i]?.sets.some((s) => s.kind === "test") ?? false;
      return {
        ...{ point, widened, isChosen: tuning.best?.point === point, validation },
        ...{ id: hasTest ? at("id") : undefined, ood: at("ood") },
      };
    }),
    atEdge: tuning.atEdge,
    runs,
    id: over(views.map((v) => scoreOf(v, "id", "last")?.value)),
    ood: over(views.map((v) => scoreOf(v, "ood", "last")?.value)),
    sets: Object.fromEntries(
      setsOf(first).flatMap(({ set, kind }) => {
        const mean = over(views.map((v) => metricOn(v, set, kind)));
        return mean ? [[set, mean]] : [];
      }),
    ),
    deviation: over(views.map((v) => v.run.summary.deviation)),
    firingRate: canFire(first) ? over(views.map((v) => v.firingRate)) : undefined,
    seconds: meanWithInterval(views.map((v) => v.run.summary.seconds)),
    peakMemoryBytes: over(runs.map((r) => r.peakMemoryBytes)),
    effectiveRobustness: robustness.length === views.length ? meanWithInterval(robustness) : undefined,
    against,
  };
}

/** The numbers that a method's entry sets over the base: what tells it apart where nothing was tried. */
function numbersOf({ settings }: MethodRuns["entry"]): Settings {
  return Object.fromEntries(
    Object.entries(dotted(settings)).filter(([, value]) => typeof value === "number"),
  );
}

/** What chose a run's kept model, and so its trial. */
function chooserOf({ run }: RunView): MetricFacts {
  const { metric, higherIsBetter } = run.summary.selection;
  return { ...metricFacts(metric), higherIsBetter };
}

function metricOn(view: RunView, set: string, kind: SetKind): number | undefined {
  return view.sets.find((s) => s.set === set && s.kind === kind)?.last?.metrics[view.metric.name];
}
