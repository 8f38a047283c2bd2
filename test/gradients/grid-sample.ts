import type { GradientCase } from "../support/gradient-check.ts";

const paddings = ["zeros", "border", "reflection"];

/** Places up to a little outside the map. */
function sample(
  opset: number,
  mode: string,
  padding_mode: string,
  align_corners: number,
  dims: readonly number[] = [2, 2, 4, 5],
): GradientCase {
  const grid = [dims[0]!, ...dims.slice(2).map((d) => d - 1), dims.length - 2];
  const nearest = mode === "nearest";
  const inputs = [
    { dims },
    nearest
      ? { dims: grid, range: [-1.4, 1.4] as const, constant: true as const }
      : { dims: grid, range: [-1.4, 1.4] as const },
  ];
  const title = `${mode}, ${padding_mode}${align_corners ? ", aligned" : ""}`;
  return {
    opType: "GridSample",
    title,
    opset,
    inputs,
    attributes: { mode, padding_mode, align_corners },
    precision: "float32",
    // Sampling bends where a place crosses an element.
    step: 1e-3,
    tolerance: 1e-2,
  };
}

export const gridSampleCases: readonly GradientCase[] = [
  ...paddings.flatMap((padding) => [0, 1].map((aligned) => sample(16, "bilinear", padding, aligned))),
  ...paddings.flatMap((padding) =>
    ["linear", "nearest", "cubic"].flatMap((mode) =>
      [0, 1].map((aligned) => sample(20, mode, padding, aligned)),
    ),
  ),
  sample(22, "linear", "zeros", 0, [1, 2, 3, 4, 3]),
  sample(22, "nearest", "border", 1, [1, 2, 3, 4, 3]),
  sample(16, "bicubic", "zeros", 1),
  ...[0, 1].flatMap((align_corners): GradientCase[] => [
    {
      opType: "AffineGrid",
      title: align_corners ? "aligned" : "",
      inputs: [{ dims: [2, 2, 3] }, { dtype: "int64", dims: [4], data: [2, 3, 4, 5] }],
      attributes: { align_corners },
    },
    {
      opType: "AffineGrid",
      title: align_corners ? "3-D, aligned" : "3-D",
      inputs: [{ dims: [2, 3, 4] }, { dtype: "int64", dims: [5], data: [2, 3, 2, 3, 4] }],
      attributes: { align_corners },
    },
  ]),
];
