import { ConfigError, HoldfastError } from "../errors.ts";
import type { Dataset, Sequence } from "./dataset.ts";

export interface Packed {
  readonly dataset: Dataset;
  /** Positions of the examples in each row, in the order in which they stand. */
  readonly rows: readonly (readonly number[])[];
}

/**
 * A dataset of prepared sequences as rows of several: each row holds as many as fit, and says where each begins. What is in
 * a row stays; only the order of rows changes between epochs.
 *
 * The longest sequences are placed first, each in the first row that has room for it (first-fit decreasing, which takes
 * at most 11/9 of the fewest rows there can be; Johnson 1973).
 *
 * @param capacity the most tokens of a row; no sequence may be longer
 * @throws ConfigError if examples weigh differently in the loss
 */
export function packed(dataset: Dataset, capacity: number): Packed {
  if (dataset.weight) {
    throw new ConfigError(
      `${dataset.source}: preprocess.packing puts several examples into a row, and each has a weight of its own (dataset.weightColumn); leave one of the two out`,
    );
  }
  const rows = rowsOf(
    Array.from({ length: dataset.length }, (_, i) => dataset.size?.(i) ?? capacity),
    capacity,
  );
  const { source, format, kind, labelling, classes, warnings } = dataset;
  const membersOf = (i: number) => rows[i] ?? [];
  const rowsOfTexts: Dataset = {
    ...{ source, format, kind, labelling, classes, warnings },
    length: rows.length,
    label: (i) => dataset.label(membersOf(i)[0] ?? 0),
    name: (i) => membersOf(i).map(dataset.name).join(", "),
    size: (i) => membersOf(i).reduce((sum, member) => sum + (dataset.size?.(member) ?? capacity), 0),
    cut: (i) => membersOf(i).reduce((sum, member) => sum + (dataset.cut?.(member) ?? 0), 0),
    load: async (i) =>
      joined(await Promise.all(membersOf(i).map(async (member) => sequenceOf(dataset, member)))),
  };
  return { dataset: rowsOfTexts, rows };
}

/** The positions in each row, in the order in which they stand. */
export function rowsOf(sizes: readonly number[], capacity: number): number[][] {
  const order = sizes.map((_, i) => i).sort((a, b) => sizes[b]! - sizes[a]! || a - b);
  const rows: { free: number; members: number[] }[] = [];
  let [size, at] = [0, 0];
  for (const index of order) {
    // Rows that had no room for a sequence have none for the next of its size.
    if (sizes[index] !== size) [size, at] = [sizes[index]!, 0];
    while (at < rows.length && rows[at]!.free < size) at++;
    rows[at] ??= { free: capacity, members: [] };
    rows[at]!.free -= size;
    rows[at]!.members.push(index);
  }
  return rows.map((r) => r.members);
}

async function sequenceOf(dataset: Dataset, index: number): Promise<Sequence> {
  const sample = await dataset.load(index);
  if (sample.kind === "sequence") return sample;
  throw new HoldfastError(`internal: ${dataset.name(index)} is packed and is a ${sample.kind}`);
}

function joined(sequences: readonly Sequence[]): Sequence {
  const [first] = sequences as readonly [Sequence]; // a row is made with its first member
  return {
    kind: "sequence",
    data: Int32Array.from(sequences.flatMap((s) => [...s.data])),
    targets: Int32Array.from(sequences.flatMap((s) => [...s.targets])),
    segments: Int32Array.from(sequences.flatMap((s, i) => new Array<number>(s.data.length).fill(i + 1))),
    cut: sequences.reduce((sum, s) => sum + s.cut, 0),
    source: first.source,
  };
}
