import type { AttributeInit } from "../../src/onnx/attribute.ts";
import type { Value } from "../../src/onnx/value.ts";
import type { GradientCase, IntegerInput } from "../support/gradient-check.ts";

function int(value: number): IntegerInput {
  return { dtype: "int64", dims: [], data: [value] };
}

function dft(
  title: string,
  dims: readonly number[],
  rest: {
    length?: number;
    axis?: number;
    attributes?: Readonly<Record<string, AttributeInit>>;
    opset?: number;
  } = {},
): GradientCase {
  const length = rest.length === undefined ? null : int(rest.length);
  const axis = rest.axis === undefined ? [] : [int(rest.axis)];
  return {
    opType: "DFT",
    title,
    opset: rest.opset ?? 21,
    inputs: [{ dims }, length, ...axis],
    attributes: rest.attributes ?? {},
  };
}

export const fourierCases: readonly GradientCase[] = [
  dft("of real numbers", [2, 5, 1]),
  dft("of complex numbers", [2, 4, 2]),
  dft("one-sided, even length", [2, 6, 1], { attributes: { onesided: 1 } }),
  dft("one-sided, odd length", [1, 5, 1], { attributes: { onesided: 1 } }),
  dft("along the first axis", [4, 3, 2], { axis: 0 }),
  dft("along a negative axis", [2, 4, 3, 2], { axis: -3 }),
  dft("filled with zeros", [2, 3, 1], { length: 8, attributes: { onesided: 1 } }),
  dft("cut", [2, 6, 2], { length: 4 }),
  dft("inverse", [2, 5, 2], { attributes: { inverse: 1 } }),
  dft("inverse, filled with zeros", [1, 3, 2], { length: 4, attributes: { inverse: 1 } }),
  dft("along an axis that is an attribute", [2, 4, 3, 1], {
    opset: 17,
    attributes: { axis: 2, onesided: 1 },
  }),
  dft("inverse in opset 19", [2, 4, 2], { opset: 19, attributes: { inverse: 1 } }),
  { opType: "STFT", inputs: [{ dims: [2, 10, 1] }, int(3), { dims: [4] }] },
  {
    opType: "STFT",
    title: "without a window, both sides",
    opset: 17,
    inputs: [{ dims: [1, 9, 1] }, int(2), null, int(5)],
    attributes: { onesided: 0 },
  },
  {
    opType: "STFT",
    title: "of complex numbers",
    inputs: [{ dims: [1, 8, 2] }, int(4), { dims: [4] }, int(4)],
    attributes: { onesided: 0 },
    // ONNX Runtime 1.30 misreads complex frames under a window, so it is asked for real ones: S(a + ib) = S(a) + i S(b).
    meaning: (apply, [x, ...rest]) => {
      const part = (v: Value, i: number) =>
        apply("Gather", [v, apply("Constant", [], { value_ints: [i] })], { axis: -1 });
      const [a, b] = [0, 1].map((i) => apply("STFT", [part(x!, i), ...rest], { onesided: 0 })) as [
        Value,
        Value,
      ];
      const real = apply("Sub", [part(a, 0), part(b, 1)]);
      const imaginary = apply("Add", [part(a, 1), part(b, 0)]);
      return apply("Concat", [real, imaginary], { axis: -1 });
    },
  },
];
