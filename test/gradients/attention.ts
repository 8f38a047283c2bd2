import { type AttributeInit, float } from "../../src/onnx/attribute.ts";
import type { FloatInput, GradientCase, IntegerInput } from "../support/gradient-check.ts";

type Attributes = Readonly<Record<string, AttributeInit>>;
type Input = FloatInput | IntegerInput | null;

const tri = (rows: number, columns: number) =>
  Array.from({ length: rows * columns }, (_, k) => ((k * 7) % 5 === 0 ? 0 : 1));

function attention(
  title: string,
  inputs: readonly Input[],
  attributes: Attributes,
  extra: Partial<GradientCase> = {},
): GradientCase {
  return { opType: "Attention", title, opset: 23, inputs, attributes, precision: "float32", ...extra };
}

const q4: Input = { dims: [2, 4, 3, 5] };
const k4: Input = { dims: [2, 4, 6, 5] };
const v4: Input = { dims: [2, 4, 6, 2] };
const three = { q_num_heads: 4, kv_num_heads: 2 };

const linear = { precision: "float32", step: 0.5, tolerance: 1e-4 } as const;
const ids = (dims: readonly number[], data: readonly number[]) => ({ dtype: "int64" as const, dims, data });

function rotary(title: string, inputs: readonly Input[], attributes: Attributes): GradientCase {
  return { opType: "RotaryEmbedding", title, opset: 23, inputs, attributes, ...linear };
}

const rotaries: readonly GradientCase[] = [
  rotary(
    "4-D",
    [{ dims: [2, 2, 3, 4] }, { dims: [5, 2] }, { dims: [5, 2] }, ids([2, 3], [0, 1, 2, 2, 3, 4])],
    {},
  ),
  rotary(
    "interleaved",
    [{ dims: [2, 2, 3, 4] }, { dims: [5, 2] }, { dims: [5, 2] }, ids([2, 3], [0, 1, 2, 2, 3, 4])],
    {
      interleaved: 1,
    },
  ),
  rotary("3-D, angles per position", [{ dims: [2, 3, 8] }, { dims: [2, 3, 2] }, { dims: [2, 3, 2] }], {
    num_heads: 2,
  }),
  rotary("part of the depth", [{ dims: [2, 3, 12] }, { dims: [2, 3, 2] }, { dims: [2, 3, 2] }], {
    num_heads: 2,
    rotary_embedding_dim: 4,
  }),
  ...[ids([2, 3], [0, 1, 2, 2, 3, 4]), ids([1], [1])].flatMap((positions) => [
    {
      ...rotary("", [{ dims: [2, 3, 8] }, positions, { dims: [5, 2] }, { dims: [5, 2] }], {}),
      domain: "com.microsoft",
      opset: 17,
    },
    {
      ...rotary("interleaved", [{ dims: [2, 2, 3, 4] }, positions, { dims: [5, 2] }, { dims: [5, 2] }], {
        interleaved: 1,
      }),
      domain: "com.microsoft",
      opset: 17,
    },
  ]),
];

const microsoft = { domain: "com.microsoft", opset: 17, precision: "float32" } as const;
const int32 = (dims: readonly number[], data: readonly number[]) => ({ dtype: "int32" as const, dims, data });

function projected(title: string, rest: readonly Input[], attributes: Attributes = {}): GradientCase {
  const inputs = [{ dims: [2, 4, 6] }, { dims: [6, 24] }, { dims: [24] }, ...rest];
  return { opType: "Attention", title, inputs, attributes: { num_heads: 2, ...attributes }, ...microsoft };
}

function multiHead(title: string, inputs: readonly Input[], attributes: Attributes = {}): GradientCase {
  return {
    opType: "MultiHeadAttention",
    title,
    inputs,
    attributes: { num_heads: 2, ...attributes },
    ...microsoft,
  };
}

const [mq, mk, mv] = [{ dims: [2, 3, 8] }, { dims: [2, 5, 8] }, { dims: [2, 5, 6] }];

const fused: readonly GradientCase[] = [
  projected("no mask", []),
  projected("mask of keys", [int32([2, 4], [1, 1, 0, 1, 1, 1, 1, 0])]),
  projected("mask of keys, fed", [{ ...int32([2, 4], [1, 1, 0, 1, 0, 0, 1, 0]), fed: true }]),
  projected("mask of pairs", [int32([2, 4, 4], tri(8, 4))]),
  projected("lengths", [int32([2], [3, 4])]),
  projected("causal, scaled", [], { unidirectional: 1, scale: float(0.7) }),
  projected("bias", [null, null, { dims: [2, 2, 4, 4] }]),
  projected("other width of values", [], { qkv_hidden_sizes: [8, 8, 8] }),
  multiHead("separate", [mq, mk, mv]),
  multiHead("with biases", [mq, mk, mv, { dims: [22] }]),
  multiHead("mask of keys and bias", [
    mq,
    mk,
    mv,
    null,
    int32([2, 5], [1, 1, 0, 1, 1, 1, 1, 1, 0, 0]),
    { dims: [1, 2, 3, 5] },
  ]),
  multiHead("causal", [mq, { dims: [2, 3, 8] }, { dims: [2, 3, 6] }], { unidirectional: 1 }),
  multiHead("keys of another node", [mq, { dims: [2, 2, 5, 4] }, { dims: [2, 2, 5, 4] }]),
  {
    ...multiHead("past keys", [
      mq,
      { dims: [2, 3, 8] },
      { dims: [2, 3, 8] },
      null,
      null,
      null,
      { dims: [2, 2, 2, 4] },
      { dims: [2, 2, 2, 4] },
    ]),
    outputs: 3,
  },
];

