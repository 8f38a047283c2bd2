import { floats } from "../../src/onnx/attribute.ts";
import { tensor } from "../../src/tensor/tensor.ts";
import type { GradientCase, IntegerInput } from "../support/gradient-check.ts";

function ints(...data: number[]): IntegerInput {
  return { dtype: "int64", dims: [data.length], data };
}
function int(value: number): IntegerInput {
  return { dtype: "int64", dims: [], data: [value] };
}

export const generatorCases: readonly GradientCase[] = [
  { opType: "Expand", inputs: [{ dims: [3, 1] }, ints(2, 3, 4)] },
  { opType: "Expand", title: "keeps larger dimensions", inputs: [{ dims: [3, 4] }, ints(1, 1)] },
  { opType: "Constant", inputs: [], attributes: { value: tensor("float32", [2], Float32Array.of(1.5, -2)) } },
  {
    opType: "Constant",
    title: "float",
    inputs: [],
    attributes: { value_float: { kind: "float", value: 1.5 } },
  },
  { opType: "Constant", title: "floats", inputs: [], attributes: { value_floats: floats([1.5, 2]) } },
  { opType: "Constant", title: "int", inputs: [], attributes: { value_int: -3 } },
  { opType: "Constant", title: "ints", inputs: [], attributes: { value_ints: [1, 2] } },
  { opType: "Constant", title: "string", inputs: [], attributes: { value_string: "a" } },
  { opType: "Constant", title: "strings", inputs: [], attributes: { value_strings: ["a", "b"] } },
  { opType: "ConstantOfShape", inputs: [ints(2, 3)] },
  {
    opType: "ConstantOfShape",
    title: "of integers",
    inputs: [ints(2)],
    attributes: { value: tensor("int64", [1], BigInt64Array.of(7n)) },
  },
  { opType: "ConstantOfShape", title: "scalar", inputs: [{ dtype: "int64", dims: [0], data: [] }] },
  { opType: "EyeLike", inputs: [{ dims: [2, 3] }], attributes: { k: 1 }, zero: true },
  {
    opType: "EyeLike",
    opset: 9,
    title: "of another type",
    inputs: [{ dims: [2, 2] }],
    attributes: { dtype: 6 },
    zero: true,
  },
  { opType: "HannWindow", inputs: [int(6)] },
  { opType: "HammingWindow", title: "symmetric", inputs: [int(6)], attributes: { periodic: 0 } },
  { opType: "BlackmanWindow", inputs: [int(5)], attributes: { output_datatype: 11 } },
  {
    opType: "MelWeightMatrix",
    precision: "float32",
    inputs: [
      int(4),
      int(16),
      int(8000),
      ...[0, 4000].map((v) => ({ dims: [], data: [v], constant: true as const })),
    ],
  },
  { opType: "Range", inputs: [int(3), int(-4), int(-2)] },
  { opType: "Range", title: "empty", inputs: [int(3), int(1), int(1)] },
  {
    opType: "Range",
    title: "of floats",
    inputs: [0.5, 2, 0.4].map((value) => ({ dims: [], data: [value], constant: true as const })),
  },
];
