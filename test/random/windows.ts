import fc from "fast-check";
import type { GradientCase } from "../support/gradient-check.ts";
import type { Cases } from "./draw.ts";

const linear = { precision: "float32", step: 0.5, tolerance: 1e-4 } as const;

/** One spatial axis of a window; the input is long enough for one window at least. */
const axis = fc
  .record({
    kernel: fc.integer({ min: 1, max: 3 }),
    stride: fc.integer({ min: 1, max: 3 }),
    dilation: fc.integer({ min: 1, max: 2 }),
    before: fc.integer({ min: 0, max: 2 }),
    after: fc.integer({ min: 0, max: 2 }),
    more: fc.integer({ min: 0, max: 9 }),
  })
  .map((a) => ({ ...a, input: (a.kernel - 1) * a.dilation + 1 + a.more }));

const axes = fc.array(axis, { minLength: 1, maxLength: 3 });
const small = fc.integer({ min: 1, max: 2 });
const channels = fc.record({
  batch: small,
  group: fc.integer({ min: 1, max: 3 }),
  depth: small,
  width: small,
});
/** Padding by numbers, or by a word. */
const auto = fc.constantFrom("NOTSET", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID");

type Axes = readonly { kernel: number; stride: number; dilation: number; before: number; after: number }[];

function attributesOf(drawn: Axes, padding = "NOTSET") {
  return {
    kernel_shape: drawn.map((a) => a.kernel),
    strides: drawn.map((a) => a.stride),
    dilations: drawn.map((a) => (padding.startsWith("SAME") ? 1 : a.dilation)),
    ...(padding === "NOTSET"
      ? { pads: [...drawn.map((a) => a.before), ...drawn.map((a) => a.after)] }
      : { auto_pad: padding }),
  };
}

/**
 * Pools take less padding than their kernel is long. With SAME padding and strides longer than the kernel ONNX Runtime's
 * pools compute a negative padding, and fail or shift their windows.
 */
function poolAttributes(drawn: Axes, padding: string) {
  return attributesOf(
    drawn.map((a) => ({
      ...a,
      stride: padding.startsWith("SAME") ? Math.min(a.stride, a.kernel) : a.stride,
      before: Math.min(a.before, a.kernel - 1),
      after: Math.min(a.after, a.kernel - 1),
    })),
    padding,
  );
}

const conv: fc.Arbitrary<GradientCase> = fc
  .record({ axes, channels, auto, bias: fc.boolean() })
  .map(({ axes, channels: { batch, group, depth, width }, auto, bias }) => ({
    opType: "Conv",
    inputs: [
      { dims: [batch, group * depth, ...axes.map((a) => a.input)] },
      { dims: [group * width, depth, ...axes.map((a) => a.kernel)] },
      ...(bias ? [{ dims: [group * width] }] : []),
    ],
    attributes: { ...attributesOf(axes, auto), group },
    ...linear,
  }));

const convTranspose: fc.Arbitrary<GradientCase> = fc
  .record({ axes, channels, pad: fc.integer({ min: 0, max: 2 }) })
  .map(({ axes, channels: { batch, group, depth, width }, pad }) => ({
    opType: "ConvTranspose",
    inputs: [
      { dims: [batch, group * depth, ...axes.map((a) => a.more + 2)] },
      { dims: [group * depth, width, ...axes.map((a) => a.kernel)] },
      { dims: [group * width] },
    ],
    attributes: {
      ...attributesOf(axes.map((a) => ({ ...a, before: a.kernel > 1 ? 1 : 0, after: 0 }))),
      output_padding: axes.map((a) => Math.min(pad, a.stride - 1)),
      group,
    },
    ...linear,
  }));

const maxPool: fc.Arbitrary<GradientCase> = fc
  .record({ axes, channels, ceil: fc.boolean(), auto, indices: fc.boolean() })
  .map(({ axes, channels: { batch, depth }, ceil, auto, indices }) => ({
    opType: "MaxPool",
    inputs: [
      {
        dims: [batch, depth, ...axes.map((a) => a.input)],
        distinct: true as const,
        range: [-99, 99] as const,
      },
    ],
    attributes: { ...poolAttributes(axes, auto), ceil_mode: ceil && auto === "NOTSET" ? 1 : 0 },
    outputs: indices ? 2 : 1,
  }));

const averagePool: fc.Arbitrary<GradientCase> = fc
  .record({ axes, channels, ceil: fc.boolean(), counts: fc.boolean(), auto })
  .map(({ axes, channels: { batch, depth }, ceil, counts, auto }) => ({
    opType: "AveragePool",
    inputs: [{ dims: [batch, depth, ...axes.map((a) => a.input)] }],
    attributes: {
      ...poolAttributes(axes, auto),
      ceil_mode: ceil && auto === "NOTSET" ? 1 : 0,
      count_include_pad: counts ? 1 : 0,
    },
    ...linear,
  }));

const lpPool: fc.Arbitrary<GradientCase> = fc
  .record({ axes, channels, p: fc.integer({ min: 1, max: 3 }) })
  .map(({ axes, channels: { batch, depth }, p }) => ({
    opType: "LpPool",
    inputs: [{ dims: [batch, depth, ...axes.map((a) => a.input)], range: [0.5, 2] as const }],
    attributes: { ...poolAttributes(axes, "NOTSET"), p },
    precision: "float32" as const,
  }));

/** Convolutions and pools over one to three axes. */
export const windowCases: Cases<GradientCase> = {
  Conv: conv,
  ConvTranspose: convTranspose,
  MaxPool: maxPool,
  AveragePool: averagePool,
  LpPool: lpPool,
};
