import { type AttributeInit, floats } from "../../src/onnx/attribute.ts";
import type { GradientCase } from "../support/gradient-check.ts";

// Convolutions are linear in each input, so central differences with a large step are exact up to rounding.
const linear = { precision: "float32", step: 0.5, tolerance: 1e-4 } as const;

/** ONNX Runtime's own Conv with an activation, which bends: a small step. */
const fused = { opType: "FusedConv", domain: "com.microsoft", step: 2e-3, tolerance: 5e-3 } as const;

function conv(
  title: string,
  x: readonly number[],
  w: readonly number[],
  attributes: Readonly<Record<string, AttributeInit>> = {},
  extra: Partial<GradientCase> = {},
): GradientCase {
  const inputs = [{ dims: x }, { dims: w }, { dims: [w[0]!] }];
  return { opType: "Conv", title, inputs, attributes, ...linear, ...extra };
}

const convForms: readonly GradientCase[] = [
  conv("3×3", [2, 3, 5, 6], [4, 3, 3, 3], { pads: [1, 1, 1, 1] }),
  conv(
    "without bias",
    [2, 3, 5, 6],
    [4, 3, 3, 3],
    {},
    { inputs: [{ dims: [2, 3, 5, 6] }, { dims: [4, 3, 3, 3] }] },
  ),
  conv("pointwise", [2, 3, 4, 5], [4, 3, 1, 1]),
  conv("pointwise, stride 2", [2, 3, 5, 5], [4, 3, 1, 1], { strides: [2, 2] }),
  conv("stride 2, last row unread", [2, 3, 6, 8], [4, 3, 3, 3], { strides: [2, 2], pads: [0, 1, 0, 1] }),
  conv("stride 3 above the kernel", [1, 2, 8, 9], [2, 2, 2, 2], { strides: [3, 3] }),
  conv("dilated", [2, 2, 7, 8], [3, 2, 3, 2], { dilations: [2, 3], pads: [1, 2, 2, 1] }),
  conv("dilated and strided", [1, 2, 9, 9], [2, 2, 3, 3], {
    dilations: [2, 2],
    strides: [2, 3],
    pads: [2, 1, 1, 2],
  }),
  conv("asymmetric pads", [2, 2, 4, 5], [3, 2, 3, 3], { pads: [2, 0, 1, 1] }),
  conv("pads beyond the kernel", [1, 2, 4, 4], [2, 2, 2, 2], { pads: [3, 2, 2, 3] }),
  conv("grouped", [2, 4, 5, 5], [6, 2, 3, 3], { group: 2, pads: [1, 1, 1, 1] }),
  conv("grouped, strided", [2, 4, 6, 5], [6, 2, 3, 3], { group: 2, strides: [2, 2] }),
  conv("depthwise", [2, 3, 5, 6], [3, 1, 3, 3], { group: 3, pads: [1, 1, 1, 1] }),
  conv("depthwise, two kernels per channel", [2, 3, 5, 6], [6, 1, 3, 3], { group: 3 }),
  conv("depthwise, strided and dilated", [2, 3, 8, 9], [3, 1, 3, 3], {
    group: 3,
    strides: [2, 2],
    dilations: [1, 2],
    pads: [1, 2, 1, 2],
  }),
  conv("SAME_UPPER", [1, 2, 6, 7], [3, 2, 3, 4], { auto_pad: "SAME_UPPER", strides: [2, 2] }),
  conv("SAME_LOWER", [1, 2, 6, 7], [3, 2, 3, 4], { auto_pad: "SAME_LOWER", strides: [2, 2] }),
  conv("VALID", [1, 2, 6, 7], [3, 2, 3, 2], { auto_pad: "VALID", kernel_shape: [3, 2] }),
  conv("large map", [2, 2, 16, 15], [3, 2, 3, 3], { pads: [1, 1, 1, 1] }),
  conv("large map, pointwise", [2, 3, 16, 15], [4, 3, 1, 1]),
  conv("large map, grouped", [2, 4, 16, 15], [4, 2, 3, 3], { group: 2, pads: [1, 1, 1, 1] }),
  conv("large map, stride 2", [1, 2, 31, 33], [3, 2, 3, 3], { strides: [2, 2], pads: [1, 1, 1, 1] }),
  conv("medium map", [2, 2, 10, 12], [3, 2, 3, 3], { pads: [1, 1, 1, 1] }),
  conv("one image", [1, 2, 16, 15], [3, 2, 2, 2]),
  conv("1-D", [2, 3, 9], [4, 3, 3], { pads: [1, 1] }),
  conv("1-D, strided and dilated", [2, 3, 12], [4, 3, 3], { strides: [2], dilations: [2], pads: [0, 1] }),
  conv("1-D, depthwise, causal", [2, 3, 7], [3, 1, 4], { group: 3, pads: [3, 0] }),
  conv("3-D", [2, 2, 4, 5, 3], [3, 2, 2, 3, 2], { pads: [1, 0, 0, 0, 1, 1] }),
  conv("3-D, strided", [1, 2, 5, 6, 5], [2, 2, 2, 3, 2], { strides: [2, 2, 1] }),
  conv("3-D, grouped", [1, 2, 4, 4, 4], [2, 1, 3, 3, 3], { group: 2, pads: [1, 1, 1, 1, 1, 1] }),
  conv("oldest version", [1, 2, 5, 5], [2, 2, 3, 3], {}, { opset: 7 }),
];

