import type { Node } from "../onnx/node.ts";
import type { Shape } from "../tensor/shape.ts";
import { type AxisMap, axisMap } from "./axis-map.ts";

/** What a Resize node does along one axis. */
export interface AxisResize {
  readonly axis: number;
  readonly input: number;
  readonly output: number;
  /** Factor by which coordinates grow; not always output / input. */
  readonly scale: number;
  /** Part of the axis that is cropped and resized, as fractions of it (tf_crop_and_resize). */
  readonly roi: readonly [start: number, end: number];
}

/** The numbers behind a Resize node's inputs; null for what is left out or empty. */
export interface ResizeInputs {
  readonly roi: readonly number[] | null;
  readonly scales: readonly number[] | null;
  readonly sizes: readonly number[] | null;
}

/** What a Resize node (opset 18 and newer) does along each axis that it names, in their order. */
export function axisResizes(node: Node, dims: Shape, given: ResizeInputs): AxisResize[] {
  const axes = node.ints("axes", []).map((a) => (a < 0 ? a + dims.length : a));
  if (axes.length === 0) axes.push(...dims.keys());
  const { roi, scales, sizes } = given;
  const count = (scales ?? sizes)?.length;
  if (count !== axes.length)
    node.fail(`scales or sizes have ${count ?? "no"} entries, expected one for each of axes [${axes}]`);
  const policy = node.string("keep_aspect_ratio_policy", "stretch");
  const ratios = axes.map((axis, i) => scales?.[i] ?? Math.fround(sizes![i]! / dims[axis]!)); // one of them is given
  const common = policy === "not_larger" ? Math.min(...ratios) : Math.max(...ratios);
  return axes.map((axis, i) => {
    const input = dims[axis]!;
    const kept = sizes !== null && policy !== "stretch";
    const scale = kept ? common : ratios[i]!;
    let output = sizes?.[i] ?? Math.floor(Math.fround(scale * input));
    if (kept) output = Math.floor(Math.fround(scale * input) + 0.5);
    return { axis, input, output, scale, roi: [roi?.[i] ?? 0, roi?.[i + axes.length] ?? 1] };
  });
}

/** The interpolation of one axis as a matrix, for mode, coordinate_transformation_mode, nearest_mode, … of a Resize node. */
export function resizeMap(node: Node, r: AxisResize): AxisMap {
  const transform = node.string("coordinate_transformation_mode", "half_pixel");
  const crops = transform === "tf_crop_and_resize";
  const originalOf = (o: number) => (r.scale === 1 && !crops ? o : original(transform, r, o));
  const weigh = weigher(node, r);
  return axisMap(r.axis, r, (o) => {
    const x = originalOf(o);
    // What lies outside is filled with extrapolation_value and depends on no input.
    if (crops && (x < 0 || x > r.input - 1)) return [];
    return weigh(x);
  });
}

/** Whether a node leaves this axis as it is. */
export function isUnchanged(node: Node, r: AxisResize): boolean {
  return (
    r.scale === 1 &&
    r.output === r.input &&
    node.string("coordinate_transformation_mode", "") !== "tf_crop_and_resize"
  );
}

/** Coordinate in the input of output `o`, in single precision as runtimes compute it: ties of `nearest` hang on it. */
function original(transform: string, r: AxisResize, o: number): number {
  const f = Math.fround;
  const { input, output, scale } = r;
  switch (transform) {
    case "half_pixel":
      return f(f((o + 0.5) / scale) - 0.5);
    case "half_pixel_symmetric": {
      const adjustment = f(output / f(scale * input));
      return f(f(f((input / 2) * f(1 - adjustment)) + f((o + 0.5) / scale)) - 0.5);
    }
    case "pytorch_half_pixel":
      return output > 1 ? f(f((o + 0.5) / scale) - 0.5) : 0;
    case "align_corners":
      return output > 1 ? f(f(o * (input - 1)) / (output - 1)) : 0;
    case "asymmetric":
      return f(o / scale);
    case "tf_half_pixel_for_nn":
      return f((o + 0.5) / scale);
    case "tf_crop_and_resize": {
      const [start, end] = r.roi;
      if (output === 1) return f(0.5 * (start + end) * (input - 1));
      return f(f(start * (input - 1)) + f(f(o * f(end - start) * (input - 1)) / (output - 1)));
    }
    default:
      throw new RangeError(`unknown coordinate_transformation_mode "${transform}"`);
  }
}

type Weights = readonly (readonly [index: number, weight: number])[];

/** The weights with which an output at a coordinate of the input reads its elements. */
function weigher(node: Node, r: AxisResize): (x: number) => Weights {
  const mode = node.string("mode", "nearest");
  const clamp = (i: number) => Math.min(Math.max(i, 0), r.input - 1);
  if (mode === "nearest") {
    const round = rounding(node);
    return (x) => [[clamp(round(x)), 1]];
  }
  const cubic = mode === "cubic";
  const excludes = node.int("exclude_outside", 0) === 1;
  const filter = cubic ? cubicFilter(node.float("cubic_coeff_a", -0.75)) : triangle;
  const stretch = node.int("antialias", 0) === 1 ? Math.max(1, 1 / r.scale) : 1;
  const reach = (cubic ? 2 : 1) * stretch;
  return (x) => {
    const found: [number, number][] = [];
    for (let i = Math.ceil(x - reach); i <= Math.floor(x + reach); i++) {
      const weight = filter((i - x) / stretch);
      if (weight !== 0 && !(excludes && i !== clamp(i))) found.push([clamp(i), weight]);
    }
    const total = found.reduce((sum, [, weight]) => sum + weight, 0);
    return found.map(([i, weight]) => [i, weight / total]);
  };
}

function rounding(node: Node): (x: number) => number {
  const mode = node.string("nearest_mode", "round_prefer_floor");
  switch (mode) {
    case "round_prefer_floor":
      return (x) => Math.ceil(x - 0.5);
    case "round_prefer_ceil":
      return (x) => Math.floor(x + 0.5);
    case "floor":
      return Math.floor;
    case "ceil":
      return Math.ceil;
    default:
      return node.fail(`nearest_mode "${mode}" is unknown`);
  }
}

function triangle(t: number): number {
  return Math.max(0, 1 - Math.abs(t));
}

/** Keys' cubic convolution kernel with parameter `a`. */
function cubicFilter(a: number): (t: number) => number {
  return (t) => {
    const d = Math.abs(t);
    if (d <= 1) return (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1;
    return d < 2 ? a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a : 0;
  };
}
