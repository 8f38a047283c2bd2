import { type Tensor, tensor } from "../../tensor/tensor.ts";
import type { Tokens } from "../dataset.ts";
import { type BatchBuffer, bufferOver } from "./batch-buffer.ts";
import { NOT_LEARNED } from "./dialogue-encoder.ts";

/** A buffer of tokens that gives their targets too: int64 [B, T], NOT_LEARNED behind a text and where it has none. */
export function withTargets(base: BatchBuffer, size: number): BatchBuffer {
  const rows: (Tokens | null)[] = new Array<Tokens | null>(size).fill(null);
  let length: number | null = null;
  const lengthOf = (inputs: ReadonlyMap<string, Tensor>) => inputs.values().next().value?.dims[1] ?? 0;
  return bufferOver(base, {
    write(sample, row) {
      base.write(sample, row);
      rows[row] = sample.kind === "tokens" ? sample : null;
      length = null;
    },
    inputs(count) {
      rows.fill(null, count);
      const inputs = base.inputs(count);
      length = lengthOf(inputs);
      return inputs;
    },
    targets(count) {
      rows.fill(null, count);
      const width = length ?? lengthOf(base.inputs(count));
      const data = new BigInt64Array(size * width).fill(BigInt(NOT_LEARNED));
      for (const [r, row] of rows.entries())
        for (const [t, target] of row?.targets?.entries() ?? []) data[r * width + t] = BigInt(target);
      return tensor("int64", [size, width], data);
    },
  });
}
