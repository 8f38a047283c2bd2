import type { GradientCase, IntegerInput } from "../support/gradient-check.ts";

const domain = "com.microsoft";

function ints(...data: number[]): IntegerInput {
  return { dtype: "int64", dims: [data.length], data };
}
function int(value: number): IntegerInput {
  return { dtype: "int64", dims: [], data: [value] };
}

export const microsoftAliasCases: readonly GradientCase[] = [
  { domain, opType: "Trilu", inputs: [{ dims: [2, 3, 3] }, int(1)], attributes: { upper: 0 } },
  { domain, opType: "GatherND", inputs: [{ dims: [2, 3] }, { ...ints(0, 1, 1, 2), dims: [2, 2] }] },
  {
    domain,
    opType: "GridSample",
    inputs: [{ dims: [1, 2, 4, 3] }, { dims: [1, 2, 2, 2] }],
    attributes: { mode: "bilinear", padding_mode: "border" },
    precision: "float32",
  },
  {
    domain,
    opType: "Pad",
    inputs: [{ dims: [2, 3] }, ints(0, 1, 1, 0), { dims: [1], data: [0.5], constant: true }],
    precision: "float32",
    step: 0.5,
  },
  { domain, opType: "Range", inputs: [int(1), int(7), int(2)] },
  { domain, opType: "Range", title: "in steps of one", inputs: [int(1), int(4)] },
  {
    domain,
    opType: "ExpandDims",
    inputs: [{ dims: [2, 3] }, { dtype: "int32", dims: [], data: [-1] }],
    precision: "float32",
    step: 0.5,
  },
  {
    domain,
    opType: "GatedAdd",
    inputs: [{ dims: [2, 3] }, { dims: [2, 3] }, { dims: [2, 1] }],
    precision: "float32",
  },
  {
    domain,
    opType: "BiasSoftmax",
    inputs: [{ dims: [2, 3, 2, 4] }, { dims: [2, 1, 1, 4] }],
    attributes: { axis: 3, is_inner_broadcast: 1 },
    meaning: (apply, [x, bias]) => apply("Softmax", [apply("Add", [x!, bias!])], { axis: -1 }),
  },
  {
    domain,
    opType: "BiasSoftmax",
    title: "over two axes, with one bias for all rows",
    inputs: [{ dims: [2, 3, 4] }, { dims: [3, 4] }],
    attributes: { axis: 1, is_inner_broadcast: 0 },
    meaning: (apply, [x, bias]) => {
      const powers = apply("Exp", [apply("Add", [x!, bias!])]);
      const rows = apply("Flatten", [powers], { axis: 1 });
      const sums = apply("ReduceSum", [rows, apply("Constant", [], { value_ints: [1] })]);
      return apply("Div", [powers, apply("Unsqueeze", [sums, apply("Constant", [], { value_ints: [2] })])]);
    },
  },
];
