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
];
