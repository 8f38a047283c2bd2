import fc from "fast-check";
import { describe, test } from "vitest";
import { checkGradient, type GradientCase } from "../support/gradient-check.ts";

/** A few draws with a fixed seed: a net under the cases that were thought of. */
const draws = { numRuns: 12, seed: 20261124, endOnFailure: true } as const;
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

type Axes = readonly { kernel: number; stride: number; dilation: number; before: number; after: number }[];

function attributesOf(drawn: Axes) {
  return {
    kernel_shape: drawn.map((a) => a.kernel),
    strides: drawn.map((a) => a.stride),
    dilations: drawn.map((a) => a.dilation),
    pads: [...drawn.map((a) => a.before), ...drawn.map((a) => a.after)],
  };
}

/** Pools take less padding than their kernel is long. */
function poolAttributes(drawn: Axes) {
  return attributesOf(
    drawn.map((a) => ({
      ...a,
      before: Math.min(a.before, a.kernel - 1),
      after: Math.min(a.after, a.kernel - 1),
    })),
  );
}

async function check(arbitrary: fc.Arbitrary<GradientCase>): Promise<void> {
  await fc.assert(fc.asyncProperty(arbitrary, checkGradient), draws);
}

describe("windows of any shape have the derivative that ONNX Runtime's results show", () => {
  test("Conv", async () => {
    await check(
      fc.record({ axes, channels }).map(({ axes, channels: { batch, group, depth, width } }) => ({
        opType: "Conv",
        inputs: [
          { dims: [batch, group * depth, ...axes.map((a) => a.input)] },
          { dims: [group * width, depth, ...axes.map((a) => a.kernel)] },
          { dims: [group * width] },
        ],
        attributes: { ...attributesOf(axes), group },
        ...linear,
      })),
    );
  });

  test("ConvTranspose", async () => {
    await check(
      fc
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
        })),
    );
  });

  test("MaxPool", async () => {
    await check(
      fc.record({ axes, channels, ceil: fc.boolean() }).map(({ axes, channels: { batch, depth }, ceil }) => ({
        opType: "MaxPool",
        inputs: [
          {
            dims: [batch, depth, ...axes.map((a) => a.input)],
            distinct: true as const,
            range: [-99, 99] as const,
          },
        ],
        attributes: { ...poolAttributes(axes), ceil_mode: ceil ? 1 : 0 },
      })),
    );
  });

  test("AveragePool", async () => {
    await check(
      fc
        .record({ axes, channels, ceil: fc.boolean(), counts: fc.boolean() })
        .map(({ axes, channels: { batch, depth }, ceil, counts }) => ({
          opType: "AveragePool",
          inputs: [{ dims: [batch, depth, ...axes.map((a) => a.input)] }],
          attributes: {
            ...poolAttributes(axes),
            ceil_mode: ceil ? 1 : 0,
            count_include_pad: counts ? 1 : 0,
          },
          ...linear,
        })),
    );
  });
});
