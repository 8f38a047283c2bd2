import type { MetricFacts } from "../../evaluation/metric-facts.ts";
import { number, percent, points } from "../../report/format.ts";
import { differenceText } from "../../report/metric-text.ts";
import type { Statement } from "../../report/verdict.ts";
import { differenceUnit, judgementOf, rangeText } from "../metric-words.ts";
import type { Comparison, MethodResult } from "../results.ts";
import type { CompareConfig } from "../schema.ts";

/** A comparison judged in words. */
export interface ComparisonVerdict {
  readonly headline: string;
  readonly statements: readonly Statement[];
}

const SIDES = [
  ["ood", "on shifted data"],
  ["id", "in distribution"],
] as const;

export function comparisonVerdict(comparison: Comparison, compare: CompareConfig): ComparisonVerdict {
  const { methods, baseline, metric } = comparison;
  const rivals = methods.filter((m) => m.against);
  const statements = [
    ...SIDES.flatMap(([side, where]) => sideStatements(rivals, { side, where, baseline, metric })),
    ...chanceStatement(rivals),
    ...lineStatements(comparison),
    ...deviationStatement(methods),
    ...cautions(comparison, compare),
  ];
  return { headline: headlineOf(rivals, comparison), statements };
}

function headlineOf(rivals: readonly MethodResult[], { baseline, methods, metric }: Comparison): string {
  const side = rivals.some((m) => m.against?.ood) ? "ood" : "id";
  const where = side === "ood" ? "on shifted data" : "in distribution";
  if (rivals.length === 0)
    return methods.some((m) => m.name === baseline)
      ? `${baseline} alone has finished runs; there is nothing to compare it with yet.`
      : `The baseline ${baseline} has no finished run, so no differences can be told.`;
  const judged = rivals.flatMap(({ name, against }) =>
    against?.[side] ? [{ name, judgement: judgementOf(metric, against[side]) }] : [],
  );
  if (judged.length > 0 && judged.every((m) => m.judgement === "untold"))
    return `Against ${baseline}, one seed's ${metric.label} cannot tell a difference from luck.`;
  const list = (as: "better" | "worse") => names(judged.filter((m) => m.judgement === as).map((m) => m.name));
  const [better, worse] = [list("better"), list("worse")];
  const rest =
    rivals.length - judged.filter((m) => m.judgement === "better" || m.judgement === "worse").length;
  if (rest === rivals.length)
    return `Against ${baseline}, no difference was seen ${where} for any of ${rivals.length} methods.`;
  const parts = [
    ...(better ? [`${better} ${verb(better)} better`] : []),
    ...(worse ? [`${worse} ${verb(worse)} worse`] : []),
    ...(rest > 0 ? [`for ${rest} ${rest === 1 ? "method" : "methods"} no difference was seen`] : []),
  ];
  return `Against ${baseline} ${where}: ${parts.join("; ")}.`;
}

function verb(list: string): string {
  return list.includes(" and ") ? "are" : "is";
}

function names(list: readonly string[]): string {
  return list.length < 2 ? (list[0] ?? "") : `${list.slice(0, -1).join(", ")} and ${list.at(-1)}`;
}

function sideStatements(
  rivals: readonly MethodResult[],
  what: {
    readonly side: "id" | "ood";
    readonly where: string;
    readonly baseline: string;
    readonly metric: MetricFacts;
  },
): Statement[] {
  const { side, where, baseline, metric } = what;
  const told = rivals.flatMap(({ name, against }) => {
    const d = against?.[side];
    return d ? [{ name, d, judgement: judgementOf(metric, d) }] : [];
  });
  const same = told.filter((t) => t.judgement === "same");
  const untold = told.filter((t) => t.judgement === "untold");
  const unit = differenceUnit(metric);
  const better = metric.higherIsBetter ? "" : ", less is better";
  const ranges = names(same.map(({ name, d }) => `${name} (${rangeText(metric, d)})`));
  const values = names(untold.map(({ name, d }) => `${name} ${differenceText(metric, d.value)}`));
  return [
    ...told.flatMap(({ name, d, judgement }): Statement[] => {
      if (judgement === "same" || judgement === "untold") return [];
      const text = `${name} against ${baseline}, ${where}: ${differenceText(metric, d.value)} ${unit} (95 % interval ${rangeText(metric, d)}${better}).`;
      return [{ tone: judgement === "better" ? "good" : "bad", text }];
    }),
    ...(same.length > 0
      ? [{ tone: "neutral" as const, text: `No difference from ${baseline} seen ${where}: ${ranges}.` }]
      : []),
    ...(untold.length > 0
      ? [
          {
            tone: "caution" as const,
            text: `One seed minus ${baseline}'s, ${where}, without an interval: ${values} ${unit}${better}.`,
          },
        ]
      : []),
  ];
}

function chanceStatement(rivals: readonly MethodResult[]): Statement[] {
  const looks = rivals.reduce((n, m) => n + SIDES.filter(([side]) => m.against?.[side]).length, 0);
  if (looks < 5) return [];
  const text = `These are ${looks} comparisons at 95 %: if no method differed at all, about ${number(looks * 0.05)} would look as if it did.`;
  return [{ tone: "caution", text }];
}

