import { RunError } from "../errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Decoding, Prompt } from "./decoder.ts";
import {
  type DecoderSource,
  emptyCache,
  furtherFeeds,
  integersFor,
  logitsFrom,
  pickRows,
  stateFeeds,
} from "./feeds.ts";

/**
 * Decoding with a key–value cache: the prompts are read at once, then one token a row. Short prompts are padded on the
 * left, so that every row's next token stands in the same column.
 */
export async function startCached(source: DecoderSource, prompts: readonly Prompt[]): Promise<Decoding> {
  const { signature, session, padId } = source;
  const longest = Math.max(...prompts.map((p) => p.ids.length));
  let padding = prompts.map((p) => longest - p.ids.length);
  let further = furtherFeeds(source, prompts);
  let seen = 0;
  let cache = emptyCache(signature, prompts.length);
  let logits: Tensor<"float32">;

  /** Feeds `length` tokens a row behind what is cached. */
  const feed = async (length: number, tokenAt: (row: number, column: number) => number): Promise<void> => {
    const rows = padding.length;
    const total = seen + length;
    const grid = (columns: number, at: (row: number, column: number) => number) =>
      Array.from({ length: rows * columns }, (_, i) => at(Math.floor(i / columns), i % columns));
    const feeds = new Map<string, Tensor>([...cache, ...further]);
    const put = (
      input: typeof signature.mask,
      columns: number,
      at: (row: number, column: number) => number,
    ): void => {
      if (input) feeds.set(input.name, integersFor(input, [rows, columns], grid(columns, at)));
    };
    put(signature.ids, length, tokenAt);
    put(signature.mask, total, (row, column) => (column < padding[row]! ? 0 : 1));
    put(signature.positions, length, (row, column) => Math.max(0, seen + column - padding[row]!));
    put(signature.types, length, () => (seen === 0 ? 0 : 1));
    const columns = Array.from({ length }, (_, column) => seen + column);
    const state = stateFeeds(signature, { columns, keep: 1, hasCache: seen > 0 });
    for (const [name, t] of state) feeds.set(name, t);
    const presents = signature.cache.map((entry) => entry.present);
    const outputs = await session.run(feeds, { outputs: [signature.logits, ...presents] });
    logits = logitsFrom(source, outputs);
    cache = new Map(
      signature.cache.map(({ past, present }) => {
        const next = outputs.get(present);
        if (next?.dims[2] === total) return [past.name, next];
        throw new RunError(
          `${source.name}: output "${present}" is [${next?.dims.join(", ") ?? ""}], expected ${total} cached tokens on axis 2`,
        );
      }),
    );
    seen = total;
  };

  await feed(longest, (row, column) => prompts[row]!.ids[column - padding[row]!] ?? padId);
  return {
    get logits() {
      return lastColumn(logits);
    },
    get rows() {
      return padding.length;
    },
    get vocabulary() {
      return logits.dims[2]!; // the rank was checked
    },
    async advance(parents, tokens) {
      cache = new Map([...cache].map(([name, t]) => [name, pickRows(t, parents)]));
      further = new Map([...further].map(([name, t]) => [name, pickRows(t, parents)]));
      padding = parents.map((row) => padding[row]!);
      await feed(1, (row) => tokens[row]!);
    },
  };
}

/** The logits of the last token of every row, [rows, vocabulary]. */
function lastColumn({ dims, data }: Tensor<"float32">): Float32Array {
  const [rows = 0, columns = 0, vocabulary = 0] = dims;
  if (columns === 1) return data;
  const out = new Float32Array(rows * vocabulary);
  for (let row = 0; row < rows; row++) {
    const from = (row * columns + columns - 1) * vocabulary;
    out.set(data.subarray(from, from + vocabulary), row * vocabulary);
  }
  return out;
}
