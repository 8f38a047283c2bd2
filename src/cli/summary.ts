import { shareInterval } from "../evaluation/intervals.ts";
import type { FinetuneResult } from "../finetune.ts";
import { duration, number, percent, percentRange } from "../report/format.ts";
import type { SetSummary } from "../run/records.ts";
import { tableLines } from "./table.ts";
import type { Terminal } from "./terminal.ts";

/** What a run came to, as lines: a table of sets, how far the weights moved, and where everything lies. */
export function summaryLines(
  { summary, model, report, folder }: FinetuneResult,
  { style }: Terminal,
): string[] {
  const { sets, deviation, firingRate, bestStep, steps, seconds, method } = summary;
  const [head, ...rows] = tableLines(
    [["set", "examples", "before", "after", "95 % interval"], ...sets.map(setRow)],
    "lrrrr",
  );
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

function setRow({ set, count, metrics, initial }: SetSummary): string[] {
  const { accuracy } = metrics;
  if (accuracy === undefined) return [set, String(count), "", String(metrics.loss ?? "")];
  return [
    set,
    String(count),
    initial?.accuracy === undefined ? "–" : percent(initial.accuracy),
    percent(accuracy),
    percentRange(shareInterval({ count, share: accuracy })),
  ];
}
