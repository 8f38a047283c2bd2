import type { Estimate } from "../evaluation/intervals.ts";
import { bytes, duration, number, percent, points } from "../report/format.ts";
import { toJson } from "../run/fields.ts";
import { cellOf, describeDifference, headOf, judgementOf } from "./metric-words.ts";
import type { Comparison, MethodResult } from "./results.ts";

/** A column of the table: how it is headed, what a row has in it, and how that reads. */
export interface Column {
  readonly key: string;
  readonly head: string;
  readonly read: (row: MethodResult) => Estimate | undefined;
  readonly show: (value: number) => string;
  /** The half width of an interval, where it reads otherwise than a value. */
  readonly spread?: (half: number) => string;
}

const share = (value: number) => percent(value).replace("\u202f%", "");

/** The columns that hold something for some method. */
export function columnsOf({ sets, methods, metric }: Comparison): Column[] {
  const value = cellOf(metric);
  const shifts = sets.filter((s) => s.kind === "shift");
  const column = (
    key: string,
    head: string,
    read: Column["read"],
    show: Column["show"],
    spread?: Column["spread"],
  ): Column => ({ key, head, read, show, ...(spread && { spread }) });
  const all = [
    column("id", headOf(metric, "ID"), (r) => r.id, value),
    ...shifts.map(({ set }) => column(`shift_${set}`, headOf(metric, set), (r) => r.sets[set], value)),
    ...(shifts.length > 1 ? [column("ood", headOf(metric, "OOD mean"), (r) => r.ood, value)] : []),
    column("effective_robustness", "ρ", (r) => r.effectiveRobustness, points, share),
    column("deviation", "‖θ−θ0‖", (r) => r.deviation, number),
    column("firing_rate", "fired %", (r) => r.firingRate, share),
    column("seconds", "time", (r) => r.seconds, duration),
    column("peak_memory_bytes", "memory", (r) => r.peakMemoryBytes, bytes),
  ];
  return all.filter((c) => methods.some((row) => c.read(row)));
}

/** The table as rows of text, the head first: `91.2 ± 0.4`. */
export function tableRows(comparison: Comparison): string[][] {
  const columns = columnsOf(comparison);
  return [
    [
      "method",
      "chosen",
      ...columns.map((c) => c.head),
      `${hasOod(comparison) ? "OOD" : "ID"} − ${comparison.baseline}`,
    ],
    ...comparison.methods.map((row) => [
      row.name,
      row.setting,
      ...columns.map((c) => cellText(c, row)),
      differenceText(row, comparison),
    ]),
  ];
}

/** Whether some method was set against the baseline on shifted data; else the table tells of the difference in distribution. */
export function hasOod({ methods }: Comparison): boolean {
  return methods.some((m) => m.against?.ood);
}

/** Columns whose interval says nothing that a reader needs. */
const WITHOUT_INTERVAL = new Set(["seconds", "peak_memory_bytes"]);

/** `91.2 ± 0.4`, or the value alone where the interval says nothing that a reader needs. */
export function cellText(column: Column, row: MethodResult): string {
  const { value, half } = cellParts(column, row);
  return half === null ? value : `${value} ± ${half}`;
}

/** A cell as text: its value, and half of its interval's width where a reader needs it. */
export function cellParts(
  { key, read, show, spread = show }: Column,
  row: MethodResult,
): { readonly value: string; readonly half: string | null } {
  const estimate = read(row);
  if (!estimate) return { value: "–", half: null };
  const half = (estimate.high - estimate.low) / 2;
  const hides = Number.isNaN(half) || WITHOUT_INTERVAL.has(key);
  return { value: show(estimate.value), half: hides ? null : spread(half) };
}

function differenceText(row: MethodResult, { baseline, metric }: Comparison): string {
  if (row.name === baseline) return "baseline";
  const difference = row.against?.ood ?? row.against?.id;
  return difference ? describeDifference(metric, difference) : "–";
}

