import fc from "fast-check";
import type { GradientCase } from "../support/gradient-check.ts";
import { axesOf, axisOf, type Cases, distinct, flag, int, ints, shape } from "./draw.ts";

const linear = { precision: "float32", step: 0.5, tolerance: 1e-4 } as const;
const bound = fc.constantFrom(-99, -4, -3, -2, -1, 0, 1, 2, 3, 4, 99);

const slice: fc.Arbitrary<GradientCase> = shape(1, 4).chain((dims) =>
  axesOf(dims.length, 1).chain((axes) =>
    fc
      .array(fc.record({ start: bound, end: bound, step: fc.constantFrom(-2, -1, 1, 2, 3) }), {
        minLength: axes.length,
        maxLength: axes.length,
      })
      .map((bounds) => ({
        opType: "Slice",
        inputs: [
          { dims },
          ints(...bounds.map((b) => b.start)),
          ints(...bounds.map((b) => b.end)),
          ints(...axes),
          ints(...bounds.map((b) => b.step)),
        ],
      })),
  ),
);

const pad: fc.Arbitrary<GradientCase> = shape(1, 4).chain((dims) =>
  fc
    .record({
      mode: fc.constantFrom("constant", "reflect", "edge", "wrap"),
      axes: fc.option(axesOf(dims.length, 1), { nil: null }),
      amounts: fc.array(fc.integer({ min: -1, max: 2 }), {
        minLength: 2 * dims.length,
        maxLength: 2 * dims.length,
      }),
      value: fc.boolean(),
    })
    .map(({ mode, axes, amounts, value }): GradientCase => {
      const over = axes ?? dims.map((_, i) => i);
      const amountAt = (axis: number, k: number) => {
        const length = dims.at(axis)!; // axes are in range
        // Reflection needs one element more than it pads, and what is cropped must be there.
        const most = mode === "reflect" ? length - 1 : mode === "wrap" ? length : 2;
        const amount = Math.min(amounts[k]!, most);
        return mode === "constant" && length > 2 ? amount : Math.max(0, amount);
      };
      const pads = [0, 1].flatMap((side) => over.map((axis, i) => amountAt(axis, side * over.length + i)));
      return {
        opType: "Pad",
        inputs: [
          { dims },
          ints(...pads),
          value && mode === "constant" ? { dims: [], data: [0.3] } : null,
          ...(axes ? [ints(...axes)] : []),
        ],
        attributes: { mode },
      };
    }),
);

const split: fc.Arbitrary<GradientCase> = shape(1, 4).chain((dims) =>
  fc
    .record({
      axis: axisOf(dims.length),
      first: fc.integer({ min: 1, max: 2 }),
      more: fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 2 }),
      reads: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
    })
    .map(({ axis, first, more, reads }) => {
      const sizes = [first, ...more];
      const at = axis < 0 ? axis + dims.length : axis;
      const total = sizes.reduce((a, s) => a + s, 0);
      // One output at least is in the graph.
      const outputs = sizes.map((_, i) => (i === 0 ? true : reads[i]!));
      return {
        opType: "Split",
        inputs: [{ dims: dims.map((d, i) => (i === at ? total : d)) }, ints(...sizes)],
        attributes: { axis },
        outputs,
      };
    }),
);

const concat: fc.Arbitrary<GradientCase> = shape(1, 5).chain((dims) =>
  fc
    .record({
      axis: axisOf(dims.length),
      sizes: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 4 }),
    })
    .map(({ axis, sizes }) => {
      const at = axis < 0 ? axis + dims.length : axis;
      return {
        opType: "Concat",
        inputs: [...sizes, 1].map((size) => ({ dims: dims.map((d, i) => (i === at ? size : d)) })),
        attributes: { axis },
      };
    }),
);

const topK: fc.Arbitrary<GradientCase> = shape(1, 4).chain((dims) =>
  fc
    .record({ axis: axisOf(dims.length), largest: flag, share: fc.integer({ min: 0, max: 2 }) })
    .map(({ axis, largest, share }) => ({
      opType: "TopK",
      inputs: [distinct(dims), ints(Math.min(share + 1, dims.at(axis)!))],
      attributes: { axis, largest, sorted: 1 },
      outputs: 2,
    })),
);

