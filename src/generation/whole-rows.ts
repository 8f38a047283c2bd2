import type { Tensor } from "../tensor/tensor.ts";
import { type DecoderSource, emptyCache, integersFor, logitsFrom, pickRows, stateFeeds } from "./feeds.ts";

/** Tokens of one row, of which the first `promptLength` were given. */
export interface WholeRow {
  readonly ids: readonly number[];
  readonly promptLength: number;
}

/**
 * Runs a decoder over whole rows with nothing cached, and hands out the logits of each, float32 [T, width] with T at
 * least the row's length. Short rows are padded on the right, which no token before it sees; a file of fixed sizes gets
 * as many rows and columns as it insists on.
 */
export async function runWhole(
  source: DecoderSource,
  batch: { readonly rows: readonly WholeRow[]; readonly further: ReadonlyMap<string, Tensor> },
  take: (row: number, logits: Float32Array, width: number) => void,
): Promise<void> {
  const { signature, session } = source;
  const atOnce = signature.rows ?? batch.rows.length;
  for (let start = 0; start < batch.rows.length; start += atOnce) {
    const count = Math.min(atOnce, batch.rows.length - start);
    // A missing row of a fixed batch repeats the last one.
    const indices = Array.from({ length: atOnce }, (_, i) => start + Math.min(i, count - 1));
    const feeds = wholeFeeds(
      source,
      indices.map((i) => batch.rows[i]!),
    );
    for (const [name, t] of batch.further) feeds.set(name, pickRows(t, indices));
    const logits = logitsFrom(source, await session.run(feeds, { outputs: [signature.logits] }));
    const [, columns = 0, width = 0] = logits.dims;
    for (let i = 0; i < count; i++)
      take(start + i, logits.data.subarray(i * columns * width, (i + 1) * columns * width), width);
  }
}

function wholeFeeds({ signature, padId }: DecoderSource, rows: readonly WholeRow[]): Map<string, Tensor> {
  const length = signature.length ?? Math.max(...rows.map((r) => r.ids.length));
  const feeds = new Map<string, Tensor>();
  const put = (input: typeof signature.mask, at: (row: WholeRow, column: number) => number): void => {
    if (!input) return;
    const values = rows.flatMap((row) => Array.from({ length }, (_, column) => at(row, column)));
    feeds.set(input.name, integersFor(input, [rows.length, length], values));
  };
  put(signature.ids, (row, column) => row.ids[column] ?? padId);
  put(signature.mask, (row, column) => (column < row.ids.length ? 1 : 0));
  put(signature.positions, (_, column) => column);
  put(signature.types, (row, column) => (column < row.promptLength ? 0 : 1));
  const state = stateFeeds(signature, { columns: [...Array(length).keys()], keep: 0, hasCache: false });
  return new Map([...feeds, ...state, ...emptyCache(signature, rows.length)]);
}
