import { UnsupportedOpError } from "../errors.ts";
import type { Value } from "../onnx/value.ts";
import { int64s } from "../tensor/tensor.ts";
import { defineComposite, type LowerContext, type OpDef } from "./define.ts";
import { type Bias, mergeHeads, positionMask, scaledDotProduct, splitHeads } from "./scaled-dot-product.ts";

const domain = "com.microsoft";

/** Attention as ONNX Runtime's optimizer fuses it. github.com/microsoft/onnxruntime, docs/ContribOperators.md */
export const fusedAttentionOps: readonly OpDef[] = [
  /** Attention(input, weights, bias, mask_index, past, attention_bias): projections and attention, input [B, T, I]. */
  defineComposite({ domain, opType: "Attention", opsets: [1, 1], reads: [3], lower: lowerFusedAttention }),
  /** MultiHeadAttention(query, key, value, bias, key_padding_mask, attention_bias, past_key, past_value). */
  defineComposite({
    domain,
    opType: "MultiHeadAttention",
    opsets: [1, 1],
    reads: [4],
    lower: lowerMultiHead,
  }),
];

function lowerFusedAttention(ctx: LowerContext): readonly (Value | null)[] {
  const { b, node, input, optional } = ctx;
  refuse(ctx, [4, 6], "past keys and values");
  if (node.int("do_rotary", 0) === 1) refuseAs(ctx, "rotary embedding inside the node");
  const [x, weights] = [input(0), input(1)];
  const width = weights.dims[1]!;
  const sizes = node.ints("qkv_hidden_sizes", [width / 3, width / 3, width / 3]);
  const product = b.matmul(x, weights);
  const bias = optional(2);
  const projected = b.ops("Split", [bias === null ? product : b.add(product, bias), b.ints(sizes)], 3, {
    axis: 2,
  });
  const heads = node.int("num_heads");
  const [query, key, value] = projected.map((p) => splitHeads(b, p, heads)) as [Value, Value, Value];
  return [attend(ctx, { query, key, value }, { keys: optional(3), bias: optional(5) })];
}

function lowerMultiHead(ctx: LowerContext): readonly (Value | null)[] {
  const { b, node, optional } = ctx;
  refuse(ctx, [8, 9], "a shared cache");
  const heads = node.int("num_heads");
  const qkv = headsOf(ctx, heads);
  const bias = optional(3);
  const widths = qkv.map((p) => p.dims[1]! * p.dims[3]!);
  const shifted = bias === null ? null : b.ops("Split", [bias, b.ints(widths)], 3, { axis: 0 });
  const biased = qkv.map((p, i) => {
    if (shifted === null) return p;
    return b.add(p, b.reshape(shifted[i]!, [1, heads, 1, p.dims[3]!])); // Split was made with three outputs
  });
  const join = (past: Value | null, x: Value) => (past === null ? x : b.concat([past, x], 2));
  const [query, key, value] = [biased[0]!, join(optional(6), biased[1]!), join(optional(7), biased[2]!)];
  return [attend(ctx, { query, key, value }, { keys: optional(4), bias: optional(5) }), key, value];
}

/** Queries, keys and values, each [B, heads, length, D]. */
function headsOf(ctx: LowerContext, heads: number): readonly [Value, Value, Value] {
  const { b, input, optional } = ctx;
  const key = optional(1);
  // ONNX Runtime runs the packed layouts [B, T, heads, 3, D] and [B, S, heads, 2, D] on GPUs alone.
  if (key === null || key.dims.length === 5) refuseAs(ctx, "a layout that packs keys with values");
  const query = splitHeads(b, input(0), heads);
  // [B, heads, S, D]: another node's keys and values.
  if (key.dims.length === 4) return [query, key, input(2)];
  return [query, splitHeads(b, key, heads), splitHeads(b, input(2), heads)];
}

interface Qkv {
  readonly query: Value;
  readonly key: Value;
  readonly value: Value;
}

function attend(
  ctx: LowerContext,
  qkv: Qkv,
  masks: { readonly keys: Value | null; readonly bias: Value | null },
): Value {
  const { b, node } = ctx;
  const [rows, columns] = [qkv.query.dims[2]!, qkv.key.dims[2]!];
  const biases: Bias[] = masks.bias === null ? [] : [{ value: masks.bias }];
  if (masks.keys !== null) {
    // A key that is masked gets a large negative bias, not −∞, so that a row of such keys is still a distribution.
    const { dtype } = qkv.query;
    const filter = b.scalar(node.float("mask_filter_value", -10000), dtype);
    const open = openKeys(ctx, masks.keys, qkv);
    biases.push({ value: b.where(open, b.scalar(0, dtype), filter), finite: true });
  }
  const isCausal = node.int("unidirectional", 0) === 1;
  const allowed = isCausal ? [positionMask(b, [rows, columns], (i, j) => j <= i + columns - rows)] : [];
  const depth = qkv.query.dims[3]!;
  // A scale of 0 stands for "not given".
  const scale = node.float("scale", 0) || 1 / Math.sqrt(depth);
  return mergeHeads(b, scaledDotProduct(b, { ...qkv, allowed, biases, scale, softcap: 0 }).output);
}

/** Where keys are open, broadcasting to [B, heads, T, S], from the forms of mask that the operators take. */
function openKeys(ctx: LowerContext, mask: Value, { query, key }: Qkv): Value {
  const { b } = ctx;
  const [batch, columns] = [query.dims[0]!, key.dims[2]!];
  const { dims } = mask;
  if (dims.length === 1 && dims[0] === batch) {
    const places = b.cast(b.constant(int64s(Array.from({ length: columns }, (_, j) => j))), mask.dtype);
    return b.op("Less", [places, b.reshape(mask, [batch, 1, 1, 1])]);
  }
  const open = mask.dtype === "bool" ? mask : b.op("Greater", [mask, b.scalar(0, mask.dtype)]);
  if (dims.length === 2 && dims[1] === columns) return b.unsqueeze(open, [1, 2]);
  if (dims.length === 3 && dims[2] === columns) return b.unsqueeze(open, [1]);
  return refuseAs(ctx, `a mask of shape [${dims}] for ${batch} sequences of ${columns} keys`);
}

function refuse(ctx: LowerContext, inputs: readonly number[], what: string): void {
  if (inputs.some((i) => ctx.optional(i) !== null)) refuseAs(ctx, what);
}

function refuseAs({ node }: LowerContext, what: string): never {
  throw new UnsupportedOpError(
    `${node.describe()}: ${what} is not supported in training. Export the model without a cache, or before it was optimized.`,
    { details: { node: node.name, opType: node.opType, domain } },
  );
}
