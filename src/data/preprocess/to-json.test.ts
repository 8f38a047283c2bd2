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

test("channels last has no words there", () => {
  expect(preprocessorJson(imagePreprocessing({ ...input, layout: "NHWC" }))).toBeNull();
});
