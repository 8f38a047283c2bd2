import type { MetricFacts } from "../evaluation/metric-facts.ts";
import { describeDifference, judgementOf } from "./metric-words.ts";
import type { Comparison, MethodResult } from "./results.ts";
import { cellText, columnsOf } from "./table.ts";

/**
 * The table for a README or a model card: every column of the terminal's, and the differences from the baseline on both
 * sides, bold where they were seen.
 */
export function tableMarkdown(comparison: Comparison): string {
  const { methods, baseline, metric } = comparison;
  const columns = columnsOf(comparison);
  const sides = (["id", "ood"] as const).filter((side) => methods.some((m) => m.against?.[side]));
  const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(" | ")} |`;
  const head = [
    ...["method", "setting", ...columns.map((c) => c.head)],
    ...sides.map((side) => `${side.toUpperCase()} − ${baseline}`),
  ];
  return [
    line(head),
    line(head.map((_, i) => (i < 2 ? "---" : "---:"))),
    ...methods.map((row) =>
      line([
        ...[row.name, row.setting, ...columns.map((c) => cellText(c, row))],
        ...sides.map((side) => difference(metric, row, side)),
      ]),
    ),
    "",
  ].join("\n");
}

function difference(metric: MetricFacts, { against }: MethodResult, side: "id" | "ood"): string {
  const estimate = against?.[side];
  if (!estimate) return "";
  const text = describeDifference(metric, estimate);
  const judged = judgementOf(metric, estimate);
  return judged === "better" || judged === "worse" ? `**${text}**` : text;
}

function escaped(cell: string): string {
  return cell.replaceAll("|", "\\|");
}
