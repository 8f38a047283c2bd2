import { tensor } from "../../tensor/tensor.ts";
import type { Tokens } from "../dataset.ts";
import type { BatchBuffer } from "./batch-buffer.ts";
import { NOT_LEARNED } from "./dialogue-encoder.ts";

/** A buffer of tokens that gives their targets too: int64 [B, T], NOT_LEARNED behind a text and where it has none. */
export function withTargets(base: BatchBuffer, size: number): BatchBuffer {
  const rows: (Tokens | null)[] = new Array<Tokens | null>(size).fill(null);
  let length = 0;
  return {
    get isUsable() {
      return base.isUsable;
    },
    write(sample, row) {
      base.write(sample, row);
      rows[row] = sample.kind === "tokens" ? sample : null;
    },
    inputs(count) {
      rows.fill(null, count);
      const inputs = base.inputs(count);
      length = inputs.values().next().value?.dims[1] ?? 0;
      return inputs;
    },
    targets() {
      const data = new BigInt64Array(size * length).fill(BigInt(NOT_LEARNED));
      for (const [r, row] of rows.entries())
        for (const [t, target] of row?.targets?.entries() ?? []) data[r * length + t] = BigInt(target);
      return tensor("int64", [size, length], data);
    },
  };
}
