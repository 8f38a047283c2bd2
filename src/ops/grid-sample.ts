import type { Value } from "../onnx/value.ts";
import { type Shape, sizeOf, stridesOf } from "../tensor/shape.ts";
import { tensor } from "../tensor/tensor.ts";
import { floatTensor } from "./axis-map.ts";
import { defineComposite, LATEST, type LowerContext, type OpDef } from "./define.ts";
import type { OpBuilder } from "./op-builder.ts";

/** Reading maps at fractional places, and the grids of such places. */
export const gridSampleOps: readonly OpDef[] = [
  /**
   * GridSample(X, grid): X [N, C, …size] at grid [N, …out, axes], places from −1 to 1, the last axis first.
   * https://onnx.ai/onnx/operators/onnx__GridSample.html
   */
  defineComposite({ opType: "GridSample", opsets: [16, LATEST], lower: lowerGridSample }),
  /** The same in ONNX Runtime's domain, where it was before. */
  defineComposite({
    domain: "com.microsoft",
    opType: "GridSample",
    opsets: [1, 1],
    lower: lowerGridSample,
  }),
  /**
   * AffineGrid(theta, size): the places that affine maps [N, axes, axes + 1] send an even grid to.
   * https://onnx.ai/onnx/operators/onnx__AffineGrid.html
   */
  defineComposite({ opType: "AffineGrid", opsets: [20, LATEST], reads: [1], lower: lowerAffineGrid }),
];

/** An element along one axis that a sample reads: its index [N, P] and its share [N, P]; null is all of it. */
interface Tap {
  readonly index: Value;
  readonly weight: Value | null;
}

function lowerGridSample({ b, node, input }: LowerContext): readonly Value[] {
  const [x, grid] = [input(0), input(1)];
  const [n, c, ...size] = x.dims as [number, number, ...number[]];
  const out = grid.dims.slice(1, -1);
  const samples = sizeOf(out);
  const places = b.reshape(grid, [n, samples, size.length]);
  const aligned = node.int("align_corners", 0) === 1;
  const coordinates = size.map((length, axis) => {
    const last = size.length - 1 - axis;
    const at = b.reshape(b.slice(places, { starts: [last], ends: [last + 1], axes: [2] }), [n, samples]);
    // −1 and 1 are the centres of the border elements if aligned, their outer edges if not.
    return aligned
      ? b.scale(b.shift(at, 1), (length - 1) / 2)
      : b.shift(b.scale(b.shift(at, 1), length / 2), -0.5);
  });
  const sampled = sampleMap(b, x, coordinates, {
    mode: node.string("mode", "linear"),
    padding: node.string("padding_mode", "zeros"),
    aligned,
  });
  return [b.reshape(b.transpose(sampled, [0, 2, 1]), [n, c, ...out])];
}

/**
 * Interpolates a map at fractional places.
 *
 * @param x [N, C, …size]
 * @param coordinates for each spatial axis the places [N, P] along it, in elements
 * @returns [N, P, C]
 */
export function sampleMap(
  b: OpBuilder,
  x: Value,
  coordinates: readonly Value[],
  how: { readonly mode: string; readonly padding: string; readonly aligned: boolean },
): Value {
  const [n, c, ...size] = x.dims as [number, number, ...number[]];
  const taps = coordinates.map((coordinate, axis) =>
    tapsAt(b, coordinate, how.mode).map((tap) => inside(b, tap, { length: size[axis]!, ...how })),
  );
  // Rows of all images under each other, so that one Gather reads every channel of a place.
  const flat = b.transpose(b.reshape(x, [n, c, sizeOf(size)]), [0, 2, 1]);
  const rows = b.reshape(flat, [n * sizeOf(size), c]);
  const starts = BigInt64Array.from({ length: n }, (_, i) => BigInt(i * sizeOf(size)));
  const origin: Tap = { index: b.constant(tensor("int64", [n, 1], starts)), weight: null };
  const parts = combine(b, origin, taps, stridesOf(size)).map(({ index, weight }) => {
    const read = b.op("Gather", [rows, index], { axis: 0 });
    return weight === null ? read : b.mul(read, b.unsqueeze(weight, [2]));
  });
  return b.sum(parts)!; // every mode has a tap
}

