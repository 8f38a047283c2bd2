import type { Node } from "../onnx/node.ts";
import type { Value } from "../onnx/value.ts";
import type { DataType } from "../tensor/data-type.ts";
import { formatShape } from "../tensor/shape.ts";
import { tensor } from "../tensor/tensor.ts";
import { defineComposite, LATEST, type LowerContext, type OpDef } from "./define.ts";
import {
  type AttentionResult,
  type Bias,
  floatTypeOf,
  mergeHeads,
  positionMask,
  scaledDotProduct,
  splitHeads,
} from "./scaled-dot-product.ts";

/** Attention over queries, keys and values. */
export const attentionOps: readonly OpDef[] = [
  /**
   * Attention(Q, K, V, attn_mask, past_key, past_value, nonpad_kv_seqlen): Y, present_key, present_value, qk_matmul_output.
   * Q [B, heads, T, D] or [B, T, heads · D]. https://onnx.ai/onnx/operators/onnx__Attention.html
   */
  defineComposite({ opType: "Attention", opsets: [23, LATEST], reads: [3], lower: lowerAttention }),
];

function lowerAttention(ctx: LowerContext): readonly (Value | null)[] {
  const { b, node, input, optional } = ctx;
  const isFlat = input(0).dims.length === 3;
  const heads = (x: Value, attribute: string) => (isFlat ? splitHeads(b, x, node.int(attribute)) : x);
  const join = (past: Value | null, x: Value) => (past === null ? x : b.concat([past, x], 2));
  const query = heads(input(0), "q_num_heads");
  const key = join(optional(4), heads(input(1), "kv_num_heads"));
  const value = join(optional(5), heads(input(2), "kv_num_heads"));
  if (query.dims[1]! % key.dims[1]! !== 0)
    node.fail(`${query.dims[1]} query heads cannot share ${key.dims[1]} key heads evenly`);
  const masks = masksOf(ctx, { query, key });
  const precision = node.int("softmax_precision", 0);
  const softmaxType: DataType = precision === 0 ? query.dtype : floatTypeOf(precision);
  const result = scaledDotProduct(b, {
    query,
    key,
    value,
    ...masks,
    scale: node.float("scale", 1 / Math.sqrt(query.dims[3]!)),
    softcap: node.float("softcap", 0),
    softmaxType,
  });
  const output = isFlat ? mergeHeads(b, result.output) : result.output;
  return [output, key, value, node.hasOutput(3) ? exposed(ctx, result) : null];
}

/** The boolean masks and biases of a node: the given mask, causality, windows, and padding of an outside cache. */
function masksOf(
  ctx: LowerContext,
  sequences: { readonly query: Value; readonly key: Value },
): { allowed: Value[]; biases: Bias[] } {
  const { b, node, optional } = ctx;
  const dims = [sequences.query.dims[2]!, sequences.key.dims[2]!] as const;
  const [rows, columns] = dims;
  const allowed: Value[] = [];
  const biases: Bias[] = [];
  const given = optional(3);
  if (given !== null) {
    const whole = wholeMask(ctx, given, columns);
    if (whole.dtype === "bool") allowed.push(whole);
    else biases.push({ value: whole });
  }
  const lengths = optional(6);
  const past = optional(4)?.dims[2] ?? 0;
  const reaches = reachesOf(node);
  if (lengths === null) {
    // Query i stands at i + past.
    for (const { from, to } of reaches)
      allowed.push(positionMask(b, dims, (i, j) => from <= j - i - past && j - i - past <= to));
    return { allowed, biases };
  }
  // Query i stands at i + length − T, so what it may read depends on the length of its sequence.
  const length = b.reshape(lengths, [lengths.dims[0]!, 1, 1, 1]);
  const grid = (entry: (i: number, j: number) => number, height: number) =>
    b.constant(
      tensor(
        "int64",
        [height, columns],
        BigInt64Array.from({ length: height * columns }, (_, k) =>
          BigInt(entry(Math.floor(k / columns), k % columns)),
        ),
      ),
    );
  allowed.push(b.op("Less", [grid((_, j) => j, 1), length]));
  for (const { from, to } of reaches) {
    if (to < Infinity) allowed.push(b.op("LessOrEqual", [grid((i, j) => j - i + rows - to, rows), length]));
    if (from > -Infinity)
      allowed.push(b.op("GreaterOrEqual", [grid((i, j) => j - i + rows - from, rows), length]));
  }
  return { allowed, biases };
}

/** How far before and behind its own position a query may read; one entry for causality, one for windows. */
function reachesOf(node: Node): { readonly from: number; readonly to: number }[] {
  const window = (name: string) => {
    const size = node.int(name, -1);
    return size < 0 ? Infinity : size;
  };
  const [from, to] = [-window("left_window_size"), window("right_window_size")];
  return [
    ...(node.int("is_causal", 0) === 1 ? [{ from: -Infinity, to: 0 }] : []),
    ...(from > -Infinity || to < Infinity ? [{ from, to }] : []),
  ];
}

/** A mask over all keys: one that ends before them shuts out the rest. */
function wholeMask({ b, node }: LowerContext, mask: Value, columns: number): Value {
  const length = mask.dims.at(-1) ?? 0;
  if (length === 0 || length > columns)
    node.fail(
      `attn_mask has shape ${formatShape(mask.dims)}, expected at most ${columns} keys along its last axis`,
    );
  if (length === 1 || length === columns) return mask;
  const rest = b.full(
    [...mask.dims.slice(0, -1), columns - length],
    mask.dtype === "bool" ? 0 : Number.NEGATIVE_INFINITY,
    mask.dtype,
  );
  return b.concat([mask, rest], mask.dims.length - 1);
}

/** The fourth output: which stage it shows is an attribute. */
function exposed({ node }: LowerContext, result: AttentionResult): Value {
  const stages = [
    () => result.products,
    () => result.capped,
    () => result.masked,
    () => result.probabilities(),
  ];
  const mode = node.int("qk_matmul_output_mode", 0);
  return stages[mode]?.() ?? node.fail(`qk_matmul_output_mode is ${mode}, expected 0, 1, 2 or 3`);
}
