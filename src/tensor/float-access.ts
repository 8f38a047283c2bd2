import { bfloat16ToFloat, floatToBfloat16, floatToHalf, halfToFloat } from "./half.ts";
import type { Tensor } from "./tensor.ts";

/** Reads elements of a float tensor as numbers, whatever its width. */
export function floatReader(tensor: Tensor): (i: number) => number {
  const data = tensor.data as ArrayLike<number>; // float tensors hold numbers, half floats their bits
  if (tensor.dtype === "float16") return (i) => halfToFloat(data[i]!);
  if (tensor.dtype === "bfloat16") return (i) => bfloat16ToFloat(data[i]!);
  return (i) => data[i]!;
}

/** Writes numbers into a float tensor, rounded to its width. */
export function floatWriter(tensor: Tensor): (i: number, value: number) => void {
  const data = tensor.data as { [i: number]: number }; // as above
  const write = (i: number, value: number) => {
    data[i] = value;
  };
  if (tensor.dtype === "float16") return (i, value) => write(i, floatToHalf(value));
  if (tensor.dtype === "bfloat16") return (i, value) => write(i, floatToBfloat16(value));
  return write;
}
