import { estimateOf } from "../evaluation/estimates.ts";
import { mainMetric } from "../evaluation/main-metric.ts";
import type { FinetuneResult } from "../finetune.ts";
import { duration, number, percent } from "../report/format.ts";
import { rangeText, valueText } from "../report/metric-text.ts";
import type { RunSummary, SetSummary } from "../run/records.ts";
import { otherMetrics } from "./main-metric.ts";
import { tableLines } from "./table.ts";
import type { Terminal } from "./terminal.ts";

/** What a run came to, as lines: a table of sets, how far the weights moved, and where everything lies. */
export function summaryLines(
  { summary, model, report, folder }: FinetuneResult,
  { style }: Terminal,
): string[] {
  const { deviation, firingRate, bestStep, steps, seconds, method } = summary;
  const [head, ...rows] = setTable(summary);
  const facts = [
    method.name,
    ...(deviation === undefined ? [] : [`moved ${number(deviation)} from the pretrained weights`]),
    ...(firingRate === undefined ? [] : [`fired in ${percent(firingRate)} of tensor-steps`]),
    ...(bestStep === undefined ? [] : [`kept step ${bestStep} of ${steps}`]),
    duration(seconds),
  ];
  return [
    "",
    style("dim", head ?? ""),
    ...rows,
    "",
    facts.join(" · "),
    ...(model === null ? [] : [`model   ${model}`]),
    `report  ${report ?? `none; holdfast report ${folder} makes it`}`,
  ];
}

/** Beside what chose the kept model there is room for so many metrics. */
const OTHERS = 2;

function setTable({ sets, selection }: RunSummary): string[] {
  const known = sets[0]?.metrics ?? {};
  const main = mainMetric(known, selection.metric);
  const others = otherMetrics(known, main, OTHERS);
  const hasIntervals = sets.some((set) => Number.isFinite(estimateOf(set, main)?.low));
  // What a model writes is judged when it is finished.
  const hasBefore = sets.some((s) => s.initial?.[main.name] !== undefined);
  const head = ["set", "examples", ...(hasBefore ? [`${main.label} before`, "after"] : [main.label])];
  const row = (set: SetSummary): string[] => [
    ...[set.set, String(set.count)],
    ...(hasBefore ? [set.initial, set.metrics] : [set.metrics]).map((m) => valueText(main, m?.[main.name])),
    ...(hasIntervals ? [rangeText(main, estimateOf(set, main))] : []),
    ...others.map((m) => valueText(m, set.metrics[m.name])),
  ];
  return tableLines(
    [[...head, ...(hasIntervals ? ["95 % interval"] : []), ...others.map((m) => m.label)], ...sets.map(row)],
    "lr",
  );
}