function transposed(
  title: string,
  x: readonly number[],
  w: readonly number[],
  attributes: Readonly<Record<string, AttributeInit>> = {},
): GradientCase {
  const group = (attributes.group as number | undefined) ?? 1;
  const inputs = [{ dims: x }, { dims: w }, { dims: [w[1]! * group] }];
  return { opType: "ConvTranspose", title, inputs, attributes, ...linear };
}

const transposedForms: readonly GradientCase[] = [
  transposed("stride 1", [2, 3, 4, 5], [3, 2, 3, 3]),
  transposed("stride 2", [2, 3, 4, 5], [3, 2, 3, 3], { strides: [2, 2], pads: [1, 1, 1, 1] }),
  transposed("stride equals kernel", [2, 3, 4, 5], [3, 2, 2, 2], { strides: [2, 2] }),
  transposed("output padding", [2, 3, 4, 5], [3, 2, 3, 3], {
    strides: [2, 3],
    pads: [1, 1, 1, 1],
    output_padding: [1, 2],
  }),
  transposed("dilated, asymmetric pads", [1, 2, 5, 4], [2, 3, 3, 2], {
    dilations: [2, 2],
    strides: [2, 1],
    pads: [2, 0, 1, 1],
  }),
  transposed("grouped", [2, 4, 4, 5], [4, 3, 3, 3], { group: 2, strides: [2, 2] }),
  transposed("depthwise", [2, 3, 4, 5], [3, 1, 4, 4], { group: 3, strides: [2, 2], pads: [1, 1, 1, 1] }),
  transposed("output shape, odd padding", [1, 2, 4, 4], [2, 2, 4, 3], {
    strides: [2, 2],
    output_shape: [9, 8],
  }),
  transposed("output shape, SAME_UPPER", [1, 2, 4, 4], [2, 2, 4, 3], {
    strides: [2, 2],
    output_shape: [9, 8],
    auto_pad: "SAME_UPPER",
  }),
  transposed("output shape beyond the reach of the kernel", [1, 2, 3, 3], [2, 2, 2, 2], {
    strides: [2, 2],
    output_shape: [7, 7],
  }),
  transposed("SAME_UPPER", [1, 2, 4, 4], [2, 2, 4, 3], { strides: [2, 2], auto_pad: "SAME_UPPER" }),
  transposed("SAME_LOWER", [1, 2, 4, 4], [2, 2, 4, 3], { strides: [2, 2], auto_pad: "SAME_LOWER" }),
  transposed("VALID", [1, 2, 4, 4], [2, 2, 4, 3], { strides: [2, 2], auto_pad: "VALID" }),
  transposed("1-D", [2, 3, 6], [3, 2, 3], { strides: [2], pads: [0, 1] }),
  transposed("3-D", [1, 2, 3, 4, 3], [2, 2, 2, 3, 2], { strides: [2, 1, 2] }),
  transposed("large map", [1, 2, 15, 16], [2, 2, 3, 3], { strides: [2, 2] }),
];

const fusedForms: readonly GradientCase[] = [
  conv("Relu", [1, 2, 5, 5], [3, 2, 3, 3], { activation: "Relu", pads: [1, 1, 1, 1] }, fused),
  conv("Tanh", [1, 2, 5, 5], [3, 2, 3, 3], { activation: "Tanh" }, fused),
  conv(
    "Clip",
    [1, 2, 5, 5],
    [3, 2, 3, 3],
    { activation: "Clip", activation_params: floats([-0.4, 0.6]) },
    fused,
  ),
  conv(
    "LeakyRelu",
    [1, 2, 5, 5],
    [3, 2, 3, 3],
    { activation: "LeakyRelu", activation_params: floats([0.2]) },
    fused,
  ),
  conv("no activation", [1, 2, 5, 5], [3, 2, 3, 3], {}, fused),
  conv(
    "with a summand",
    [1, 2, 5, 5],
    [3, 2, 3, 3],
    { activation: "Relu" },
    {
      ...fused,
      inputs: [{ dims: [1, 2, 5, 5] }, { dims: [3, 2, 3, 3] }, { dims: [3] }, { dims: [1, 3, 3, 3] }],
    },
  ),
];

function deformed(
  title: string,
  dims: { readonly x: readonly number[]; readonly w: readonly number[]; readonly out: readonly number[] },
  attributes: Readonly<Record<string, AttributeInit>>,
  masked = false,
): GradientCase {
  const groups = (attributes.offset_group as number | undefined) ?? 1;
  const taps = dims.w.slice(2).reduce((p, k) => p * k, 1);
  const offsets = { dims: [dims.x[0]!, groups * taps * 2, ...dims.out], range: [-1.3, 1.3] as const };
  const mask = { dims: [dims.x[0]!, groups * taps, ...dims.out] };
  const inputs = [
    { dims: dims.x },
    { dims: dims.w },
    offsets,
    ...(masked ? [{ dims: [dims.w[0]!] }, mask] : []),
  ];
  // Bends where a place crosses an element.
  const bent = { precision: "float32", step: 1e-3, tolerance: 1e-2 } as const;
  return { opType: "DeformConv", title, opset: 19, inputs, attributes, ...bent };
}

const deformedForms: readonly GradientCase[] = [
  deformed("2×2", { x: [2, 2, 4, 5], w: [3, 2, 2, 2], out: [3, 4] }, {}),
  deformed(
    "grouped, strided, masked",
    { x: [1, 4, 6, 5], w: [4, 2, 3, 2], out: [3, 3] },
    { group: 2, offset_group: 2, strides: [2, 2], pads: [1, 0, 1, 1] },
    true,
  ),
];

export const convCases: readonly GradientCase[] = [
  ...convForms,
  ...transposedForms,
  ...fusedForms,
  ...deformedForms,
];
