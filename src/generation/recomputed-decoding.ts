import type { Tensor } from "../tensor/tensor.ts";
import type { Decoding, Prompt } from "./decoder.ts";
import { type DecoderSource, furtherFeeds, pickRows } from "./feeds.ts";
import { runWhole, type WholeRow } from "./whole-rows.ts";

/** Decoding without a cache: all tokens of every row are fed anew at every step. */
export async function startRecomputed(source: DecoderSource, prompts: readonly Prompt[]): Promise<Decoding> {
  let rows: WholeRow[] = prompts.map(({ ids }) => ({ ids: Array.from(ids), promptLength: ids.length }));
  let further: ReadonlyMap<string, Tensor> = furtherFeeds(source, prompts);
  let logits = new Float32Array(0);
  let vocabulary = 0;

  const compute = async (): Promise<void> => {
    await runWhole(source, { rows, further }, (row, part, width) => {
      if (row === 0) {
        vocabulary = width;
        logits = new Float32Array(rows.length * width);
      }
      const last = (rows[row]!.ids.length - 1) * width;
      logits.set(part.subarray(last, last + width), row * width);
    });
  };

  await compute();
  return {
    get logits() {
      return logits;
    },
    get rows() {
      return rows.length;
    },
    get vocabulary() {
      return vocabulary;
    },
    async advance(parents, tokens) {
      rows = parents.map((parent, i) => {
        const { ids, promptLength } = rows[parent]!;
        return { ids: [...ids, tokens[i]!], promptLength };
      });
      further = new Map([...further].map(([name, t]) => [name, pickRows(t, parents)]));
      await compute();
    },
  };
}
