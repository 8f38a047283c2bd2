import type { GradientCase } from "../support/gradient-check.ts";

const x = [{ dims: [2, 3] }] as const;
const positive = [{ dims: [2, 3], range: [0.5, 3] as const }] as const;
const apart = [{ dims: [7], distinct: true as const, range: [-2.4, 2.6] as const }] as const;
const inUnit = [{ dims: [2, 3], range: [-0.8, 0.8] as const }] as const;
const ints = { dtype: "int32", dims: [3], data: [5, -2, 12] } as const;

export const unaryCases: readonly GradientCase[] = [
  { opType: "Neg", inputs: x },
  { opType: "Abs", inputs: apart },
  { opType: "Abs", title: "at 0", inputs: [{ dims: [1], data: [0] }], once: true },
  { opType: "Sign", inputs: apart, zero: true },
  { opType: "Reciprocal", inputs: positive },
  { opType: "Exp", inputs: x },
  { opType: "Log", inputs: positive },
  { opType: "Sqrt", inputs: positive },
  { opType: "Erf", inputs: x, precision: "float32" },
  { opType: "Sin", inputs: x },
  { opType: "Cos", inputs: x },
  { opType: "Tan", inputs: x, precision: "float32" },
  { opType: "Asin", inputs: inUnit, precision: "float32" },
  { opType: "Acos", inputs: inUnit, precision: "float32" },
  { opType: "Atan", inputs: x, precision: "float32" },
  { opType: "Sinh", inputs: x, precision: "float32" },
  { opType: "Cosh", inputs: x, precision: "float32" },
  { opType: "Asinh", inputs: x, precision: "float32" },
  { opType: "Acosh", inputs: [{ dims: [2, 3], range: [1.5, 4] }], precision: "float32" },
  { opType: "Atanh", inputs: inUnit, precision: "float32" },
  { opType: "Ceil", inputs: apart, zero: true },
  { opType: "Floor", inputs: apart, zero: true },
  { opType: "Round", inputs: apart, zero: true },
  { opType: "IsNaN", inputs: [{ dims: [3], data: [1, Number.NaN, 2] }], zero: true },
  { opType: "IsInf", inputs: [{ dims: [3], data: [1, Number.NEGATIVE_INFINITY, 2] }], zero: true },
  {
    opType: "BitShift",
    attributes: { direction: "LEFT" },
    inputs: [
      { dtype: "uint8", dims: [2, 2], data: [1, 2, 3, 4], fed: true },
      { dtype: "uint8", dims: [2], data: [1, 3], fed: true },
    ],
  },
  { opType: "BitwiseNot", inputs: [{ ...ints, fed: true }] },
  ...["BitwiseAnd", "BitwiseOr", "BitwiseXor"].map((opType) => ({
    opType,
    inputs: [{ ...ints, fed: true as const }, ints],
  })),
];
