import fc from "fast-check";
import { float } from "../../src/onnx/attribute.ts";
import type { GradientCase } from "../support/gradient-check.ts";
import { type Cases, ints } from "./draw.ts";

const linear = { precision: "float32", step: 0.5, tolerance: 1e-4 } as const;
const length = fc.integer({ min: 1, max: 5 });

/** Resize of one or two axes of a tensor of three or four. */
const resize: fc.Arbitrary<GradientCase> = fc
  .record({
    dims: fc.tuple(fc.constant(1), fc.integer({ min: 1, max: 2 }), length, length),
    mode: fc.constantFrom("nearest", "linear", "cubic"),
    transform: fc.constantFrom(
      "half_pixel",
      "pytorch_half_pixel",
      "align_corners",
      "asymmetric",
      "half_pixel_symmetric",
    ),
    nearest: fc.constantFrom("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"),
    factors: fc.tuple(fc.constantFrom(0.5, 0.6, 1, 1.5, 2, 3), fc.constantFrom(0.5, 0.7, 1, 1.3, 2)),
    bySizes: fc.boolean(),
    exclude: fc.boolean(),
    a: fc.constantFrom(-0.75, -0.5),
  })
  .map(({ dims, mode, transform, nearest, factors, bySizes, exclude, a }): GradientCase => {
    const sizes = dims.map((d, i) => (i < 2 ? d : Math.max(1, Math.floor(d * factors[i - 2]!))));
    const fits =
      sizes.every((s) => s > 0) && dims.every((d, i) => i < 2 || Math.floor(d * factors[i - 2]!) > 0);
    const scales = { dims: [4], data: [1, 1, ...factors], constant: true as const };
    return {
      opType: "Resize",
      inputs: bySizes || !fits ? [{ dims }, null, null, ints(...sizes)] : [{ dims }, null, scales],
      attributes: {
        mode,
        coordinate_transformation_mode: transform,
        ...(mode === "nearest" ? { nearest_mode: nearest } : {}),
        ...(mode === "cubic" ? { cubic_coeff_a: float(a), exclude_outside: exclude ? 1 : 0 } : {}),
      },
      ...linear,
    };
  });

const gridSample: fc.Arbitrary<GradientCase> = fc
  .record({
    size: fc.array(fc.integer({ min: 2, max: 4 }), { minLength: 2, maxLength: 3 }),
    out: fc.integer({ min: 1, max: 3 }),
    n: fc.integer({ min: 1, max: 2 }),
    c: fc.integer({ min: 1, max: 2 }),
    mode: fc.constantFrom("linear", "nearest"),
    padding: fc.constantFrom("zeros", "border", "reflection"),
    aligned: fc.constantFrom(0, 1),
  })
  .map(({ size, out, n, c, mode, padding, aligned }) => ({
    opType: "GridSample",
    inputs: [
      { dims: [n, c, ...size] },
      // Places are not moved: whether one step crosses a border of cells is a matter of chance.
      {
        dims: [n, ...size.map(() => out), size.length],
        range: [-1.3, 1.3] as const,
        constant: true as const,
      },
    ],
    attributes: { mode, padding_mode: padding, align_corners: aligned },
    ...linear,
  }));

export const resizeCases: Cases<GradientCase> = { Resize: resize, GridSample: gridSample };
