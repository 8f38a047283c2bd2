import type { Value } from "../onnx/value.ts";
import { sizeOf } from "../tensor/shape.ts";
import type { OpBuilder } from "./op-builder.ts";
import { extentOf, tapSlices, type Windows } from "./windows.ts";

/** A convolution of X [N, C, …input] with W [M, C / group, …kernel] to Y [N, M, …output]. */
export interface ConvGeometry extends Windows {
  readonly group: number;
}

/** Maps up to this many positions (14 × 14) are small: gathering them is cheap beside the product. */
const SMALL_MAP = 196;
/** Maps up to this many positions (7 × 7) are so small that a convolution loses against one product of gathered columns. */
const TINY_MAP = 49;
/** Rows of a product that share one read of its other side. */
const PRODUCT_ROWS = 64;

export interface Formulation {
  /** `transposed`: ConvTranspose. `flipped`: Conv with the kernel turned round. `folded`: columns and one product. */
  readonly input: "transposed" | "flipped" | "folded";
  /** `grouped`: the cotangent as the kernel of one Conv per plane. `taps`: one product per tap. `folded`: as above. */
  readonly weight: "grouped" | "taps" | "folded";
}

/**
 * How to compute the two derivatives of a convolution on the CPU provider: what won against the others in measurements
 * at 1 × 1 and 3 × 3 kernels, 24–1024 channels and maps of 7–112 on two cores. Maps as kernels of a Conv are 5–9 times
 * slower than products on large maps and never used, except for depthwise convolutions, where they take 0.2–0.7 of the
 * time of sums of products per tap. Flipped depthwise kernels take half the time of ConvTranspose.
 */
export function formulationOf(g: ConvGeometry, channels: number): Formulation {
  const positions = sizeOf(g.output);
  const isUnitStride = g.strides.every((s) => s === 1);
  const isPointwise = g.kernel.every((k) => k === 1);
  // A flipped kernel needs padding of extent − 1 − pad, which must not be negative.
  const canFlip =
    isUnitStride && g.kernel.every((_, i) => Math.max(g.padBegin[i]!, g.padEnd[i]!) < extentOf(g, i));
  const isDepthwise = g.group > 1 && g.group === channels;
  let input: Formulation["input"] = "transposed";
  if (canFlip && (isPointwise || g.group > 1 || positions > SMALL_MAP)) input = "flipped";
  else if (canFlip && positions <= TINY_MAP) input = "folded";
  let weight: Formulation["weight"] = "taps";
  if (isDepthwise) weight = "grouped";
  else if (positions <= (isPointwise ? TINY_MAP : SMALL_MAP)) weight = "folded";
  return { input, weight };
}

/** dX [N, C, …input] from dY [N, M, …output] and W [M, C / group, …kernel]. */
export function convInputGradient(b: OpBuilder, ct: Value, w: Value, g: ConvGeometry): Value {
  const formulation = formulationOf(g, w.dims[1]! * g.group).input;
  if (formulation === "transposed") return inputByTransposed(b, ct, w, g);
  const back: ConvGeometry = {
    ...g,
    input: g.output,
    output: g.input,
    padBegin: g.padBegin.map((p, i) => extentOf(g, i) - 1 - p),
    padEnd: g.padEnd.map((p, i) => extentOf(g, i) - 1 - p),
  };
  return formulation === "flipped"
    ? b.op("Conv", [ct, flipKernel(b, w, g.group)], convAttributes(back))
    : inputByColumns(b, ct, w, back);
}

function inputByTransposed(b: OpBuilder, ct: Value, w: Value, g: ConvGeometry): Value {
  // What the stride left over at the end of the input was never read; its cotangent is zero.
  const rest = g.input.map(
    (d, i) => d + g.padBegin[i]! + g.padEnd[i]! - extentOf(g, i) - (g.output[i]! - 1) * g.strides[i]!,
  );
  return b.op("ConvTranspose", [ct, w], { ...convAttributes(g), output_padding: rest });
}

