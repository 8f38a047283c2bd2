import type { LayerRecord } from "../run/records.ts";

/** A parameter tensor, as its records describe it. */
export interface GridTensor {
  readonly name: string;
  readonly depth: number;
  readonly role: string;
  readonly elements: number;
  readonly anchored: boolean;
}

/** What was measured of one tensor in one interval. */
export type GridMeasure = "condition" | "fired" | "ratio" | "deviation" | "norm";

/** Layer records as tables [tensor][interval]: tensors by depth, intervals in time. NaN where nothing was recorded. */
export interface LayerGrid {
  readonly tensors: readonly GridTensor[];
  /** Last step of each interval. */
  readonly ends: readonly number[];
  readonly values: Readonly<Record<GridMeasure, readonly Float64Array[]>>;
}

/**
 * Arranges records. Where there are more than `limit` intervals, neighbours are joined: shares and ratio become means
 * over steps, deviation and norm those at the end.
 */
export function layerGrid(records: readonly LayerRecord[], limit: number): LayerGrid {
  const tensors = tensorsOf(records);
  const row = new Map(tensors.map((t, i) => [t.name, i]));
  const steps = [...new Set(records.map((r) => r.step))].sort((a, b) => a - b);
  const size = Math.max(1, Math.ceil(steps.length / limit));
  const columns = Math.ceil(steps.length / size);
  const column = new Map(steps.map((step, i) => [step, Math.floor(i / size)]));
  const table = () => tensors.map(() => new Float64Array(columns).fill(Number.NaN));
  const values = { condition: table(), fired: table(), ratio: table(), deviation: table(), norm: table() };
  const seen = tensors.map(() => new Float64Array(columns));
  for (const record of records) {
    const [i, j] = [row.get(record.name)!, column.get(record.step)!]; // both maps hold every record's key
    const before = seen[i]![j]!;
    seen[i]![j] = before + record.steps;
    for (const key of ["condition", "fired", "ratio"] as const) {
      const old = before === 0 ? 0 : values[key][i]![j]!;
      values[key][i]![j] = (old * before + record[key] * record.steps) / Math.max(1, before + record.steps);
    }
    values.deviation[i]![j] = record.deviation;
    values.norm[i]![j] = record.norm;
  }
  const ends = Array.from({ length: columns }, (_, j) => steps[Math.min(steps.length, (j + 1) * size) - 1]!);
  return { tensors, ends, values };
}

/** ‖θ − θ₀‖ / ‖θ‖, at most 1 (a tensor that began at zero), per tensor and interval. */
export function relativeDeviation(grid: LayerGrid): readonly Float64Array[] {
  return grid.values.deviation.map((row, i) =>
    row.map((d, j) => {
      const norm = grid.values.norm[i]![j]!;
      return norm > 0 ? Math.min(1, d / norm) : d > 0 ? 1 : d;
    }),
  );
}

function tensorsOf(records: readonly LayerRecord[]): GridTensor[] {
  const tensors = new Map<string, GridTensor>();
  for (const { name, depth, role, elements, anchored } of records) {
    if (!tensors.has(name)) tensors.set(name, { name, depth, role, elements, anchored });
  }
  return [...tensors.values()].sort((a, b) => a.depth - b.depth); // stable: within a depth in the order recorded
}
