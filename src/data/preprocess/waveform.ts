import { DataError } from "../../errors.ts";
import { formatShape, type Shape, sizeOf } from "../../tensor/shape.ts";
import type { Audio, NumberArray } from "../dataset.ts";

/**
 * A sound as a network of waves takes it: the first numbers of the wave, with silence behind a shorter one.
 *
 * @param dims of the model's input without the batch axis: [T] or [1, T]
 * @throws DataError if the input is of another shape
 */
export function waveform({ data }: Audio, dims: Shape): NumberArray {
  const length = dims.at(-1) ?? 0;
  if (sizeOf(dims) !== length)
    throw new DataError(
      `a sound, the model takes ${formatShape(dims)}; a network of waves takes [T] or [1, T]`,
    );
  const out = new Float32Array(length);
  out.set(data.subarray(0, length));
  return { kind: "array", dims, data: out };
}