/** Sequences [2, 4] without padding, 4 query heads on 2 key heads of 16 elements. */
function groupQuery(
  title: string,
  change: { packed?: true; rotary?: true; bias?: true },
  attributes: Attributes = {},
): GradientCase {
  const empty = { dims: [2, 2, 0, 16], constant: true as const };
  const angles = change.rotary ? [{ dims: [6, 8] }, { dims: [6, 8] }] : [null, null];
  const inputs: Input[] = [
    ...(change.packed
      ? [{ dims: [2, 4, 128] }, null, null]
      : [{ dims: [2, 4, 64] }, { dims: [2, 4, 32] }, { dims: [2, 4, 32] }]),
    empty,
    empty,
    { ...int32([2], [3, 3]), fed: true },
    { ...int32([], [4]), fed: true },
    ...(change.rotary || change.bias ? angles : []),
    ...(change.bias ? [null, { dims: [2, 1, 4, 4] }] : []),
  ];
  const rotary = change.rotary ? { do_rotary: 1 } : {};
  return {
    opType: "GroupQueryAttention",
    title,
    inputs,
    attributes: { num_heads: 4, kv_num_heads: 2, ...rotary, ...attributes },
    outputs: 3,
    ...microsoft,
  };
}

const groupQueries: readonly GradientCase[] = [
  groupQuery("plain", {}),
  groupQuery("packed", { packed: true }, { scale: float(0.6) }),
  groupQuery("rotary", { rotary: true }),
  groupQuery("rotary, interleaved, packed", { rotary: true, packed: true }, { rotary_interleaved: 1 }),
  groupQuery("window and softcap", {}, { local_window_size: 2, softcap: float(0.5) }),
  groupQuery("bias", { bias: true }),
];

export const attentionCases: readonly GradientCase[] = [
  attention("4-D", [q4, k4, v4], {}),
  attention("3-D", [{ dims: [2, 3, 8] }, { dims: [2, 5, 8] }, { dims: [2, 5, 12] }], {
    q_num_heads: 2,
    kv_num_heads: 2,
  }),
  attention("shared key heads, 3-D", [{ dims: [2, 3, 16] }, { dims: [2, 5, 8] }, { dims: [2, 5, 6] }], three),
  attention("shared key heads, 4-D", [q4, { dims: [2, 2, 6, 5] }, { dims: [2, 2, 6, 3] }], {}),
  attention("causal", [q4, { dims: [2, 4, 3, 5] }, { dims: [2, 4, 3, 2] }], { is_causal: 1 }),
  attention("float mask, trained", [q4, k4, v4, { dims: [4, 3, 6] }], { scale: float(0.3) }),
  attention("float mask, constant", [q4, k4, v4, { dims: [2, 1, 3, 6], constant: true }], {}),
  attention("boolean mask", [q4, k4, v4, { dtype: "bool", dims: [3, 6], data: tri(3, 6) }], {}),
  attention(
    "boolean mask, fed, causal",
    [
      q4,
      { dims: [2, 4, 3, 5] },
      { dims: [2, 4, 3, 2] },
      {
        dtype: "bool",
        dims: [2, 1, 3, 3],
        data: [1, 0, 1, 1, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1],
        fed: true,
      },
    ],
    { is_causal: 1 },
  ),
  attention("softcap", [q4, k4, v4], { softcap: float(0.5), scale: float(1) }),
  attention(
    "scores shown",
    [q4, k4, v4, { dims: [3, 6] }],
    { softcap: float(0.5) },
    { outputs: [true, false, false, true] },
  ),
  ...[1, 2].map((qk_matmul_output_mode) =>
    attention(
      `stage ${qk_matmul_output_mode} shown`,
      [q4, k4, v4, { dims: [3, 6] }],
      { softcap: float(0.5), qk_matmul_output_mode },
      { outputs: [true, false, false, true] },
    ),
  ),
  attention(
    "probabilities shown",
    [q4, k4, v4],
    { qk_matmul_output_mode: 3 },
    { outputs: [true, false, false, true] },
  ),
  attention(
    "past keys",
    [
      q4,
      { dims: [2, 4, 3, 5] },
      { dims: [2, 4, 3, 2] },
      null,
      { dims: [2, 4, 2, 5] },
      { dims: [2, 4, 2, 2] },
    ],
    { is_causal: 1 },
    { outputs: 3 },
  ),
  attention("opset 24", [q4, k4, v4], {}, { opset: 24 }),
  attention(
    "opset 24, row shut",
    [
      q4,
      k4,
      v4,
      { dtype: "bool", dims: [3, 6], data: [1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0] },
    ],
    {},
    { opset: 24 },
  ),
  attention(
    "opset 24, float row shut",
    [
      q4,
      k4,
      v4,
      {
        dims: [3, 6],
        data: [
          1,
          1,
          1,
          1,
          1,
          1,
          -Infinity,
          -Infinity,
          -Infinity,
          -Infinity,
          -Infinity,
          -Infinity,
          1,
          0,
          1,
          -Infinity,
          1,
          0,
        ],
        constant: true,
      },
    ],
    {},
    { opset: 24 },
  ),
  attention(
    "lengths fed",
    [q4, k4, v4, null, null, null, { dtype: "int64", dims: [2], data: [4, 6], fed: true }],
    {},
    { opset: 24 },
  ),
  attention(
    "lengths fed, causal",
    [q4, k4, v4, null, null, null, { dtype: "int64", dims: [2], data: [4, 6], fed: true }],
    { is_causal: 1 },
    { opset: 24 },
  ),
  ...rotaries,
  ...fused,
  ...groupQueries,
];
