import type { LayeredRun } from "./charts/layers-chart.ts";
import type { RunView } from "./run-view.ts";

/** The most steps that the page carries per run; steps.jsonl has them all. */
const STEPS = 2000;

/**
 * The page's data for programs: per run its summary, environment, configuration, evaluations, steps (every n-th where
 * there are very many) and layers as tables. Numbers keep five significant digits; what is not a number is null.
 */
export function pageData(views: readonly RunView[], layered: readonly LayeredRun[]): object {
  return {
    format: "holdfast-report/1",
    runs: views.map((view) => {
      const { run } = view;
      const every = Math.max(1, Math.ceil(run.steps.length / STEPS));
      const grid = layered.find((l) => l.view === view)?.grid;
      return {
        label: view.label,
        folder: run.folder,
        summary: run.summary,
        environment: run.environment,
        config: run.config,
        // Matrices and answers of the way there would be most of the page; evaluations.jsonl has them.
        evaluations: run.evaluations.map(({ confusion, correct, reliability, parts, pairs, ...e }) =>
          e.model === "best" ? { ...e, confusion, correct, reliability, parts, pairs } : e,
        ),
        stepsEvery: every,
        steps: columnsOf(run.steps.filter((_, i) => i % every === every - 1 || i === run.steps.length - 1)),
        ...(grid && {
          layers: {
            tensors: grid.tensors,
            ends: grid.ends,
            ...Object.fromEntries(
              Object.entries(grid.values).map(([key, rows]) => [
                key,
                rows.map((row) => Array.from(row, short)),
              ]),
            ),
          },
        }),
      };
    }),
  };
}

function columnsOf(records: readonly object[]): Record<string, (number | null)[]> {
  const columns: Record<string, (number | null)[]> = {};
  for (const key of Object.keys(records[0] ?? {})) {
    columns[key] = records.map((record) => {
      const value: unknown = Object.entries(record).find(([k]) => k === key)?.[1];
      return typeof value === "number" ? short(value) : null;
    });
  }
  return columns;
}

function short(value: number): number | null {
  if (!Number.isFinite(value)) return null;
  return Number.isInteger(value) ? value : Number(value.toPrecision(5));
}