/** W [M, C / g, …k] as the kernel of the convolution that goes back: [C, M / g, …k], turned round in every spatial axis. */
function flipKernel(b: OpBuilder, w: Value, group: number): Value {
  const [m, c, ...kernel] = w.dims as [number, number, ...number[]];
  const spatial = kernel.map((_, i) => i);
  const split = b.reshape(w, [group, m / group, c, ...kernel]);
  const swapped = b.reshape(b.transpose(split, [0, 2, 1, ...spatial.map((i) => i + 3)]), [
    group * c,
    m / group,
    ...kernel,
  ]);
  const long = spatial.filter((i) => kernel[i]! > 1);
  if (long.length === 0) return swapped;
  return b.slice(swapped, {
    starts: long.map((i) => kernel[i]! - 1),
    ends: long.map((i) => -kernel[i]! - 1), // before the first element
    axes: long.map((i) => i + 2),
    steps: long.map(() => -1),
  });
}

/**
 * The convolution that goes back, without groups, as one product: W [M, C, …k] as [C, M · taps], times columns of dY
 * [M · taps, N · P] whose taps run backward, which costs nothing, in the place of a kernel turned round.
 */
function inputByColumns(b: OpBuilder, ct: Value, w: Value, back: ConvGeometry): Value {
  const [m, c, ...kernel] = w.dims as [number, number, ...number[]];
  const [n, rows] = [ct.dims[0]!, m * sizeOf(kernel)];
  const columns = b.reshape(columnsOf(b, ct, back, true), [rows, n * sizeOf(back.output)]);
  const product = b.gemm(b.reshape(channelsFirst(b, w), [c, rows]), columns);
  return channelsFirst(b, b.reshape(product, [c, n, ...back.output]));
}

/** Columns [group, C / group · taps, N · P] of X [N, C, …input]: what each tap of each channel meets. */
function columnsOf(b: OpBuilder, x: Value, g: ConvGeometry, backward = false): Value {
  const [n, c] = x.dims as [number, number];
  const [depth, width] = [c / g.group, n * sizeOf(g.output)];
  if (isPatches(g)) return patchesOf(b, x, g);
  const taps = tapSlices(b, channelsFirst(b, x), g);
  if (backward) taps.reverse();
  const parts = taps.map((t) => b.reshape(t, [g.group, depth, 1, width]));
  return b.reshape(b.concat(parts, 2), [g.group, depth * taps.length, width]);
}

/** Whether the windows lie side by side and cover the input, as patches of an image do. */
function isPatches(g: ConvGeometry): boolean {
  return g.kernel.every(
    (k, i) => k > 1 && k === g.strides[i] && g.dilations[i] === 1 && g.output[i]! * k === g.input[i],
  );
}

/** Columns of patches: one transposition of X [N, C, o₁, k₁, o₂, k₂ …]. */
function patchesOf(b: OpBuilder, x: Value, g: ConvGeometry): Value {
  const [n, c] = x.dims as [number, number];
  const split = b.reshape(x, [n, c, ...g.kernel.flatMap((k, i) => [g.output[i]!, k])]);
  const spatial = g.kernel.map((_, i) => 2 * i + 2);
  const columns = b.transpose(split, [1, ...spatial.map((i) => i + 1), 0, ...spatial]);
  return b.reshape(columns, [g.group, (c / g.group) * sizeOf(g.kernel), n * sizeOf(g.output)]);
}

/** Exchanges the batch and channel axes. */
function channelsFirst(b: OpBuilder, x: Value): Value {
  const perm = x.dims.map((_, i) => i);
  [perm[0], perm[1]] = [1, 0];
  return x.dims[0] === 1 || x.dims[1] === 1
    ? b.reshape(
        x,
        perm.map((p) => x.dims[p]!),
      )
    : b.transpose(x, perm);
}

/** dW [M, C / group, …kernel] from X [N, C, …input] and dY [N, M, …output]. */
export function convWeightGradient(b: OpBuilder, x: Value, ct: Value, g: ConvGeometry): Value {
  switch (formulationOf(g, x.dims[1]!).weight) {
    case "grouped":
      return weightByGroupedConv(b, x, ct, g);
    case "taps":
      return weightByTaps(b, x, ct, g);
    case "folded":
      return weightByColumns(b, x, ct, g);
  }
}

