import { setConstant } from "../onnx/edit.ts";
import { floatReader, floatWriter } from "../tensor/float-access.ts";
import { type Tensor, zeros } from "../tensor/tensor.ts";
import type { Matched } from "./match.ts";

/**
 * Puts Σ cᵢ θᵢ into one of the matched models, in its own float type, summed in float64. Everything else of it stays: other
 * stored tensors are those of `target`. A model with coefficient 1 beside zeros gives its very bits.
 *
 * For a LoRA run the matched models are the base and the merged one, so what is scaled is ΔW and not its two factors.
 *
 * @param target which of the models takes the values
 */
export function mixInto(matched: Matched, target: number, coefficients: readonly number[]): void {
  for (const { values, tensors } of matched.weights) {
    const value = values[target];
    if (value) setConstant(value, mixTensors(tensors, coefficients));
  }
}

/** Σ cᵢ tᵢ of tensors of one type and shape. */
function mixTensors(tensors: readonly Tensor[], coefficients: readonly number[]): Tensor {
  const used = tensors.flatMap((t, i) => ((coefficients[i] ?? 0) === 0 ? [] : [{ t, c: coefficients[i]! }]));
  const [only, ...more] = used;
  if (only && more.length === 0 && only.c === 1) return only.t;
  const first = tensors[0]!; // there are two or more
  const out = zeros(first.dtype, first.dims);
  const write = floatWriter(out);
  const readers = used.map(({ t, c }) => ({ read: floatReader(t), c }));
  for (let i = 0; i < out.data.length; i++) {
    let sum = 0;
    for (const { read, c } of readers) sum += c * read(i);
    write(i, sum);
  }
  return out;
}
