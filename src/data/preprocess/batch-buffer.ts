import { type Shape, sizeOf } from "../../tensor/shape.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import type { Sample } from "../dataset.ts";

/** Room for one batch, used again for others. */
export interface BatchBuffer {
  /** Puts a prepared sample into a row. Rows may be written in any order. */
  write(sample: Sample, row: number): void;
  /** What the model is fed once the first `count` rows are written; the others are empty. Valid until the next write. */
  inputs(count: number): ReadonlyMap<string, Tensor>;
  /** What the loss takes of the first `count` rows, where samples bring their targets with them. */
  targets?(count: number): Tensor;
  /** Whether it can be written to again: memory that was handed to another thread is gone. */
  readonly isUsable: boolean;
}

/** A buffer with some of what it does done in another way; whether it can be written to is the inner one's to say. */
export function bufferOver(inner: BatchBuffer, own: Partial<Omit<BatchBuffer, "isUsable">>): BatchBuffer {
  return {
    ...inner,
    ...own,
    get isUsable() {
      return inner.isUsable;
    },
  };
}

/** A buffer whose rows are float32 of one shape, for one input. */
export function floatBuffer(
  options: { readonly input: string; readonly dims: Shape; readonly size: number },
  write: (sample: Sample, out: Float32Array, offset: number) => void,
): BatchBuffer {
  const { input, dims, size } = options;
  const rowSize = sizeOf(dims);
  const data = new Float32Array(size * rowSize);
  return {
    get isUsable() {
      return data.length > 0;
    },
    write: (sample, row) => write(sample, data, row * rowSize),
    inputs(count) {
      data.fill(0, count * rowSize);
      return new Map([[input, tensor("float32", [size, ...dims], data)]]);
    },
  };
}
