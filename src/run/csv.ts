import type { Files } from "../platform/files.ts";
import { joinPath } from "../platform/paths.ts";
import type { RunRecord } from "./run-reader.ts";

type Cell = string | number | boolean;

/**
 * Writes a run's records as tables for spreadsheets and data frames: steps.csv, layers.csv, and evaluations.csv with
 * one column per metric.
 */
export async function exportCsv(files: Files, run: RunRecord, folder: string): Promise<void> {
  const tables: Readonly<Record<string, readonly object[]>> = {
    "steps.csv": run.steps,
    "layers.csv": run.layers,
    "evaluations.csv": run.evaluations.map(({ step, epoch, model, set, kind, count, metrics }) => ({
      ...{ step, epoch, model, set, kind, count },
      ...Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`metric ${name}`, value])),
    })),
  };
  for (const [name, rows] of Object.entries(tables)) await files.write(joinPath(folder, name), toCsv(rows));
}

/**
 * Rows as CSV after RFC 4180, with a header of every key in order of appearance; a key that a row lacks is an empty
 * cell. Numbers are written in full, those that are not finite as `NaN`, `Infinity`, `-Infinity`.
 */
export function toCsv(rows: readonly object[]): string {
  const entries = rows.map((row) => new Map(Object.entries(row) as [string, Cell][])); // records hold cells only
  const header = [...new Set(entries.flatMap((row) => [...row.keys()]))];
  const lines = [header, ...entries.map((row) => header.map((key) => row.get(key) ?? ""))];
  return lines.map((line) => `${line.map(cell).join(",")}\r\n`).join("");
}

function cell(value: Cell): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
