import { UnsupportedOpError } from "../errors.ts";
import type { Value } from "../onnx/value.ts";
import { int64s } from "../tensor/tensor.ts";
import { defineComposite, type LowerContext, type OpDef } from "./define.ts";
import { rotate } from "./rotary.ts";
import { mergeHeads, positionMask, scaledDotProduct, splitHeads } from "./scaled-dot-product.ts";

export const groupQueryAttentionOps: readonly OpDef[] = [
  /**
   * GroupQueryAttention(query, key, value, past_key, past_value, seqlens_k, total_sequence_length, cos_cache, sin_cache,
   * position_ids, attention_bias): causal attention of decoders, with rotary embeddings and a cache of keys.
   *
   * In training every sequence starts with an empty cache. Sequences are padded at their end, where causality hides the
   * padding from all that is scored; `seqlens_k` changes only rows that lie in the padding.
   * github.com/microsoft/onnxruntime, docs/ContribOperators.md
   */
  defineComposite({ domain: "com.microsoft", opType: "GroupQueryAttention", opsets: [1, 1], lower }),
];

function lower(ctx: LowerContext): readonly (Value | null)[] {
  const { b, node, optional } = ctx;
  const cached = optional(3)?.dims[2] ?? 0;
  if (cached > 0) {
    throw new UnsupportedOpError(
      `${node.describe()}: its cache holds ${cached} keys, but training runs whole sequences. ` +
        "Give past_key and past_value a sequence length of 0.",
      { details: { node: node.name, opType: node.opType, domain: node.domain } },
    );
  }
  const [heads, kvHeads] = [node.int("num_heads"), node.int("kv_num_heads")];
  const [q, k, v] = projections(ctx, heads, kvHeads);
  const rows = q.dims[1]!;
  const turned = (x: Value) => (node.int("do_rotary", 0) === 1 ? withRotary(ctx, x, rows) : x);
  const query = turned(splitHeads(b, q, heads));
  const key = turned(splitHeads(b, k, kvHeads));
  const value = splitHeads(b, v, kvHeads);
  if (node.int("smooth_softmax", 0) === 1 || optional(11) !== null)
    throw new UnsupportedOpError(`${node.describe()}: a softmax with a sink is not supported in training`);
  const window = node.int("local_window_size", -1);
  const allowed = positionMask(b, [rows, rows], (i, j) => j <= i && (window < 0 || i - j < window));
  const bias = optional(10);
  const { output } = scaledDotProduct(b, {
    query,
    key,
    value,
    allowed: [allowed],
    biases: bias === null ? [] : [{ value: bias }],
    // A scale of 0 stands for "not given".
    scale: node.float("scale", 0) || 1 / Math.sqrt(query.dims[3]!),
    softcap: node.float("softcap", 0),
  });
  return [mergeHeads(b, output), key, value];
}

/** Queries [B, T, heads · D], keys and values [B, T, kvHeads · D], which may lie side by side in the first input. */
function projections(
  { b, input, optional }: LowerContext,
  heads: number,
  kvHeads: number,
): [Value, Value, Value] {
  const [q, k, v] = [input(0), optional(1), optional(2)];
  if (k !== null && v !== null) return [q, k, v];
  const depth = q.dims[2]! / (heads + 2 * kvHeads);
  const widths = [heads * depth, kvHeads * depth, kvHeads * depth];
  return b.ops("Split", [q, b.ints(widths)], 3, { axis: 2 }) as [Value, Value, Value]; // three outputs were asked for
}

function withRotary({ b, node, input, optional }: LowerContext, x: Value, rows: number): Value {
  const given = optional(9);
  const counted = b.constant({ ...int64s(Array.from({ length: rows }, (_, i) => i)), dims: [1, rows] });
  const angles = { cos: input(7), sin: input(8), positions: given ?? counted };
  return rotate(b, x, angles, node.int("rotary_interleaved", 0) === 1);
}