function lineStatements({ line, standard, methods, metric }: Comparison): Statement[] {
  if (!metric.isShare) {
    const text = `No effective robustness: its line is fitted on logits of shares of right answers, and ${metric.label} is none.`;
    return [{ tone: "neutral", text }];
  }
  if (!line) {
    const text =
      "No effective robustness: a line needs at least three ordinary models (no anchor, all weights or the head alone) that differ in distribution and were judged on shifted sets.";
    return [{ tone: "neutral", text }];
  }
  const known = methods.flatMap((m) =>
    m.effectiveRobustness ? [{ name: m.name, e: m.effectiveRobustness }] : [],
  );
  const top = known.reduce((a, b) => (b.e.value > a.e.value ? b : a), known[0]!); // a line was fitted on methods that have it
  const fit = `logit(OOD) = ${number(line.intercept)} + ${number(line.slope)} · logit(ID)`;
  return [
    {
      tone: line.r2 < 0.5 ? "caution" : "neutral",
      text: `Effective robustness is measured from ${fit}, fitted on ${line.points} runs and trials of ${names(standard)} (R² ${line.r2.toFixed(2)}${line.r2 < 0.5 ? ": the line explains little, so read ρ with care" : ""}). Highest: ${top.name} with ${points(top.e.value)} points.`,
    },
  ];
}

function deviationStatement(methods: readonly MethodResult[]): Statement[] {
  const known = methods.filter((m) => m.deviation && m.deviation.value > 0);
  if (known.length < 2) return [];
  const sorted = [...known].sort((a, b) => a.deviation!.value - b.deviation!.value); // filtered above
  const [near, far] = [sorted[0]!, sorted.at(-1)!];
  const text = `${near.name} stayed nearest to the pretrained weights (${number(near.deviation!.value)}), ${far.name} went farthest (${number(far.deviation!.value)}).`;
  return [{ tone: "neutral", text }];
}

function cautions(
  { methods, sets, metric }: Comparison,
  { seeds, trials, interpolate }: CompareConfig,
): Statement[] {
  const atEdge = methods.filter((m) => m.atEdge).map((m) => m.name);
  const silent = methods.filter((m) => m.firingRate?.value === 0).map((m) => m.name);
  const incomplete = methods.filter((m) => m.runs.length < seeds.length);
  const out: Statement[] = [];
  if (seeds.length < 3)
    out.push({
      tone: "caution",
      text: `${seeds.length} ${seeds.length === 1 ? "seed says" : "seeds say"} little of how much luck there is; three are the least.`,
    });
  if (incomplete.length > 0)
    out.push({
      tone: "caution",
      text: `Not all seeds have finished: ${names(incomplete.map((m) => `${m.name} has ${m.runs.length} of ${seeds.length}`))}.`,
    });
  if (trials === 0)
    out.push({
      tone: "neutral",
      text: "Nothing was tuned here: every method ran with the settings that the file gives it.",
    });
  if (atEdge.length > 0)
    out.push({
      tone: "caution",
      text: `The best value of ${names(atEdge)} lies at the edge of what was tried: a wider range might do better.`,
    });
  if (silent.length > 0) out.push({ tone: "caution", text: `The anchor of ${names(silent)} never fired.` });
  if (!sets.some((s) => s.kind === "shift"))
    out.push({ tone: "caution", text: "No shifted set was given, so nothing is known about other data." });
  if (!sets.some((s) => s.kind === "test"))
    out.push({
      tone: "caution",
      text: "There is no test set: in distribution is judged on the validation set that also chose, which flatters every method.",
    });
  const walked = methods.filter((m) => m.runs.some((r) => r.view.run.interpolation));
  if (interpolate !== false && walked.length > 0) out.push(...walkStatements(walked, metric));
  return out;
}

/** Whether a model between the pretrained and the fine-tuned weights does better, per method. */
function walkStatements(walked: readonly MethodResult[], metric: MetricFacts): Statement[] {
  const gains = walked.flatMap(({ name, runs }) => {
    const all = runs.flatMap(({ view }) => {
      const record = view.run.interpolation;
      const shifts = view.sets.filter((s) => s.kind === "shift").map((s) => s.set);
      const ood = (share: number | undefined) => {
        const sets = record?.points
          .find((p) => p.share === share)
          ?.sets.filter((s) => shifts.includes(s.set));
        return sets && sets.length > 0
          ? sets.reduce((sum, s) => sum + (s.metrics[metric.name] ?? Number.NaN), 0) / sets.length
          : Number.NaN;
      };
      const gain = ood(record?.chosen) - ood(1);
      return record && Number.isFinite(gain) ? [{ gain, chosen: record.chosen }] : [];
    });
    if (all.length === 0) return [];
    const mean = all.reduce((sum, g) => sum + g.gain, 0) / all.length;
    const share = all.reduce((sum, g) => sum + g.chosen, 0) / all.length;
    return [`${name} ${differenceText(metric, mean)} (share ${percent(share, 0)})`];
  });
  if (gains.length === 0) return [];
  const text = `Interpolated with the pretrained weights to the share that validation chose, the mean over shifts changes by: ${gains.join(", ")} ${differenceUnit(metric)}${metric.higherIsBetter ? "" : ", less is better"}.`;
  return [{ tone: "neutral", text }];
}
