import type { Node } from "../onnx/node.ts";
import type { TensorType } from "../onnx/type.ts";
import type { Value } from "../onnx/value.ts";
import { tensor } from "../tensor/tensor.ts";
import { floatTensor } from "./axis-map.ts";
import {
  constantNumbers,
  defineComposite,
  defineOp,
  type InferContext,
  LATEST,
  type LowerContext,
  type OpDef,
  type VjpContext,
} from "./define.ts";
import type { OpBuilder } from "./op-builder.ts";

/** Discrete Fourier transforms. A complex number is a last axis of two: its real and its imaginary part. */
export const fourierOps: readonly OpDef[] = [
  /** DFT before opset 20: the axis is an attribute. */
  defineComposite({
    opType: "DFT",
    opsets: [17, 19],
    lower: ({ b, node, input, optional, axis }) => {
      const at = axis(node.int("axis", 1), input(0).dims.length);
      const attributes = { inverse: node.int("inverse", 0), onesided: node.int("onesided", 0) };
      return [b.op("DFT", [input(0), optional(1), b.scalar(at, "int64")], attributes)];
    },
  }),
  /** DFT(input […, N, …, 1 or 2], dft_length, axis). https://onnx.ai/onnx/operators/onnx__DFT.html */
  defineOp({ opType: "DFT", opsets: [20, LATEST], reads: [1, 2], infer: inferDft, vjp: dftVjp }),
  /** STFT(signal [B, T, 1 or 2], frame_step, window, frame_length). https://onnx.ai/onnx/operators/onnx__STFT.html */
  defineComposite({ opType: "STFT", opsets: [17, LATEST], reads: [1, 3], lower: lowerStft }),
];

interface Transform {
  readonly axis: number;
  /** Elements along the axis, before they are cut or filled with zeros to `length`. */
  readonly given: number;
  readonly length: number;
  readonly inverse: boolean;
  /** Of a spectrum that mirrors itself, only the first half is kept. */
  readonly onesided: boolean;
}

function transformOf(node: Node): Transform {
  const { dims } = node.input(0);
  const rank = dims.length;
  const axis = constantNumbers(node, 2)?.[0] ?? -2;
  const from = axis < 0 ? axis + rank : axis;
  if (from < 0 || from >= rank - 1) node.fail(`axis ${axis} is out of range for a signal of rank ${rank}`);
  const inverse = node.int("inverse", 0) === 1;
  const onesided = node.int("onesided", 0) === 1;
  const given = dims[from]!;
  const length = constantNumbers(node, 1)?.[0] ?? (inverse && onesided ? 2 * (given - 1) : given);
  return { axis: from, given, length, inverse, onesided };
}

function inferDft(ctx: InferContext): readonly TensorType[] {
  const { axis, length, inverse, onesided } = transformOf(ctx.node);
  const dims = [...ctx.dims(0)];
  dims[axis] = onesided && !inverse ? binsOf(length) : length;
  dims[dims.length - 1] = onesided && inverse ? 1 : 2;
  return [{ dtype: ctx.dtype(0), dims }];
}

/** The frequencies of a real signal that its mirrored spectrum does not repeat. */
function binsOf(length: number): number {
  return Math.floor(length / 2) + 1;
}

/** The transform is linear; its adjoint is the other transform, without the division that an inverse one does. */
function dftVjp({ b, node, ct }: VjpContext): readonly (Value | null)[] {
  const t = transformOf(node);
  const { dims } = node.input(0);
  const dft = (x: Value, attributes: { inverse?: number; onesided?: number } = {}) =>
    b.op("DFT", [x, b.scalar(t.length, "int64"), b.scalar(t.axis, "int64")], attributes);
  let adjoint: Value;
  if (!t.inverse) adjoint = b.scale(dft(resized(b, ct, t.axis, t.length), { inverse: 1 }), t.length);
  else if (!t.onesided) adjoint = b.scale(dft(ct), 1 / t.length);
  else adjoint = b.mul(dft(ct, { onesided: 1 }), mirrorCounts(b, t, ct));
  const last = dims.length - 1;
  const parts = dims[last] === 1 ? b.slice(adjoint, { starts: [0], ends: [1], axes: [last] }) : adjoint;
  return [resized(b, parts, t.axis, t.given)];
}

/** `x` cut, or filled with zeros, to `length` elements along an axis. */
function resized(b: OpBuilder, x: Value, axis: number, length: number): Value {
  const missing = length - x.dims[axis]!;
  if (missing < 0) return b.slice(x, { starts: [0], ends: [length], axes: [axis] });
  const zeros = x.dims.map(() => 0);
  return b.pad(
    x,
    zeros,
    zeros.map((z, i) => (i === axis ? missing : z)),
  );
}

/** How often each kept bin stands in the whole spectrum (once or twice) over the length, along the axis. */
function mirrorCounts(b: OpBuilder, { axis, length }: Transform, like: Value): Value {
  const bins = binsOf(length);
  const isOwnMirror = (k: number) => k === 0 || 2 * k === length;
  const counts = Array.from({ length: bins }, (_, k) => (isOwnMirror(k) ? 1 : 2) / length);
  const dims = like.dims.map((_, i) => (i === axis ? bins : 1));
  return b.constant(floatTensor(like.dtype, dims, counts));
}

/** Frames are gathered, weighted with the window, and each is transformed. */
function lowerStft(ctx: LowerContext): readonly Value[] {
  const { b, node, input, optional, numbers } = ctx;
  const signal = input(0).dims.length === 2 ? b.unsqueeze(input(0), [2]) : input(0);
  const window = optional(2);
  const step = numbers(1)?.[0] ?? node.fail("input 1 (frame_step) is missing");
  const samples = signal.dims[1]!;
  const length = numbers(3)?.[0] ?? window?.dims[0] ?? samples;
  if (window && window.dims[0] !== length)
    node.fail(`the window has ${window.dims[0]} elements, expected ${length} as frame_length`);
  if (samples < length) node.fail(`the signal has ${samples} samples, fewer than one frame of ${length}`);
  const frames = Math.floor((samples - length) / step) + 1;
  const places = BigInt64Array.from({ length: frames * length }, (_, i) =>
    BigInt(Math.floor(i / length) * step + (i % length)),
  );
  const framed = b.op("Gather", [signal, b.constant(tensor("int64", [frames, length], places))], { axis: 1 });
  const weighted = window === null ? framed : b.mul(framed, b.reshape(window, [length, 1]));
  return [b.op("DFT", [weighted, null, b.scalar(2, "int64")], { onesided: node.int("onesided", 1) })];
}
