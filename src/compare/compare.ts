import type { Files } from "../platform/files.ts";
import { joinPath } from "../platform/paths.ts";
import { tableMarkdown } from "./markdown.ts";
import { renderComparison } from "./page/page.ts";
import { type Comparison, gatherResults } from "./results.ts";
import { type CompareOptions, runMethods } from "./run-methods.ts";
import { type CompareInput, parseCompare } from "./schema.ts";
import { tableCsv, tableJson, tableLatex } from "./table.ts";
import { walkRuns } from "./walk-runs.ts";

/** What a comparison wrote, and what stands in it. */
export interface CompareResult {
  readonly status: "finished" | "stopped";
  /** Whether every method that was to be trained has all of its runs. */
  readonly isComplete: boolean;
  /** Null if nothing has finished. */
  readonly comparison: Comparison | null;
  /** Paths of what was written. */
  readonly written: readonly string[];
}

/**
 * Compares methods honestly: each is tuned with the same number of trials on the validation set alone, trained with
 * the same budget over the same seeds, and set against a baseline pair by pair.
 *
 *     methods × trials → the best setting of each → × seeds → one table, one page
 *
 * What was stopped or killed goes on where it was if it is called again with the same settings.
 *
 * @throws ConfigError, DataError, ModelError for what cannot be used
 */
export async function compare(input: CompareInput, options: CompareOptions): Promise<CompareResult> {
  const settings = parseCompare(input);
  const trained = await runMethods(settings, options);
  const walks = await walkRuns(settings, trained, options);
  const compared = { ...trained, problems: [...trained.problems, ...walks] };
  const { status } = compared;
  const isComplete = compared.methods.every(
    ({ entry, runs }) => !(options.only?.includes(entry.name) ?? true) || runs.size === settings.seeds.length,
  );
  if (compared.methods.every((m) => m.runs.size === 0))
    return { status, isComplete, comparison: null, written: [] };
  const comparison = await gatherResults(options.files, settings, compared);
  const written = await writeTables(options.files, settings.out, comparison);
  const page = joinPath(settings.out, "report.html");
  await options.files.write(page, await renderComparison(comparison, settings));
  return { status, isComplete, comparison, written: [...written, page] };
}

async function writeTables(files: Files, folder: string, comparison: Comparison): Promise<string[]> {
  const tables = { csv: tableCsv, json: tableJson, md: tableMarkdown, tex: tableLatex };
  const written: string[] = [];
  for (const [extension, render] of Object.entries(tables)) {
    const path = joinPath(folder, `table.${extension}`);
    await files.write(path, render(comparison));
    written.push(path);
  }
  return written;
}
