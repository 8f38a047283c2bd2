import type { GradientCase, IntegerInput } from "../support/gradient-check.ts";

function ints(...data: number[]): IntegerInput {
  return { dtype: "int64", dims: [data.length], data };
}
/** As far as an axis reaches, in either direction: what exporters write for an open end. */
const OPEN = 2 ** 53;

export const slicingCases: readonly GradientCase[] = [
  { opType: "Slice", inputs: [{ dims: [4, 5] }, ints(1, 0), ints(3, -1)] },
  { opType: "Slice", title: "by steps", inputs: [{ dims: [7, 3] }, ints(1), ints(OPEN), ints(0), ints(3)] },
  {
    opType: "Slice",
    title: "backwards",
    inputs: [{ dims: [3, 6] }, ints(-1), ints(-OPEN), ints(-1), ints(-1)],
  },
  {
    opType: "Slice",
    title: "backwards by steps",
    inputs: [{ dims: [7, 3] }, ints(5), ints(0), ints(0), ints(-2)],
  },
  { opType: "Slice", title: "beyond both ends", inputs: [{ dims: [4, 3] }, ints(-9, 1), ints(9, 2)] },
  { opType: "Slice", title: "empty", inputs: [{ dims: [4, 3] }, ints(3), ints(1)] },
  {
    opType: "Slice",
    opset: 9,
    precision: "float32",
    inputs: [{ dims: [4, 5] }],
    attributes: { starts: [1, -3], ends: [3, 9], axes: [1, 0] },
  },
  {
    opType: "Slice",
    opset: 7,
    title: "all axes",
    precision: "float32",
    inputs: [{ dims: [4, 5] }],
    attributes: { starts: [1, 0], ends: [3, -1] },
  },
  { opType: "Slice", opset: 10, inputs: [{ dims: [4, 5] }, ints(1), ints(4), ints(1), ints(2)] },
  { opType: "Split", inputs: [{ dims: [2, 5] }, ints(2, 3)], attributes: { axis: 1 }, outputs: 2 },
  {
    opType: "Split",
    title: "parts not all used",
    inputs: [{ dims: [5, 2] }, ints(1, 3, 1)],
    outputs: [false, true, false],
  },
  {
    opType: "Split",
    title: "into uneven parts",
    inputs: [{ dims: [2, 7] }],
    attributes: { axis: -1, num_outputs: 3 },
    outputs: 3,
  },
  { opType: "Split", opset: 13, inputs: [{ dims: [4, 2] }], outputs: 2 },
  { opType: "Split", opset: 13, title: "sizes as input", inputs: [{ dims: [4, 2] }, ints(1, 3)], outputs: 2 },
  {
    opType: "Split",
    opset: 11,
    precision: "float32",
    inputs: [{ dims: [2, 4] }],
    attributes: { axis: 1, split: [3, 1] },
    outputs: 2,
  },
  {
    opType: "Concat",
    inputs: [{ dims: [2, 3] }, { dims: [2, 1] }, { dims: [2, 2] }],
    attributes: { axis: -1 },
  },
  {
    opType: "Concat",
    title: "one not differentiated",
    inputs: [{ dims: [1, 3] }, { dims: [2, 3], constant: true }],
    attributes: { axis: 0 },
  },
  { opType: "Trilu", inputs: [{ dims: [2, 3, 4] }, { dtype: "int64", dims: [], data: [1] }] },
  { opType: "Trilu", title: "lower", inputs: [{ dims: [3, 3] }], attributes: { upper: 0 } },
  { opType: "Pad", inputs: [{ dims: [2, 3] }, ints(1, 0, 0, 2)] },
  { opType: "Pad", title: "crops", inputs: [{ dims: [4, 3] }, ints(-1, 1, -1, -1)] },
  { opType: "Pad", title: "some axes", inputs: [{ dims: [2, 3, 2] }, ints(1, 2), null, ints(-2)] },
  ...["edge", "reflect", "wrap"].map(
    (mode): GradientCase => ({
      opType: "Pad",
      title: mode,
      inputs: [{ dims: [3, 4] }, ints(2, 1, 1, 3)],
      attributes: { mode },
    }),
  ),
  {
    opType: "Pad",
    title: "edge, crops",
    inputs: [{ dims: [3, 5] }, ints(0, -2, 0, 2)],
    attributes: { mode: "edge" },
  },
  {
    opType: "Pad",
    title: "reflect, crops",
    inputs: [{ dims: [3, 5] }, ints(0, -1, 0, 2)],
    attributes: { mode: "reflect" },
  },
  {
    opType: "Pad",
    opset: 7,
    precision: "float32",
    inputs: [{ dims: [2, 3] }],
    attributes: { pads: [1, 0, 0, 2], value: { kind: "float", value: 0.5 } },
  },
  {
    opType: "Pad",
    opset: 10,
    title: "reflect",
    precision: "float32",
    inputs: [{ dims: [2, 3] }],
    attributes: { pads: [1, 0, 0, 2], mode: "reflect" },
  },
  { opType: "Tile", inputs: [{ dims: [2, 1, 3] }, ints(2, 3, 1)] },
  { opType: "Tile", opset: 7, title: "once", inputs: [{ dims: [2, 3] }, ints(1, 1)] },
  { opType: "CenterCropPad", inputs: [{ dims: [5, 4, 3] }, ints(2, 7, 3)] },
  {
    opType: "CenterCropPad",
    title: "some axes, odd differences",
    inputs: [{ dims: [5, 4] }, ints(7, 8)],
    attributes: { axes: [-1, 0] },
  },
  { opType: "CenterCropPad", title: "odd crops", inputs: [{ dims: [6, 5] }, ints(3, 2)] },
  {
    opType: "Pad",
    title: "with a value",
    inputs: [{ dims: [2, 3] }, ints(1, 0, 0, 2), { dims: [], data: [0.7] }],
  },
  { opType: "Pad", opset: 11, inputs: [{ dims: [2, 3] }, ints(1, 0, 0, 2), { dims: [], data: [0.7] }] },
];
