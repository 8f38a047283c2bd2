import { describe, expect, test } from "vitest";
import { ConfigError, DataError } from "../../errors.ts";
import { createRandom, type Random } from "../../tensor/random.ts";
import { datasetOf, flat, type GoldenImage, golden } from "../data.fixtures.ts";
import type { Dataset, Text, Tokens } from "../dataset.ts";
import { measured } from "../prepared.ts";
import { imagePreprocessing } from "../preprocess/config.ts";
import { createPreprocessor, type Preprocessor } from "../preprocess/preprocessor.ts";
import { randomFor } from "../seed.ts";
import { brightness } from "./brightness.ts";
import { corrupted, corruptImage, isCorruptionSpec, parseCorruptionSpec } from "./corrupt.ts";
import { type AnyCorruption, type Canvas, type ConstantSet, constantSetFor } from "./corruption.ts";
import { defocusBlur } from "./defocus-blur.ts";
import { fog } from "./fog.ts";
import { corruptions, textCorruptions } from "./registry.ts";

const preprocessor = createPreprocessor(imagePreprocessing({ channels: 1, height: 8, width: 8 }));

interface Goldens {
  colour: GoldenImage;
  grey: GoldenImage;
  /** The uniform numbers that the goldens' clouds were drawn from, in order. */
  uniforms: number[];
  defocusBlur: { constants: [number, number]; values: number[] }[];
  brightness: { constants: number; values: number[] }[];
  fog: { constants: [number, number]; values: number[] }[];
}
const goldens = await golden<Goldens>("corruptions.json");
// The goldens are rounded to nine digits; OpenCV correlates large kernels through a float64 DFT.
const TOLERANCE = 2e-8;

function canvasOf({ data, ...size }: GoldenImage): Canvas {
  return { ...size, data: Float64Array.from(data, (v) => v / 255) };
}

/** Where a corruption has these constants, so that the golden goes through the public record. */
function severityOf(corruption: AnyCorruption, constants: unknown): [ConstantSet, number] {
  for (const set of ["cifar", "tiny-imagenet", "imagenet"] as const) {
    const at = corruption.severities[set].findIndex((c) => JSON.stringify(c) === JSON.stringify(constants));
    if (at >= 0) return [set, at + 1];
  }
  throw new Error(`no severity has the constants ${JSON.stringify(constants)}`);
}

function recorded(uniforms: readonly number[]): Random {
  let at = 0;
  return { ...createRandom(0), next: () => uniforms[at++]! };
}

const pairs: [AnyCorruption, readonly { constants: unknown; values: number[] }[], string][] = [
  [defocusBlur, goldens.defocusBlur, "OpenCV's filter2D"],
  [brightness, goldens.brightness, "Python's colorsys"],
  [fog, goldens.fog, "NumPy's, given the same uniform numbers"],
];
describe.each(pairs)("$name", (corruption, cases, oracle) => {
  test.each(cases.map((c, n) => ({ ...c, n })))(
    `case $n, constants $constants, equals ${oracle}`,
    ({ constants, values, n }) => {
      const canvas = canvasOf(n % 2 === 0 ? goldens.colour : goldens.grey);
      const [set, severity] = severityOf(corruption, constants);
      corruption.apply(canvas, set, severity, recorded(goldens.uniforms));
      expect(canvas.data).toHaveLength(values.length);
      expect(Math.max(...canvas.data.map((v, i) => Math.abs(v - values[i]!)))).toBeLessThan(TOLERANCE);
    },
  );
});

test("gaussian noise has mean 0, the stated deviation, and no correlation between channels or neighbours", () => {
  const noise = corruptions.find((c) => c.name === "gaussian-noise")!;
  const canvas: Canvas = { height: 200, width: 200, channels: 3, data: new Float64Array(120_000).fill(0.5) };
  noise.apply(canvas, "imagenet", 3, createRandom(4));
  const z = canvas.data.map((v) => (v - 0.5) / 0.18);
  const mean = (f: (v: number, i: number) => number) => z.reduce((sum, v, i) => sum + f(v, i), 0) / z.length;
  // Bounds of five standard errors at n = 120,000: 5 · √(E[x²]/n) for each moment of a normal variable.
  expect(Math.abs(mean((v) => v))).toBeLessThan(5 / Math.sqrt(z.length));
  expect(Math.abs(mean((v) => v * v) - 1)).toBeLessThan(5 * Math.sqrt(2 / z.length));
  expect(Math.abs(mean((v) => v ** 4) - 3)).toBeLessThan(5 * Math.sqrt(96 / z.length));
  expect(Math.abs(mean((v, i) => v * (z[i + 1] ?? 0)))).toBeLessThan(5 / Math.sqrt(z.length));
  expect(Math.abs(mean((v, i) => v * (z[i + 3] ?? 0)))).toBeLessThan(5 / Math.sqrt(z.length));
});

