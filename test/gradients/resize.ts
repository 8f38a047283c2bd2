import { type AttributeInit, float } from "../../src/onnx/attribute.ts";
import type { GradientCase } from "../support/gradient-check.ts";

type Attributes = Readonly<Record<string, AttributeInit>>;

interface Target {
  readonly scales?: readonly number[];
  readonly sizes?: readonly number[];
  readonly roi?: readonly number[];
}

function resize(
  title: string,
  dims: readonly number[],
  to: Target,
  attributes: Attributes,
  extra: Partial<GradientCase> = {},
): GradientCase {
  const constant = (data: readonly number[] | undefined) =>
    data ? { dims: [data.length], data, constant: true as const } : null;
  const sizes = to.sizes ? { dtype: "int64" as const, dims: [to.sizes.length], data: to.sizes } : null;
  const inputs = [{ dims }, constant(to.roi), constant(to.scales), sizes];
  while (inputs.at(-1) === null) inputs.pop();
  // Linear, so a large step makes central differences exact up to rounding.
  return {
    opType: "Resize",
    title,
    inputs,
    attributes,
    precision: "float32",
    step: 0.5,
    tolerance: 1e-4,
    ...extra,
  };
}

const transforms = [
  "half_pixel",
  "half_pixel_symmetric",
  "pytorch_half_pixel",
  "align_corners",
  "asymmetric",
];
const roundings = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"];
const map = [1, 2, 4, 5];

const resizes: readonly GradientCase[] = [
  ...transforms.flatMap((coordinate_transformation_mode) => [
    ...["linear", "cubic"].flatMap((mode) => [
      resize(
        `${mode} ${coordinate_transformation_mode} up`,
        map,
        { scales: [1, 1, 2, 1.7] },
        {
          mode,
          coordinate_transformation_mode,
        },
      ),
      resize(
        `${mode} ${coordinate_transformation_mode} down`,
        map,
        { sizes: [1, 2, 3, 2] },
        {
          mode,
          coordinate_transformation_mode,
        },
      ),
    ]),
    ...roundings.flatMap((nearest_mode) => [
      resize(
        `nearest ${coordinate_transformation_mode} ${nearest_mode} up`,
        map,
        { sizes: [1, 2, 7, 9] },
        {
          coordinate_transformation_mode,
          nearest_mode,
        },
      ),
      resize(
        `nearest ${coordinate_transformation_mode} ${nearest_mode} down`,
        map,
        { scales: [1, 1, 0.5, 0.7] },
        {
          coordinate_transformation_mode,
          nearest_mode,
        },
      ),
    ]),
  ]),
  resize(
    "nearest ×2",
    map,
    { scales: [1, 1, 2, 2] },
    { coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" },
  ),
  resize("nearest ×2 and ×3, half pixel", map, { scales: [1, 1, 2, 3] }, {}),
  resize(
    "linear to one pixel",
    map,
    { sizes: [1, 2, 1, 1] },
    { mode: "linear", coordinate_transformation_mode: "pytorch_half_pixel" },
  ),
  resize(
    "cubic, exclude outside",
    map,
    { scales: [1, 1, 2, 0.8] },
    { mode: "cubic", exclude_outside: 1, cubic_coeff_a: float(-0.5) },
  ),
  ...["linear", "cubic"].flatMap((mode) => [
    resize(`${mode}, antialias down`, [1, 2, 9, 8], { scales: [1, 1, 0.4, 0.6] }, { mode, antialias: 1 }),
    resize(`${mode}, antialias up`, map, { scales: [1, 1, 1.5, 2] }, { mode, antialias: 1 }),
    resize(
      `${mode}, antialias down, exclude outside`,
      [1, 2, 9, 8],
      { sizes: [1, 2, 4, 3] },
      { mode, antialias: 1, exclude_outside: 1 },
    ),
    resize(
      `${mode}, crop`,
      map,
      { sizes: [1, 2, 3, 6], roi: [0, 0, 0.1, -0.3, 1, 1, 0.8, 1.2] },
      {
        mode,
        coordinate_transformation_mode: "tf_crop_and_resize",
        extrapolation_value: float(3),
      },
    ),
  ]),
  resize(
    "nearest, crop",
    map,
    { sizes: [1, 2, 3, 6], roi: [0, 0, 0.1, -0.3, 1, 1, 0.8, 1.2] },
    {
      coordinate_transformation_mode: "tf_crop_and_resize",
    },
  ),
  resize("axes", map, { scales: [2, 1.5] }, { mode: "linear", axes: [2, 3] }),
  resize("axes from the back", map, { sizes: [7, 6] }, { mode: "linear", axes: [-1, -2] }),
  resize(
    "not larger",
    map,
    { sizes: [7, 6] },
    { mode: "linear", axes: [2, 3], keep_aspect_ratio_policy: "not_larger" },
  ),
  resize(
    "not smaller",
    map,
    { sizes: [7, 6] },
    { mode: "linear", axes: [2, 3], keep_aspect_ratio_policy: "not_smaller" },
  ),
  resize("1-D", [2, 3, 5], { scales: [1, 1, 2.5] }, { mode: "linear" }),
  resize("3-D", [1, 2, 3, 4, 2], { sizes: [1, 2, 5, 3, 4] }, { mode: "linear" }),
  resize("opset 18", map, { scales: [1, 1, 2, 1.5] }, { mode: "linear" }, { opset: 18 }),
  resize("opset 13", map, { sizes: [1, 2, 6, 8] }, { mode: "cubic" }, { opset: 13 }),
  resize("opset 11, empty roi", map, { scales: [1, 1, 2, 1.5], roi: [] }, { mode: "linear" }, { opset: 11 }),
  resize(
    "opset 11, empty scales",
    map,
    { sizes: [1, 2, 6, 8], scales: [], roi: [] },
    { mode: "linear" },
    { opset: 11 },
  ),
  resize(
    "opset 11, tf_half_pixel_for_nn",
    map,
    { scales: [1, 1, 2, 1.5], roi: [] },
    {
      coordinate_transformation_mode: "tf_half_pixel_for_nn",
      nearest_mode: "floor",
    },
    { opset: 11 },
  ),
];

const linear = { precision: "float32", step: 0.5, tolerance: 1e-4 } as const;
const older: readonly GradientCase[] = ["nearest", "linear"].flatMap((mode) => [
  {
    opType: "Resize",
    title: mode,
    opset: 10,
    inputs: [{ dims: map }, { dims: [4], data: [1, 1, 2, 0.6], constant: true }],
    attributes: { mode },
    ...linear,
  },
  {
    opType: "Upsample",
    title: mode,
    opset: 9,
    inputs: [{ dims: map }, { dims: [4], data: [1, 1, 2, 1.5], constant: true }],
    attributes: { mode },
    ...linear,
  },
  {
    opType: "Upsample",
    title: mode,
    opset: 7,
    inputs: [{ dims: map }],
    attributes: { mode, scales: { kind: "floats", value: [1, 1, 3, 2] } },
    ...linear,
  },
]);

export const resizeCases: readonly GradientCase[] = [...resizes, ...older];
