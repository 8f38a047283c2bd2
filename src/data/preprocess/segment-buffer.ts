import { type Tensor, tensor } from "../../tensor/tensor.ts";
import type { Sequence } from "../dataset.ts";
import { type BatchBuffer, bufferOver } from "./batch-buffer.ts";

/** Name of the input that says which text of its row a token is of. */
export const SEGMENT_IDS = "segment_ids";

/** A buffer of sequences with one more input, SEGMENT_IDS: int64 [B, T], the text of its row that each token is of, from 1 on; 0 behind them. */
export function withSegments(base: BatchBuffer, size: number): BatchBuffer {
  const rows: (Sequence | null)[] = new Array<Sequence | null>(size).fill(null);
  return bufferOver(base, {
    write(sample, row) {
      base.write(sample, row);
      rows[row] = sample.kind === "sequence" ? sample : null;
    },
    inputs(count) {
      rows.fill(null, count);
      const inputs = base.inputs(count);
      const length = inputs.values().next().value?.dims[1] ?? 0;
      const data = new BigInt64Array(size * length);
      for (const [r, row] of rows.entries()) {
        if (row === null) continue;
        for (let t = 0; t < row.data.length; t++) data[r * length + t] = BigInt(row.segments?.[t] ?? 1);
      }
      return new Map<string, Tensor>([...inputs, [SEGMENT_IDS, tensor("int64", [size, length], data)]]);
    },
  });
}
