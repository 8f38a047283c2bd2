import type { Node } from "../onnx/node.ts";
import type { Value } from "../onnx/value.ts";
import { type Shape, sizeOf } from "../tensor/shape.ts";
import type { OpBuilder } from "./op-builder.ts";

/** A window sliding over the spatial axes of [N, C, d1 … dk]. Each list has one entry per spatial axis. */
export interface Windows {
  readonly input: readonly number[];
  readonly output: readonly number[];
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padBegin: readonly number[];
  /** Zeros (or nothing) after the last element; as given, not as much as a window in ceil mode may reach. */
  readonly padEnd: readonly number[];
}

/** Extent of the dilated kernel along an axis. */
export function extentOf(w: Pick<Windows, "kernel" | "dilations">, axis: number): number {
  return (w.kernel[axis]! - 1) * w.dilations[axis]! + 1;
}

/** Windows of a node with attributes kernel_shape, strides, dilations, pads, auto_pad and ceil_mode (ai.onnx Conv and pools). */
export function windowsOf(node: Node, input: Shape, kernel: Shape): Windows {
  const rank = input.length;
  const list = (name: string, otherwise: number, length = rank): readonly number[] => {
    const found = node.ints(name, []);
    if (found.length === 0) return new Array<number>(length).fill(otherwise);
    if (found.length !== length)
      node.fail(`attribute ${name} has ${found.length} entries, expected ${length} for ${rank} spatial axes`);
    return found;
  };
  if (kernel.length !== rank)
    node.fail(`kernel [${kernel}] has ${kernel.length} axes, expected ${rank} spatial axes`);
  const strides = list("strides", 1);
  const dilations = list("dilations", 1);
  const given = list("pads", 0, 2 * rank);
  const autoPad = node.string("auto_pad", "NOTSET");
  const ceil = node.int("ceil_mode", 0) === 1;
  const padBegin: number[] = [];
  const padEnd: number[] = [];
  const output: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const extent = extentOf({ kernel, dilations }, axis);
    const [d, stride] = [input[axis]!, strides[axis]!];
    const [begin, end] = padsOf(autoPad, d, stride, extent, [given[axis]!, given[axis + rank]!]);
    padBegin.push(begin);
    padEnd.push(end);
    const steps = (d + begin + end - extent) / stride;
    let size = (ceil ? Math.ceil(steps) : Math.floor(steps)) + 1;
    // A window that would start in the padding after the input is left out.
    if (ceil && (size - 1) * stride >= d + begin) size--;
    if (size < 1)
      node.fail(
        `kernel extent ${extent} along spatial axis ${axis} is larger than the padded input, ${d + begin + end}`,
      );
    output.push(size);
  }
  return { input, output, kernel, strides, dilations, padBegin, padEnd };
}

function padsOf(
  autoPad: string,
  input: number,
  stride: number,
  extent: number,
  given: readonly [number, number],
): readonly [number, number] {
  if (autoPad === "NOTSET" || autoPad === "") return given;
  if (autoPad === "VALID") return [0, 0];
  const total = Math.max(0, (Math.ceil(input / stride) - 1) * stride + extent - input);
  const less = Math.floor(total / 2);
  return autoPad === "SAME_LOWER" ? [total - less, less] : [less, total - less];
}

/** Every position inside a kernel, row-major. */
function tapsOf(kernel: Shape): number[][] {
  let taps: number[][] = [[]];
  for (const k of kernel) taps = taps.flatMap((t) => Array.from({ length: k }, (_, i) => [...t, i]));
  return taps;
}

/**
 * For each tap of the kernel, the elements of `x` [a, b, …input] that it meets, [a, b, …output]; zeros where a window
 * reaches over the border. The two leading axes may be any.
 */
export function tapSlices(b: OpBuilder, x: Value, w: Windows): Value[] {
  const taps = tapsOf(w.kernel);
  // Elements with gaps between them are slow to gather; sorting them by their remainders once pays from here on.
  if (taps.length > sizeOf(w.strides) && sizeOf(w.strides) > 1) return slicesOfPhases(b, x, w, taps);
  const axes = w.kernel.map((_, i) => i + 2);
  const reach = w.output.map((o, i) => (o - 1) * w.strides[i]! + 1);
  const padded = padTo(
    b,
    x,
    w,
    reach.map((r, i) => r - 1 + extentOf(w, i)),
  );
  return taps.map((tap) => {
    const starts = tap.map((t, i) => t * w.dilations[i]!);
    const ends = starts.map((s, i) => s + reach[i]!);
    const isWhole = starts.every((s, i) => s === 0 && ends[i] === padded.dims[i + 2] && w.strides[i] === 1);
    return isWhole ? padded : b.slice(padded, { starts, ends, axes, steps: w.strides });
  });
}

/** `x` with zeros around it, at least as long as `lengths`. */
function padTo(b: OpBuilder, x: Value, w: Windows, lengths: readonly number[]): Value {
  const padEnd = lengths.map((length, i) => Math.max(0, length - w.input[i]! - w.padBegin[i]!));
  return b.pad(x, [0, 0, ...w.padBegin], [0, 0, ...padEnd]);
}

/** The same for strides: elements are sorted into phases [s₁ · s₂ …, a, b, …d / s] first, of which each tap meets a block. */
function slicesOfPhases(b: OpBuilder, x: Value, w: Windows, taps: readonly number[][]): Value[] {
  const lengths = w.output.map((o, i) => {
    const needed = Math.max((o - 1) * w.strides[i]! + extentOf(w, i), w.input[i]! + w.padBegin[i]!);
    return Math.ceil(needed / w.strides[i]!) * w.strides[i]!;
  });
  const lead = x.dims.slice(0, 2);
  const blocks = lengths.map((d, i) => d / w.strides[i]!);
  const split = b.reshape(padTo(b, x, w, lengths), [
    ...lead,
    ...blocks.flatMap((d, i) => [d, w.strides[i]!]),
  ]);
  const at = blocks.map((_, i) => 2 * i + 2);
  const sorted = b.transpose(split, [...at.map((i) => i + 1), 0, 1, ...at]);
  const phases = b.reshape(sorted, [sizeOf(w.strides), ...lead, ...blocks]);
  return taps.map((tap) => {
    const offsets = tap.map((t, i) => t * w.dilations[i]!);
    const phase = offsets.reduce((index, o, i) => index * w.strides[i]! + (o % w.strides[i]!), 0);
    const starts = [phase, ...offsets.map((o, i) => Math.floor(o / w.strides[i]!))];
    const ends = starts.map((s, i) => s + (i === 0 ? 1 : w.output[i - 1]!));
    const block = b.slice(phases, { starts, ends, axes: [0, ...blocks.map((_, i) => i + 3)] });
    return b.reshape(block, [...lead, ...w.output]);
  });
}
