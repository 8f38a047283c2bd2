import type { SetResult } from "../report/run-view.ts";
import type { JudgedRun } from "./results.ts";

/** Runs of a method, each with weights between the pretrained and the fine-tuned ones in place of the latter. */
export interface MixedRuns {
  /** `share 0.5`; one for each seed where validation chose differently. */
  readonly setting: string;
  readonly runs: readonly JudgedRun[];
}

/**
 * WiSE-FT as a method: every run of a method at the share that validation chose on the way from its pretrained weights, or
 * at the only one that was asked for. Null where a run was not walked.
 *
 * The way starts at the pretrained body, so the distance from it is the share of the run's own.
 */
export function mixRuns(runs: readonly JudgedRun[]): MixedRuns | null {
  const mixed: JudgedRun[] = [];
  const shares: number[] = [];
  for (const { view, seed } of runs) {
    const { interpolation, summary } = view.run;
    const point = interpolation?.points.find((p) => p.share === interpolation.chosen);
    if (!point) return null;
    const sets = view.sets.map((result): SetResult => {
      const found = point.sets.find((s) => s.set === result.set && s.kind === result.kind);
      if (!found || !result.last) return { set: result.set, kind: result.kind };
      const { step, epoch, model } = result.last;
      const { initial: _, ...judged } = found;
      return { set: judged.set, kind: judged.kind, last: { step, epoch, model, ...judged } };
    });
    const deviation = summary.deviation === undefined ? {} : { deviation: point.share * summary.deviation };
    const run = { ...view.run, summary: { ...summary, ...deviation }, interpolation: null, layers: [] };
    mixed.push({
      view: { ...view, run, sets, anchored: false, firingRate: undefined },
      seed,
      peakMemoryBytes: undefined,
    });
    shares.push(point.share);
  }
  const isOne = new Set(shares).size === 1;
  return mixed.length === 0
    ? null
    : { setting: `share ${isOne ? shares[0] : shares.join(", ")}`, runs: mixed };
}
