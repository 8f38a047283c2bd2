import { describe, expect, test } from "vitest";
import { ConfigError, DataError } from "../../errors.ts";
import { flat, type GoldenImage, golden, imageOf } from "../data.fixtures.ts";
import type { Sample } from "../dataset.ts";
import { imagePreprocessing } from "./config.ts";
import { createPreprocessor, type Preprocessor } from "./preprocessor.ts";
import { preprocessingFromJson } from "./preprocessor-json.ts";

interface Case {
  config: Record<string, unknown>;
  image: GoldenImage;
  dims: [3, number, number];
  values?: number[];
  every997?: number[];
}
const cases = await golden<Case[]>("processors.json");

/** A sample as a row of the model's input; it stands in the second of two rows, and the first must stay empty. */
function rowOf(preprocessor: Preprocessor, sample: Sample): number[] {
  const buffer = preprocessor.buffer("x", 2);
  buffer.write(preprocessor.prepare(sample), 1);
  const rows = [...(buffer.inputs(2).get("x")!.data as Float32Array)];
  expect(rows.slice(0, rows.length / 2).every((v) => v === 0)).toBe(true);
  return rows.slice(rows.length / 2);
}

describe("an image arrives at the model as Transformers' own processor delivers it", () => {
  // Transformers rescales and normalises in float32, we in float64: a few units in the last place of numbers below 4.
  const TOLERANCE = 2e-6;
  const named = cases.map((c, n) => ({ ...c, name: `${c.config.image_processor_type}, case ${n}` }));
  test.each(named)("$name", ({ config, image, dims, values, every997 }) => {
    const [channels, height, width] = dims;
    // The golden's processor states no rescaling as do_rescale alone, and its pixels stay 0 … 255.
    const preprocessor = createPreprocessor(preprocessingFromJson(config, { channels, height, width }));
    expect(preprocessor.dims).toEqual(dims);
    const out = rowOf(preprocessor, imageOf(image));
    const got = values ? [...out] : [...out].filter((_, i) => i % 997 === 0);
    const expected = values ?? every997!;
    expect(got).toHaveLength(expected.length);
    const worst = Math.max(...got.map((v, i) => Math.abs(v - expected[i]!)));
    expect(worst).toBeLessThanOrEqual(TOLERANCE);
  });
});

test("a grey image is repeated in three channels, by its own mean and std each", () => {
  const preprocessor = createPreprocessor(
    imagePreprocessing({ channels: 3, height: 2, width: 2 }, { mean: [0, 0.5, 1], std: [1, 0.5, 2] }),
  );
  expect(rowOf(preprocessor, flat(255))).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0]);
});

test("channels last and blue first are written where the model expects them", () => {
  const image = {
    kind: "image",
    height: 1,
    width: 2,
    channels: 3,
    data: Uint8Array.of(1, 2, 3, 4, 5, 6),
  } as const;
  const write = (layout: "NCHW" | "NHWC", channelOrder: "rgb" | "bgr"): number[] => {
    const input = { channels: 3, height: 1, width: 2, layout } as const;
    const preprocessor = createPreprocessor(imagePreprocessing(input, { rescale: 1, channelOrder }));
    return rowOf(preprocessor, image);
  };
  expect(write("NHWC", "rgb")).toEqual([1, 2, 3, 4, 5, 6]);
  expect(write("NHWC", "bgr")).toEqual([3, 2, 1, 6, 5, 4]);
  expect(write("NCHW", "rgb")).toEqual([1, 4, 2, 5, 3, 6]);
  expect(write("NCHW", "bgr")).toEqual([3, 6, 2, 5, 1, 4]);
});

test("the configuration is plain data that makes the same preprocessor again", () => {
  const config = preprocessingFromJson(cases[3]!.config, { channels: 3, height: 8, width: 8 });
  expect(JSON.parse(JSON.stringify(config))).toEqual(config);
  expect(config).toMatchObject({
    resize: { shortestEdge: 9 },
    crop: { height: 8, width: 8 },
    resample: "bicubic",
  });
});

test("a model of free size takes the size of the configuration", () => {
  const free = { channels: 3, height: null, width: null } as const;
  expect(preprocessingFromJson({ size: { shortest_edge: 9 }, crop_size: 8 }, free).size).toEqual({
    height: 8,
    width: 8,
  });
  expect(preprocessingFromJson({ size: { height: 4, width: 6 } }, free).size).toEqual({
    height: 4,
    width: 6,
  });
  expect(() => preprocessingFromJson({ size: 9 }, free)).toThrow(/neither crop_size nor size fixes one/);
});

test("options override a model's own preprocessing and nothing else of it", () => {
  const input = { channels: 3, height: 8, width: 8 } as const;
  const base = preprocessingFromJson(cases[3]!.config, input);
  expect(imagePreprocessing(input, { resample: "box" }, base)).toEqual({ ...base, resample: "box" });
});

test("a configuration that does not fit the model is refused with every problem", () => {
  const input = { channels: 1, height: 8, width: 8 } as const;
  expect(() => imagePreprocessing(input, { crop: { height: 9, width: 9 }, mean: [0, 0], std: [0] })).toThrow(
    "Preprocessing: images are cropped to 9x9, the model takes 8x8; mean has 2 numbers, expected 1; std is 0.",
  );
  expect(() => preprocessingFromJson({ size: { height: 9, width: 9 } }, input)).toThrow(
    /resized to 9x9, the model takes 8x8/,
  );
  expect(() => preprocessingFromJson({ size: "big" }, input)).toThrow('size is "big"');
  expect(() => preprocessingFromJson({ do_pad: true }, input)).toThrow(/do_pad is not supported/);
  expect(() => preprocessingFromJson({ resample: 9 }, input)).toThrow(ConfigError);
  expect(() => preprocessingFromJson([], input)).toThrow(/expected a JSON object/);
});

test("an image that cannot become the model's size, and a sample of the other kind, are refused", () => {
  const images = createPreprocessor(
    imagePreprocessing({ channels: 1, height: 4, width: 4 }, { resize: null }),
  );
  expect(() => images.prepare(flat(0))).toThrow(/an image of 2x2 becomes 2x2, the model takes 4x4/);
  const arrays = createPreprocessor({ kind: "array", dims: [3] });
  const sample = { kind: "array", dims: [2], data: new Float32Array(2) } as const;
  expect(() => arrays.prepare(sample)).toThrow("an array of shape [2], the model takes [3]");
  expect(() => arrays.prepare(flat(0))).toThrow(DataError);
  expect(() => images.prepare(sample)).toThrow(/takes images/);
});