test.each(corruptions)(
  "$name changes an image more at each severity, for each set of constants",
  ({ apply }) => {
    for (const set of ["cifar", "tiny-imagenet", "imagenet"] as const) {
      const distances = [1, 2, 3, 4, 5].map((severity) => {
        const canvas = canvasOf(goldens.colour);
        const before = canvas.data.slice();
        apply(canvas, set, severity, createRandom(1));
        return canvas.data.reduce((sum, v, i) => sum + (Math.max(0, Math.min(1, v)) - before[i]!) ** 2, 0);
      });
      for (let s = 1; s < 5; s++) expect(distances[s]).toBeGreaterThan(distances[s - 1]!);
    }
  },
);

test.each(corruptions)("$name works on grey images, and on edges that are no power of two", ({ name }) => {
  for (const channels of [1, 3] as const) {
    const data = Uint8Array.from({ length: 3 * 50 * channels }, (_, i) => (i * 37) % 256);
    const image = { kind: "image", height: 3, width: 50, channels, data } as const;
    const out = corruptImage(image, { name, severity: 2 }, randomFor(1));
    expect(out).toMatchObject({ height: 3, width: 50, channels });
    expect(out.data).not.toEqual(image.data);
  }
});

test("8-bit values survive the way through 0 … 1", () => {
  const image = { ...flat(0, 1, 256), data: Uint8Array.from({ length: 256 }, (_, v) => v) };
  const still = corruptImage(image, { name: "defocus-blur", severity: 1 }, randomFor(1));
  expect(still.data).toHaveLength(256);
  for (let v = 0; v < 256; v++) expect(Math.trunc((v / 255) * 255)).toBe(v);
});

test("constants follow the shorter edge", () => {
  expect([28, 32, 45, 46, 64, 119, 120, 224, 1000].map((edge) => constantSetFor(edge, 2 * edge))).toEqual([
    "cifar",
    "cifar",
    "cifar",
    "tiny-imagenet",
    "tiny-imagenet",
    "tiny-imagenet",
    "imagenet",
    "imagenet",
    "imagenet",
  ]);
});

test("an image's noise depends on seed and name, not on its place in the set", async () => {
  const set = datasetOf([0, 1, 0], () => flat(128, 8, 8));
  const spec = { name: "gaussian-noise", severity: 3 };
  const a = corrupted(set, spec, { seed: 7, preprocessor });
  expect(await a.load(1)).toEqual(await a.load(1));
  expect(await a.load(1)).not.toEqual(await a.load(2));
  expect(await corrupted(set, spec, { seed: 8, preprocessor }).load(1)).not.toEqual(await a.load(1));
  const moved = { ...set, name: (i: number) => set.name(i + 1) };
  expect(await corrupted(moved, spec, { seed: 7, preprocessor }).load(0)).toEqual(await a.load(1));
  expect(a.source).toBe("made up (corruption:gaussian-noise:3)");
});

test("of images with texts the image is corrupted, the same way for each text about it", async () => {
  const pixels = (i: number) => flat(i < 2 ? 128 : 90, 8, 8);
  const text = (i: number) => ({ kind: "text", text: `caption ${i}` }) as const;
  const set = datasetOf([0, 0, 0], (i) => ({ kind: "image-text", image: pixels(i), text: text(i) }));
  const spec = { name: "gaussian-noise", severity: 3 };
  const [a, b, other] = await Promise.all(
    [0, 1, 2].map(async (i) => {
      const sample = await corrupted(set, spec, { seed: 7, preprocessor }).load(i);
      if (sample.kind !== "image-text") throw new Error("expected an image with a text");
      expect(sample.text).toEqual(text(i));
      return sample.image;
    }),
  );
  expect(a).not.toEqual(pixels(0));
  expect(b).toEqual(a);
  const noise = (image: typeof a, value: number) => image?.data.map((v) => v - value);
  expect(noise(other, 90)).not.toEqual(noise(a, 128));
  const typos = { name: "typos", severity: 1 };
  expect(() => corrupted(set, typos, { seed: 7, preprocessor })).toThrow(/needs texts.*fog, brightness/);
});

test("a corruption of arrays of numbers is refused", () => {
  const set = datasetOf([0], () => ({ kind: "array", dims: [1], data: new Float32Array(1) }));
  expect(() => corrupted(set, { name: "fog", severity: 1 }, { seed: 0, preprocessor })).toThrow(DataError);
});

