/** `holdfast/tensor`: dtypes, shapes and tensors as typed arrays, half floats, seeded random numbers, safetensors. */
export {
  byteLengthOf,
  type DataType,
  type DataTypeArrays,
  dataTypes,
  type NumericData,
  type TensorData,
} from "./data-type.ts";
export { bfloat16ToFloat, floatToBfloat16, floatToHalf, halfToFloat } from "./half.ts";
export { createRandom, permutation, type Random, type RandomState } from "./random.ts";
export { decodeSafetensors, encodeSafetensors } from "./safetensors.ts";
export { type Shape, sizeOf } from "./shape.ts";
export { int64s, scalar, type Tensor, tensor, toNumbers, zeros } from "./tensor.ts";