function weightByColumns(b: OpBuilder, x: Value, ct: Value, g: ConvGeometry): Value {
  const m = ct.dims[1]!;
  const columns = columnsOf(b, x, g);
  const [, rows, width] = columns.dims as [number, number, number];
  const rowsOfCt = b.reshape(channelsFirst(b, ct), [g.group, m / g.group, width]);
  const product =
    g.group === 1
      ? b.gemm(b.reshape(rowsOfCt, [m, width]), b.reshape(columns, [rows, width]), { b: true })
      : b.matmul(rowsOfCt, b.transposeLast(columns));
  return b.reshape(product, [m, x.dims[1]! / g.group, ...g.kernel]);
}

/**
 * For each run of taps, the product X_taps [N, g, taps · C / g, P] · dYᵀ [N, g, P, M / g], summed over the batch. Where
 * there are few channels, taps share a product: each reads the whole of dY.
 */
function weightByTaps(b: OpBuilder, x: Value, ct: Value, g: ConvGeometry): Value {
  const [n, c] = x.dims as [number, number];
  const [depth, m, p] = [c / g.group, ct.dims[1]! / g.group, sizeOf(g.output)];
  const lead = g.group === 1 ? [n] : [n, g.group];
  const right = b.transposeLast(b.reshape(ct, [...lead, m, p]));
  const taps = tapSlices(b, x, g).map((tap) => b.reshape(tap, [...lead, depth, p]));
  const run = Math.max(1, Math.floor(PRODUCT_ROWS / depth));
  const parts: Value[] = [];
  for (let at = 0; at < taps.length; at += run) {
    const left = taps.slice(at, at + run);
    const product = b.matmul(b.concat(left, lead.length), right);
    const total = n === 1 ? product : b.reduceSum(product, [0], false);
    parts.push(b.transpose(b.reshape(total, [g.group, left.length, depth, m]), [1, 0, 2, 3]));
  }
  return b.reshape(b.transpose(b.concat(parts, 0), [1, 3, 2, 0]), [g.group * m, depth, ...g.kernel]);
}

/** For one channel per group: every plane of X is convolved with its plane of dY; strides and dilations change places. */
function weightByGroupedConv(b: OpBuilder, x: Value, ct: Value, g: ConvGeometry): Value {
  const [n, c] = x.dims as [number, number];
  const m = ct.dims[1]!;
  const planes = b.reshape(x, [1, n * c, ...g.input]);
  const kernels = b.reshape(ct, [n * m, 1, ...g.output]);
  const swapped = { ...g, group: n * c, kernel: g.output, strides: g.dilations, dilations: g.strides };
  const taps = b.op("Conv", [planes, kernels], convAttributes(swapped));
  const axes = g.kernel.map((_, i) => i + 2);
  // Elements that the stride left over give taps beyond the kernel.
  const isExact = g.kernel.every((k, i) => taps.dims[i + 2] === k);
  const cropped = isExact ? taps : b.slice(taps, { starts: axes.map(() => 0), ends: g.kernel, axes });
  const perImage = b.reshape(cropped, [n, m, 1, ...g.kernel]);
  return n === 1 ? b.reshape(perImage, [m, 1, ...g.kernel]) : b.reduceSum(perImage, [0], false);
}

/** dB [M] from dY [N, M, …]. */
export function convBiasGradient(b: OpBuilder, ct: Value): Value {
  return b.reduceSum(
    ct,
    ct.dims.map((_, i) => i).filter((i) => i !== 1),
    false,
  );
}

export function convAttributes(g: ConvGeometry): Record<string, number | readonly number[]> {
  return {
    kernel_shape: g.kernel,
    strides: g.strides,
    dilations: g.dilations,
    pads: [...g.padBegin, ...g.padEnd],
    group: g.group,
  };
}