test("a specification names a corruption and a severity from 1 to 5", () => {
  expect(parseCorruptionSpec("corruption:gaussian-noise:3")).toEqual({ name: "gaussian-noise", severity: 3 });
  expect(isCorruptionSpec("data/corruption:fog")).toBe(false);
  for (const bad of [
    "corruption:fog",
    "corruption:fog:0",
    "corruption:fog:6",
    "corruption:snow:1",
    "fog:1",
    "corruption:fog:1:x",
  ]) {
    expect(() => parseCorruptionSpec(bad), bad).toThrow(ConfigError);
  }
  expect(() => parseCorruptionSpec("corruption:snow:1")).toThrow(
    /one of gaussian-noise, defocus-blur, fog, brightness/,
  );
});

test("a mask stays as it is, whatever becomes of the image", () => {
  const mask = Uint8Array.from({ length: 64 }, (_, i) => i % 3);
  for (const { name } of corruptions) {
    const out = corruptImage({ ...flat(90, 8, 8), mask }, { name, severity: 5 }, randomFor(1));
    expect(out.mask, name).toEqual(Uint8Array.from({ length: 64 }, (_, i) => i % 3));
  }
});

describe("a corruption of texts", () => {
  const source: Text = {
    kind: "text",
    text: "The quick brown  fox, naïve; jumps.\nÖver 13 dogs",
    pair: "Twice over",
  };
  /** Token ids are the characters: what was tokenised can be read back. */
  const characters: Preprocessor = {
    config: { kind: "array", dims: [1] },
    dims: [1],
    prepare(sample) {
      if (sample.kind !== "text") throw new Error("expected a text");
      const data = Int32Array.from(sample.text, (c) => c.codePointAt(0)!);
      return { kind: "tokens", data, types: data, source: sample };
    },
    buffer: () => {
      throw new Error("unused");
    },
  };
  const set: Dataset = { ...datasetOf([0, 1], () => source), load: async () => characters.prepare(source) };
  const options = { seed: 3, preprocessor: characters };

  test("a text has as many tokens as it has after the noise, and until it is loaded nobody knows", async () => {
    const sized = { ...set, size: () => 3 };
    const noisy = measured(corrupted(sized, { name: "typos", severity: 5 }, options));
    expect(noisy.size?.(1)).toBeUndefined();
    const { data } = (await noisy.load(1)) as Tokens;
    expect(noisy.size?.(1)).toBe(data.length);
  });

  test.each(textCorruptions)(
    "$name spoils more at each severity, and tokenises what it made",
    async ({ name, severities }) => {
      expect(severities).toHaveLength(5);
      const changes = await Promise.all(
        [1, 2, 3, 4, 5].map(async (severity) => {
          let changed = 0;
          for (let seed = 0; seed < 60; seed++) {
            const sample = await corrupted(set, { name, severity }, { ...options, seed }).load(seed % 2);
            if (sample.kind !== "tokens") throw new Error("expected tokens");
            const { text } = sample.source;
            expect(String.fromCodePoint(...sample.data)).toBe(text);
            expect(text.split(/\s+/u)).toHaveLength(9);
            changed +=
              [...text].filter((c, i) => c !== [...source.text][i]).length +
              Math.abs(text.length - source.text.length);
          }
          return changed;
        }),
      );
      for (let s = 1; s < 5; s++) expect(changes[s]).toBeGreaterThan(changes[s - 1]!);
    },
  );

  test("of words that were read apart keeps as many of them", async () => {
    const words = ["Berlin", "is", "a", "city"];
    const load = async () =>
      characters.prepare({ kind: "text", text: words.join(" "), words, tags: [1, 0, 0, 0] });
    for (let seed = 0; seed < 30; seed++) {
      const sample = await corrupted(
        { ...set, load },
        { name: "typos", severity: 5 },
        { ...options, seed },
      ).load(0);
      if (sample.kind !== "tokens") throw new Error("expected tokens");
      expect(sample.source.words).toHaveLength(4);
      expect(sample.source.text).toBe(sample.source.words!.join(" "));
      expect(sample.source.tags).toEqual([1, 0, 0, 0]);
    }
  });

  test("is not for images, nor one of images for texts", () => {
    const images = datasetOf([0, 1], () => flat(0));
    expect(() => corrupted(images, { name: "typos", severity: 1 }, options)).toThrow(
      /needs texts.*gaussian-noise/,
    );
    expect(() => corrupted(set, { name: "fog", severity: 1 }, options)).toThrow(
      /needs images.*typos, casing/,
    );
  });
});