/** Numbers in full, one column per end of an interval. */
export function tableCsv(comparison: Comparison): string {
  const columns = columnsOf(comparison);
  const ends = (name: string) => [name, `${name}_low`, `${name}_high`];
  const differences = ["id", ...comparison.sets.filter((s) => s.kind === "shift").map((s) => s.set), "ood"];
  const head = [
    ...["method", "rules", "setting", "trials", "widened", "seeds"],
    ...columns.flatMap((c) => ends(c.key)),
    ...differences.flatMap((d) => ends(`difference_${d}`)),
  ];
  const rows = comparison.methods.map((row) => {
    const { against } = row;
    const difference = (d: string) =>
      d === "id" ? against?.id : d === "ood" ? against?.ood : against?.sets[d];
    return [
      ...[row.name, row.rules, row.setting, row.tried.length, row.tried.filter((t) => t.widened).length],
      row.runs.map((r) => r.seed).join(" "),
      ...columns.flatMap((c) => endsOf(c.read(row))),
      ...differences.flatMap((d) => endsOf(difference(d))),
    ];
  });
  return `${[head, ...rows].map((line) => line.map(csvField).join(",")).join("\n")}\n`;
}

function endsOf(e: Estimate | undefined): (number | string)[] {
  return e ? [e.value, e.low, e.high].map((v) => (Number.isNaN(v) ? "" : v)) : ["", "", ""];
}

function csvField(value: string | number): string {
  const text = String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The table for programs: every estimate, every run by folder, the line of the effective robustness. */
export function tableJson(comparison: Comparison): string {
  const methods = comparison.methods.map(({ runs, ...row }) => ({
    ...row,
    runs: runs.map(({ view, seed, peakMemoryBytes }) => ({
      seed,
      folder: view.run.folder,
      sets: Object.fromEntries(view.sets.flatMap((s) => (s.last ? [[s.set, s.last.metrics]] : []))),
      deviation: view.run.summary.deviation,
      firingRate: view.firingRate,
      seconds: view.run.summary.seconds,
      peakMemoryBytes,
    })),
  }));
  const { metric, chosenBy } = comparison;
  const { name, unit, higherIsBetter } = metric;
  const told = { metric: name, unit, higherIsBetter, chosenBy: chosenBy.name };
  return `${toJson({ format: "holdfast-compare/1", ...comparison, ...told, methods }, 2)}\n`;
}

/** The table for a paper; needs the package booktabs. A difference from the baseline that was seen is marked. */
export function tableLatex(comparison: Comparison): string {
  const columns = columnsOf(comparison);
  const line = (cells: readonly string[]) => `${cells.join(" & ")} \\\\`;
  const mark = ({ against }: MethodResult) =>
    against?.ood ? LATEX_MARKS[judgementOf(comparison.metric, against.ood)] : "";
  const pairing = comparison.methods.some((m) => m.against?.pairedBy === "seeds")
    ? "95 % t interval over paired seeds"
    : "95 % bootstrap interval over seeds and examples";
  return [
    `% Mean and 95 % t interval over seeds. Arrows: the mean over shifts is better (up) or worse (down) than that of ${comparison.baseline} (${pairing}).`,
    `\\begin{tabular}{l${"r".repeat(columns.length)}}`,
    "\\toprule",
    line(["Method", ...columns.map((c) => latex(c.head))]),
    "\\midrule",
    ...comparison.methods.map((row) =>
      line([`${latex(row.name)}${mark(row)}`, ...columns.map((c) => latex(cellText(c, row)))]),
    ),
    "\\bottomrule",
    "\\end{tabular}",
    "",
  ].join("\n");
}

const LATEX_MARKS = {
  better: "$^{\\uparrow}$",
  worse: "$^{\\downarrow}$",
  same: "",
  untold: "",
} as const;

const LATEX: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "±": "$\\pm$",
  "−": "$-$",
  "–": "--",
  ρ: "$\\rho$",
  θ: "$\\theta$",
  "‖": "$\\Vert$",
  "×": "$\\times$",
  "↓": "$\\downarrow$",
  "²": "$^2$",
  "\u202f": "\\,",
};

function latex(text: string): string {
  return text.replace(/[\\~^±−–ρθ‖×↓²\u202f]|[&%$#_{}]/g, (c) => LATEX[c] ?? `\\${c}`);
}