const expand: fc.Arbitrary<GradientCase> = shape(0, 4).chain((dims) =>
  fc
    .record({ lead: shape(0, 2), ones: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }) })
    .map(({ lead, ones }) => ({
      opType: "Expand",
      inputs: [{ dims: dims.map((d, i) => (ones[i] ? 1 : d)) }, ints(...lead, ...dims)],
    })),
);

const transpose: fc.Arbitrary<GradientCase> = shape(0, 5).chain((dims) =>
  fc
    .shuffledSubarray(
      dims.map((_, i) => i),
      { minLength: dims.length },
    )
    .map((perm) => ({
      opType: "Transpose",
      inputs: [{ dims }],
      attributes: { perm },
    })),
);

const unsqueeze: fc.Arbitrary<GradientCase> = fc
  .record({ dims: shape(0, 3), more: fc.integer({ min: 1, max: 2 }) })
  .chain(({ dims, more }) =>
    axesOf(dims.length + more, more).map((axes) => ({
      opType: "Unsqueeze",
      inputs: [{ dims }, ints(...axes.slice(0, more))],
    })),
  );

const cumulative: fc.Arbitrary<GradientCase> = shape(1, 4).chain((dims) =>
  fc
    .record({ axis: axisOf(dims.length), exclusive: flag, reverse: flag })
    .map(({ axis, exclusive, reverse }) => ({
      opType: "CumSum",
      inputs: [{ dims }, int(axis)],
      attributes: { exclusive, reverse },
    })),
);

const trilu: fc.Arbitrary<GradientCase> = shape(2, 4).chain((dims) =>
  fc
    .record({ upper: flag, k: fc.option(fc.integer({ min: -4, max: 4 }), { nil: null }) })
    .map(({ upper, k }) => ({
      opType: "Trilu",
      inputs: [{ dims }, ...(k === null ? [] : [int(k)])],
      attributes: { upper },
    })),
);

const tile: fc.Arbitrary<GradientCase> = shape(1, 4).chain((dims) =>
  fc
    .array(fc.integer({ min: 0, max: 3 }), { minLength: dims.length, maxLength: dims.length })
    .map((repeats) => ({ opType: "Tile", inputs: [{ dims }, ints(...repeats)] })),
);

const reshape: fc.Arbitrary<GradientCase> = shape(1, 4).chain((dims) =>
  fc
    .record({ order: fc.constantFrom("flat", "back", "keep"), open: fc.integer({ min: 0, max: 3 }) })
    .map(({ order, open }) => {
      const target =
        order === "flat"
          ? [dims.reduce((a, d) => a * d, 1)]
          : order === "back"
            ? dims.toReversed()
            : dims.map((d, i) => (i === 0 ? 0 : d));
      return {
        opType: "Reshape",
        inputs: [{ dims }, ints(...target.map((d, i) => (i === open && order !== "keep" ? -1 : d)))],
      };
    }),
);

const blocks: fc.Arbitrary<GradientCase> = fc
  .record({
    size: fc.integer({ min: 1, max: 3 }),
    n: fc.integer({ min: 1, max: 2 }),
    c: fc.integer({ min: 1, max: 2 }),
    h: fc.integer({ min: 1, max: 2 }),
    w: fc.integer({ min: 1, max: 3 }),
    mode: fc.constantFrom("DCR", "CRD"),
    forth: fc.boolean(),
  })
  .map(({ size, n, c, h, w, mode, forth }) =>
    forth
      ? {
          opType: "DepthToSpace",
          inputs: [{ dims: [n, c * size * size, h, w] }],
          attributes: { blocksize: size, mode },
        }
      : {
          opType: "SpaceToDepth",
          inputs: [{ dims: [n, c, h * size, w * size] }],
          attributes: { blocksize: size },
        },
  );

export const shapeCases: Cases<GradientCase> = {
  Slice: slice,
  Pad: pad,
  Split: split,
  Concat: concat,
  TopK: topK,
  Expand: expand,
  Transpose: transpose,
  Unsqueeze: unsqueeze,
  CumSum: cumulative,
  Trilu: trilu,
  Tile: tile.map((c) => ({ ...c, ...linear })),
  Reshape: reshape,
  blocks,
};
