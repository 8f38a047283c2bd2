import { expect, test } from "vitest";
import { type ModelInput, preprocessingFor } from "./preprocessing-for.ts";

const dtype = "float32";
const fixed: readonly ModelInput[] = [{ name: "x", dtype, dims: [3, 8, 8] }];
const free: readonly ModelInput[] = [{ name: "pixel_values", dtype, dims: [3, null, null] }];
const json = {
  size: { shortest_edge: 9 },
  crop_size: 8,
  resample: 3,
  image_mean: [0.5, 0.5, 0.5],
  image_std: [0.5, 0.5, 0.5],
};

test("without a file, images are resized to the input's size with pixels in 0 to 1", () => {
  expect(preprocessingFor("image", fixed)).toEqual({
    kind: "image",
    resize: { height: 8, width: 8 },
    resample: "bilinear",
    crop: null,
    channels: 3,
    channelOrder: "rgb",
    rescale: 1 / 255,
    mean: [0, 0, 0],
    std: [1, 1, 1],
    layout: "NCHW",
    size: { height: 8, width: 8 },
  });
});

test("the file is heeded, and the user overrides it key by key", () => {
  const config = preprocessingFor("image", fixed, { json, options: { resample: "box" } });
  expect(config).toMatchObject({
    resize: { shortestEdge: 9 },
    crop: { height: 8, width: 8 },
    resample: "box",
    mean: [0.5, 0.5, 0.5],
  });
});

test("a free size comes from the file, or from the user, who then decides on resizing too", () => {
  expect(preprocessingFor("image", free, { json })).toMatchObject({
    size: { height: 8, width: 8 },
    resize: { shortestEdge: 9 },
  });
  const chosen = preprocessingFor("image", free, { json, size: [4, 6] });
  expect(chosen).toMatchObject({
    size: { height: 4, width: 6 },
    resize: { height: 4, width: 6 },
    crop: null,
    resample: "bicubic",
  });
  expect(
    preprocessingFor("image", [{ name: "x", dtype, dims: [3, 48, null] }], { size: [48, 96] }),
  ).toMatchObject({
    size: { height: 48, width: 96 },
  });
  expect(() => preprocessingFor("image", free)).toThrow(
    'input "pixel_values" [3, free, free] takes images of any size',
  );
  expect(() => preprocessingFor("image", fixed, { size: [4, 6] })).toThrow("cannot take images of 4x6");
});

test("channels are found first or last", () => {
  expect(preprocessingFor("image", [{ name: "x", dtype, dims: [8, 6, 1] }])).toMatchObject({
    layout: "NHWC",
    channels: 1,
    size: { height: 8, width: 6 },
  });
  expect(preprocessingFor("image", [{ name: "x", dtype, dims: [3, 8, 3] }])).toMatchObject({
    layout: "NCHW",
    size: { height: 8, width: 3 },
  });
  expect(() => preprocessingFor("image", [{ name: "ids", dtype, dims: [128] }])).toThrow(
    'input "ids" [128] takes no images',
  );
});

test("arrays need an input of fixed dimensions", () => {
  expect(preprocessingFor("array", [{ name: "x", dtype, dims: [4, 2] }])).toEqual({
    kind: "array",
    dims: [4, 2],
  });
  expect(() => preprocessingFor("array", [{ name: "x", dtype, dims: [null] }])).toThrow(
    /leaves a dimension free/,
  );
});

test("texts feed inputs of token ids, told apart by their names", () => {
  const ids = { name: "input_ids", dtype: "int64", dims: [null] } as const;
  const mask = { name: "attention_mask", dtype: "int64", dims: [null] } as const;
  const types = { name: "token_type_ids", dtype: "int32", dims: [null] } as const;
  expect(preprocessingFor("text", [ids, mask, types], { maxLength: 40 })).toEqual({
    kind: "text",
    maxLength: 40,
    lengthStep: 40,
    ids: { name: "input_ids", dtype: "int64" },
    mask: { name: "attention_mask", dtype: "int64" },
    types: { name: "token_type_ids", dtype: "int32" },
    positions: null,
  });
  expect(preprocessingFor("text", [ids], { usualLength: 24 })).toMatchObject({ maxLength: 24 });
  const short = { ...ids, dims: [16] };
  expect(preprocessingFor("text", [short], { usualLength: 24 })).toMatchObject({ maxLength: 16 });
  expect(preprocessingFor("text", [short])).toMatchObject({ maxLength: 16, lengthStep: 16 });
  expect(() => preprocessingFor("text", [short], { maxLength: 40 })).toThrow(
    /takes 16 tokens, so .* 40 is too many/,
  );
  expect(() => preprocessingFor("text", fixed)).toThrow(/takes "x" float32 \[3, 8, 8\]; texts feed/);
  expect(() => preprocessingFor("text", [mask], { maxLength: 8 })).toThrow(/none of them is of token ids/);
});
