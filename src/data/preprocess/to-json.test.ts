import { expect, test } from "vitest";
import { imagePreprocessing } from "./config.ts";
import { preprocessingFromJson } from "./preprocessor-json.ts";
import { preprocessorJson } from "./to-json.ts";

const input = { channels: 3, height: 48, width: 64 } as const;

test.each([
  ["defaults", imagePreprocessing(input)],
  [
    "normalised, bgr",
    imagePreprocessing(input, {
      mean: [0.5, 0.4, 0.3],
      std: [0.2, 0.2, 0.1],
      channelOrder: "bgr",
      resample: "bicubic",
    }),
  ],
  [
    "resized by an edge, then cropped",
    imagePreprocessing(input, { resize: { shortestEdge: 70 }, crop: { height: 48, width: 64 } }),
  ],
])("what is written is read back: %s", (_, config) => {
  expect(preprocessingFromJson(preprocessorJson(config), input)).toEqual(config);
});

test("grey and channels last are said in words, and what is written is read back", () => {
  const grey = { channels: 1, height: 28, width: 28, layout: "NHWC" } as const;
  const config = imagePreprocessing(grey, { mean: [0.1], std: [0.3] });
  const json = preprocessorJson(config);
  expect(json).toMatchObject({ do_convert_grayscale: true, data_format: "channels_last", image_mean: [0.1] });
  expect(json).toHaveProperty("do_convert_rgb", false);
  expect(preprocessingFromJson(json, grey)).toEqual(config);
});
