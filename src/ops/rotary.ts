import type { Value } from "../onnx/value.ts";
import { int64s } from "../tensor/tensor.ts";
import { defineComposite, LATEST, type LowerContext, type OpDef } from "./define.ts";
import type { OpBuilder } from "./op-builder.ts";
import { mergeHeads, splitHeads } from "./scaled-dot-product.ts";

/** Rotary position embeddings. */
export const rotaryOps: readonly OpDef[] = [
  /**
   * RotaryEmbedding(X, cos_cache, sin_cache, position_ids): X [B, heads, T, D] or [B, T, heads · D].
   * https://onnx.ai/onnx/operators/onnx__RotaryEmbedding.html
   */
  defineComposite({
    opType: "RotaryEmbedding",
    opsets: [23, LATEST],
    lower: (ctx) => [lowerRotary(ctx, { cos: ctx.input(1), sin: ctx.input(2), positions: ctx.optional(3) })],
  }),
  /** RotaryEmbedding(input, position_ids, cos_cache, sin_cache). github.com/microsoft/onnxruntime, docs/ContribOperators.md */
  defineComposite({
    domain: "com.microsoft",
    opType: "RotaryEmbedding",
    opsets: [1, 1],
    lower: (ctx) => [
      lowerRotary(ctx, { cos: ctx.input(2), sin: ctx.input(3), positions: positionsFrom(ctx, ctx.input(1)) }),
    ],
  }),
];

/** The cosines and sines by which pairs of elements are turned. */
export interface Angles {
  /** [positions, D / 2], or [B, T, D / 2] where no positions are given. */
  readonly cos: Value;
  readonly sin: Value;
  /** [B, T] */
  readonly positions: Value | null;
}

/** One position stands for the first of consecutive ones. */
function positionsFrom({ b, input }: LowerContext, ids: Value): Value {
  if (ids.dims.length === 2) return ids;
  const { dims } = input(0);
  const length = dims.length === 3 ? dims[1]! : dims[2]!;
  const steps = b.constant(int64s(Array.from({ length }, (_, i) => i)));
  return b.reshape(b.add(steps, ids), [1, length]);
}

function lowerRotary({ b, node, input }: LowerContext, angles: Angles): Value {
  const x = input(0);
  const interleaved = node.int("interleaved", 0) === 1;
  if (x.dims.length === 4) return rotate(b, x, angles, interleaved);
  const depth = node.int("rotary_embedding_dim", 0) || 2 * angles.cos.dims.at(-1)!;
  const heads = node.int("num_heads", 0) || x.dims[2]! / depth;
  return mergeHeads(b, rotate(b, splitHeads(b, x, heads), angles, interleaved));
}

/**
 * Turns the first elements of each row of [B, heads, T, depth], as many as there are angles for: pairs of neighbours if
 * `interleaved`, else an element of the first half with its fellow of the second.
 */
export function rotate(b: OpBuilder, x: Value, angles: Angles, interleaved: boolean): Value {
  const [batch, heads, rows, depth] = x.dims as [number, number, number, number];
  const half = angles.cos.dims.at(-1)!;
  const rotated = 2 * half;
  // [B, 1, T, half]: the same angles for every head.
  const table = (cache: Value) => {
    const { positions } = angles;
    return b.unsqueeze(positions === null ? cache : b.op("Gather", [cache, positions], { axis: 0 }), [1]);
  };
  const [cos, sin] = [table(angles.cos), table(angles.sin)];
  const part = (i: number) =>
    b.slice(
      x,
      interleaved
        ? { starts: [i], ends: [rotated], axes: [3], steps: [2] }
        : { starts: [i * half], ends: [(i + 1) * half], axes: [3] },
    );
  const [even, odd] = [part(0), part(1)];
  const real = b.sub(b.mul(cos, even), b.mul(sin, odd));
  const imaginary = b.add(b.mul(sin, even), b.mul(cos, odd));
  const turned = interleaved
    ? b.reshape(b.concat([b.unsqueeze(real, [4]), b.unsqueeze(imaginary, [4])], 4), [
        batch,
        heads,
        rows,
        rotated,
      ])
    : b.concat([real, imaginary], 3);
  if (rotated === depth) return turned;
  return b.concat([turned, b.slice(x, { starts: [rotated], ends: [depth], axes: [3] })], 3);
}