/** The elements around a coordinate, with the weights of the interpolation. */
function tapsAt(b: OpBuilder, x: Value, mode: string): Tap[] {
  if (mode === "nearest") return [{ index: b.op("Round", [x]), weight: null }];
  const floor = b.op("Floor", [x]);
  const t = b.sub(x, floor);
  if (mode === "linear" || mode === "bilinear") {
    return [
      { index: floor, weight: b.shift(b.neg(t), 1) },
      { index: b.shift(floor, 1), weight: t },
    ];
  }
  return [-1, 0, 1, 2].map((step) => ({
    index: b.shift(floor, step),
    weight: cubicWeight(b, step < 1 ? b.shift(t, -step) : b.shift(b.neg(t), step), step === 0 || step === 1),
  }));
}

/** Keys' kernel with a = −0.75 at a distance of 0–1 (near) or 1–2. */
function cubicWeight(b: OpBuilder, d: Value, near: boolean): Value {
  const a = -0.75;
  const [c3, c2, c1, c0] = near ? [a + 2, -(a + 3), 0, 1] : [a, -5 * a, 8 * a, -4 * a];
  const horner = (sum: Value, coefficient: number) => b.shift(b.mul(sum, d), coefficient);
  return [c1, c0].reduce(horner, b.shift(b.scale(d, c3!), c2!)); // both lists have four entries
}

/** A tap brought inside the axis: nothing, the border, or what a mirror at the border shows lies outside. */
function inside(
  b: OpBuilder,
  tap: Tap,
  axis: { readonly length: number; readonly padding: string; readonly aligned: boolean },
): Tap {
  const { dtype } = tap.index;
  const [zero, end] = [b.scalar(0, dtype), b.scalar(axis.length - 1, dtype)];
  const clamp = (x: Value) => b.op("Min", [b.op("Max", [x, zero]), end]);
  if (axis.padding === "border") return { ...tap, index: clamp(tap.index) };
  if (axis.padding === "reflection") {
    const low = axis.aligned ? 0 : -0.5;
    const span = axis.aligned ? axis.length - 1 : axis.length;
    if (span === 0) return { ...tap, index: b.mul(tap.index, zero) };
    // Distance from the lower mirror within one period there and back.
    const away = b.op("Abs", [b.shift(tap.index, -low)]);
    const turns = b.op("Floor", [b.scale(away, 1 / (2 * span))]);
    const phase = b.sub(away, b.scale(turns, 2 * span));
    const folded = b.op("Min", [phase, b.shift(b.neg(phase), 2 * span)]);
    return { ...tap, index: clamp(b.shift(folded, low)) };
  }
  const within = b.cast(b.op("Equal", [clamp(tap.index), tap.index]), dtype);
  return { index: clamp(tap.index), weight: tap.weight === null ? within : b.mul(tap.weight, within) };
}

/** Every combination of one tap per axis, as places in the flattened map. */
function combine(b: OpBuilder, origin: Tap, taps: readonly (readonly Tap[])[], strides: Shape): Tap[] {
  let found = [origin];
  taps.forEach((ofAxis, axis) => {
    const offsets = ofAxis.map(({ index, weight }) => {
      const whole = b.cast(index, "int64");
      return { index: strides[axis] === 1 ? whole : b.mul(whole, b.ints([strides[axis]!])), weight };
    });
    found = found.flatMap((from) =>
      offsets.map((to) => ({
        index: b.add(from.index, to.index),
        weight: from.weight && to.weight ? b.mul(from.weight, to.weight) : (to.weight ?? from.weight),
      })),
    );
  });
  return found;
}

function lowerAffineGrid({ b, node, input, numbers }: LowerContext): readonly Value[] {
  const theta = input(0);
  const [n, , ...size] = (numbers(1) ?? node.fail("input 1 (size) is missing")) as [
    number,
    number,
    ...number[],
  ];
  const aligned = node.int("align_corners", 0) === 1;
  const rank = size.length;
  const strides = stridesOf(size);
  const places = new Float64Array(sizeOf(size) * (rank + 1));
  for (let p = 0; p < sizeOf(size); p++) {
    for (let axis = 0; axis < rank; axis++) {
      const length = size[axis]!;
      const at = Math.floor(p / strides[axis]!) % length;
      const place = aligned ? (length === 1 ? 0 : (2 * at) / (length - 1) - 1) : (2 * at + 1) / length - 1;
      places[p * (rank + 1) + (rank - 1 - axis)] = place; // the last axis comes first
    }
    places[p * (rank + 1) + rank] = 1;
  }
  const even = b.constant(floatTensor(theta.dtype, [sizeOf(size), rank + 1], places));
  const grid = b.matmul(even, b.transposeLast(theta));
  return [b.reshape(grid, [n, ...size, rank])];
}
