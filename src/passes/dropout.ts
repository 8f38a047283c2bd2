import type { Value } from "../onnx/value.ts";
import type { OpBuilder } from "../ops/op-builder.ts";
import { sizeOf } from "../tensor/shape.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";

/** Odd multipliers and shifts of a 32-bit mixer with little bias. Wellons, "Prospecting for hash functions", 2018. */
const [M1, M2] = [0x21f0aaad, 0x735a2d97];
/** 2³² / φ, for telling streams apart. */
const STREAM = 0x9e3779b9;

/**
 * Dropout whose mask follows from a seed that the graph is fed: each element of `x` is 0 with probability `ratio`, else
 * divided by 1 − ratio. A generator inside the runtime would go on from an unknown state after a resume; here equal
 * seeds give equal masks, in any runtime.
 *
 *     keep where (mix(row · 2³²/φ + seed + stream) ⊕ mix(column)) · M ≥ ratio · 2³²   (mod 2³²)
 *
 * Rows and columns are mixed thoroughly, which costs next to nothing; an element takes one product.
 *
 * @param seed int64 []; its lower 32 bits count
 * @param stream tells one place of a graph from another
 */
export function dropout(
  b: OpBuilder,
  x: Value,
  options: { readonly seed: Value; readonly ratio: number; readonly stream: number },
): Value {
  const { seed, ratio, stream } = options;
  const columns = x.dims.at(-1) ?? 1;
  const rows = Math.round(sizeOf(x.dims) / Math.max(1, columns));
  const word = (v: number) => b.scalar(v >>> 0, "uint32");
  const xorShift = (v: Value, shift: number) =>
    b.op("BitwiseXor", [v, b.op("BitShift", [v, word(shift)], { direction: "RIGHT" })]);
  const start = b.add(b.cast(seed, "uint32"), word(mix(stream + 1)));
  const positions = b.constant(words(rows, 1, (i) => Math.imul(i, STREAM)));
  const byRow = [M1, M2].reduce(
    (v, m) => xorShift(b.mul(v, word(m)), 15),
    xorShift(b.add(positions, start), 16),
  );
  const byColumn = b.constant(words(1, columns, (j) => mix(j + 1)));
  const drawn = b.mul(b.op("BitwiseXor", [byRow, byColumn]), word(M1));
  const keep = b.op("GreaterOrEqual", [drawn, word(Math.min(2 ** 32 - 1, Math.round(ratio * 2 ** 32)))]);
  const factor = b.where(keep, b.scalar(1 / (1 - ratio), x.dtype), b.scalar(0, x.dtype));
  return b.mul(x, b.reshape(factor, x.dims));
}

function words(rows: number, columns: number, value: (i: number) => number): Tensor<"uint32"> {
  return tensor(
    "uint32",
    [rows, columns],
    Uint32Array.from({ length: rows * columns }, (_, i) => value(i)),
  );
}

/** The mixer of the graph, for constants. */
function mix(word: number): number {
  let x = word ^ (word >>> 16);
  x = Math.imul(x, M1);
  x ^= x >>> 15;
  x = Math.imul(x, M2);
  return (x ^ (x >>> 15)) >>> 0;
}
