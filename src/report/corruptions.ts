import type { CorruptionErrors } from "../evaluation/corruption-error.ts";
import type { MetricFacts } from "../evaluation/metric-facts.ts";
import { type RunView, type SetResult, setsOfSide } from "./run-view.ts";

/** A shifted set that is the test set under a corruption. */
export interface CorruptedSet {
  readonly corruption: string;
  readonly severity: number;
  readonly set: SetResult;
}

/** What the settings write for such a set. */
const SPEC = /^corruption:([^:]+):(\d+)$/;

/** The corrupted sets of a run, by its settings. */
export function corruptedSetsOf(view: RunView): readonly CorruptedSet[] {
  const { config } = view.run;
  const shifts = typeof config === "object" && config !== null && "shifts" in config ? config.shifts : null;
  const specs = new Map(Object.entries(typeof shifts === "object" && shifts !== null ? shifts : {}));
  return view.sets.flatMap((set): CorruptedSet[] => {
    const spec: unknown = set.kind === "shift" ? specs.get(set.set) : undefined;
    const [, corruption, severity] = typeof spec === "string" ? (SPEC.exec(spec) ?? []) : [];
    return corruption === undefined ? [] : [{ corruption, severity: Number(severity), set }];
  });
}

/**
 * How wrong a model was under each corruption, by the metric of its run: the share of wrong answers, or the error itself
 * where lower is better. Undefined where the metric is neither, or no corruption was judged.
 */
export function corruptionErrors(view: RunView, which: "initial" | "last"): CorruptionErrors | undefined {
  const error = (set: SetResult | undefined) => errorOf(view.metric, set?.[which]?.metrics[view.metric.name]);
  const corrupted = new Map<string, Map<number, number>>();
  for (const { corruption, severity, set } of corruptedSetsOf(view)) {
    const value = error(set);
    if (value === undefined) continue;
    corrupted.set(corruption, (corrupted.get(corruption) ?? new Map<number, number>()).set(severity, value));
  }
  // Several test sets have no single one that was corrupted; the first is.
  const clean = error(setsOfSide(view, "id")[0]);
  return corrupted.size > 0 && clean !== undefined ? { clean, corrupted } : undefined;
}

function errorOf({ higherIsBetter, unit }: MetricFacts, value: number | undefined): number | undefined {
  if (value === undefined || Number.isNaN(value)) return undefined;
  if (!higherIsBetter) return value;
  return unit === "percent" ? 1 - value : undefined;
}
