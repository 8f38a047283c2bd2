import type { Estimate } from "../evaluation/intervals.ts";
import { corruptedSetsOf } from "../report/corruptions.ts";
import { drawsOf, hitsOf, type RunView, type SetResult, setsOfSide } from "../report/run-view.ts";
import { createRandom } from "../tensor/random.ts";
import {
  bootstrapDifference,
  type PairedSet,
  type ReplicatedDifference,
  replicatedDifference,
} from "./bootstrap.ts";
import type { JudgedRun } from "./results.ts";
import { meanWithInterval } from "./student-t.ts";

/** A method minus the baseline, in the metric's unit; whether more is better, the metric says. */
export interface Differences {
  /** Seeds that both have. */
  readonly seeds: readonly number[];
  /**
   * What is paired: examples of every seed where it is known which ones were right, or what bootstrap replicates of them
   * give, with intervals over seeds and examples; else seeds alone, with t intervals over them (NaN ends for one seed).
   */
  readonly pairedBy: "examples" | "seeds";
  readonly id: Estimate | undefined;
  readonly ood: Estimate | undefined;
  /** By name of the set. */
  readonly sets: Readonly<Record<string, Estimate>>;
}

interface Pair {
  readonly seed: number;
  readonly a: RunView;
  readonly b: RunView;
}

type Estimator = (sets: readonly SetResult[]) => Estimate | undefined;

/** The differences of two methods over the seeds that both have; undefined if there is none. */
export function differencesOf(
  runs: readonly JudgedRun[],
  baseline: readonly JudgedRun[],
): Differences | undefined {
  const pairs = runs.flatMap((a): Pair[] => {
    const b = baseline.find((other) => other.seed === a.seed);
    return b ? [{ a: a.view, b: b.view, seed: a.seed }] : [];
  });
  const first = pairs[0];
  if (!first) return undefined;
  const [id, ood] = [setsOfSide(first.a, "id"), setsOfSide(first.a, "ood")];
  const all = [...id, ...ood];
  const hasHits = all.every((set) => pairs.every((pair) => hitDifferences(pair, set) !== undefined));
  const hasDraws = all.every((set) => pairs.every((pair) => drawnDifference(pair, set) !== undefined));
  // Shares have draws only where examples are weighted, which hits are not.
  const estimate = hasDraws ? byReplicates(pairs) : hasHits ? byExamples(pairs) : bySeeds(pairs);
  return {
    seeds: pairs.map((p) => p.seed),
    pairedBy: hasHits || hasDraws ? "examples" : "seeds",
    id: estimate(id),
    ood: estimate(ood),
    sets: Object.fromEntries(
      all.flatMap((s) => {
        const known = estimate([s]);
        return known ? [[s.set, known]] : [];
      }),
    ),
  };
}

/** Any fixed seed: the same runs give the same intervals. */
const BOOTSTRAP_SEED = 1;

/** The mean over sets with a bootstrap over seeds and examples. */
function byExamples(pairs: readonly Pair[]): Estimator {
  const random = createRandom(BOOTSTRAP_SEED);
  // Shifts that are the test set under a corruption have the same examples.
  const corrupted = new Set(pairs.flatMap(({ a }) => corruptedSetsOf(a).map(({ set }) => set.set)));
  return (sets) => {
    const paired = sets.map((s): PairedSet => {
      const group = s.kind === "shift" && corrupted.has(s.set) ? "test" : s.set;
      return { group, differences: pairs.flatMap((pair) => hitDifferences(pair, s) ?? []) };
    });
    return paired.length > 0 ? bootstrapDifference(paired, random) : undefined;
  };
}

/** The mean over sets with an interval over seeds and the replicates that were drawn of every set's examples. */
function byReplicates(pairs: readonly Pair[]): Estimator {
  const random = createRandom(BOOTSTRAP_SEED);
  return (sets) => {
    const differences = sets.map((set) => pairs.flatMap((pair) => drawnDifference(pair, set) ?? []));
    return sets.length > 0 ? replicatedDifference(differences, random) : undefined;
  };
}

/** The mean over sets of each seed's difference, with a t interval over seeds. */
function bySeeds(pairs: readonly Pair[]): Estimator {
  return (sets) => {
    const bySeed = pairs.map((pair) => {
      const known = sets.flatMap((set) => valueDifference(pair, set) ?? []);
      return known.length === sets.length && known.length > 0
        ? known.reduce((sum, d) => sum + d, 0) / known.length
        : undefined;
    });
    const known = bySeed.filter((d) => d !== undefined);
    return known.length === pairs.length ? meanWithInterval(known) : undefined;
  };
}

function lastOf(view: RunView, { set, kind }: SetResult) {
  return view.sets.find((s) => s.set === set && s.kind === kind)?.last;
}

/** Per example: hit of the first minus hit of the second; undefined where the metric or the records tell no hits. */
function hitDifferences({ a, b }: Pair, set: SetResult): Int8Array | undefined {
  const [ha, hb] = [a, b].map((view) => {
    const last = lastOf(view, set);
    return last && view.metric.isShare ? hitsOf(last, view.metric).right : undefined;
  });
  if (!ha || !hb || ha.length !== hb.length) return undefined;
  return Int8Array.from(ha, (hit, i) => hit - hb[i]!); // as long as the other, checked above
}

/** The metric's difference and that of its replicates; undefined where one of the two runs has none. */
function drawnDifference(pair: Pair, set: SetResult): ReplicatedDifference | undefined {
  const value = valueDifference(pair, set);
  const [a, b] = [pair.a, pair.b].map((view) => {
    const last = lastOf(view, set);
    return last && drawsOf(last, pair.a.metric);
  });
  if (value === undefined || !a || !b) return undefined;
  const draws = Float64Array.from({ length: Math.min(a.length, b.length) }, (_, r) => a[r]! - b[r]!);
  return { value, draws };
}

/** The metric's difference on a set; undefined where one lacks it, or was judged on other examples. */
function valueDifference({ a, b }: Pair, set: SetResult): number | undefined {
  const [la, lb] = [lastOf(a, set), lastOf(b, set)];
  const [va, vb] = [la?.metrics[a.metric.name], lb?.metrics[a.metric.name]];
  return va === undefined || vb === undefined || la?.count !== lb?.count ? undefined : va - vb;
}
