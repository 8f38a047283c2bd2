import { type Estimate, signOf } from "../evaluation/intervals.ts";
import { bytes, duration, number, percent, points } from "../report/format.ts";
import { toJson } from "../run/fields.ts";
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
export function columnsOf({ sets, methods }: Comparison): Column[] {
  const shifts = sets.filter((s) => s.kind === "shift");
  const column = (
    key: string,
    head: string,
    read: Column["read"],
    show: Column["show"],
    spread?: Column["spread"],
  ): Column => ({ key, head, read, show, ...(spread && { spread }) });
  const all = [
    column("id", "ID %", (r) => r.id, share),
    ...shifts.map(({ set }) => column(`shift_${set}`, `${set} %`, (r) => r.sets[set], share)),
    ...(shifts.length > 1 ? [column("ood", "OOD mean %", (r) => r.ood, share)] : []),
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
    ["method", "chosen", ...columns.map((c) => c.head), `OOD − ${comparison.baseline}`],
    ...comparison.methods.map((row) => [
      row.name,
      row.setting,
      ...columns.map((c) => cellText(c, row)),
      differenceText(row, comparison),
    ]),
  ];
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

function differenceText(row: MethodResult, { baseline }: Comparison): string {
  if (row.name === baseline) return "baseline";
  const difference = row.against?.ood ?? row.against?.id;
  return difference ? describeDifference(difference) : "–";
}

/** `+1.2 (+0.3 to +2.1)`, or `no difference seen (−0.4 to +1.0)`. */
export function describeDifference(difference: Estimate): string {
  const range = `(${points(difference.low)} to ${points(difference.high)})`;
  return signOf(difference) === "same"
    ? `no difference seen ${range}`
    : `${points(difference.value)} ${range}`;
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
  return `${toJson({ format: "holdfast-compare/1", ...comparison, methods }, 2)}\n`;
}

/** The table for a paper; needs the package booktabs. A difference from the baseline that was seen is marked. */
export function tableLatex(comparison: Comparison): string {
  const columns = columnsOf(comparison);
  const line = (cells: readonly string[]) => `${cells.join(" & ")} \\\\`;
  const mark = (row: MethodResult) => {
    const ood = row.against?.ood;
    return ood && signOf(ood) !== "same"
      ? signOf(ood) === "above"
        ? "$^{\\uparrow}$"
        : "$^{\\downarrow}$"
      : "";
  };
  return [
    `% Mean and 95 % t interval over seeds. Arrows: the mean over shifts differs from ${comparison.baseline} (95 % bootstrap interval over seeds and examples).`,
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
  "\u202f": "\\,",
};

function latex(text: string): string {
  return text.replace(/[\\~^±−–ρθ‖×\u202f]|[&%$#_{}]/g, (c) => LATEX[c] ?? `\\${c}`);
}
