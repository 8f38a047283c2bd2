import { describe, expect, test } from "vitest";
import { ConfigError, DataError } from "../../errors.ts";
import { createRandom, type Random } from "../../tensor/random.ts";
import { datasetOf, flat, type GoldenImage, golden } from "../data.fixtures.ts";
import { randomFor } from "../seed.ts";
import { brightness } from "./brightness.ts";
import { corrupted, corruptImage, isCorruptionSpec, parseCorruptionSpec } from "./corrupt.ts";
import { type AnyCorruption, type Canvas, type ConstantSet, constantSetFor } from "./corruption.ts";
import { defocusBlur } from "./defocus-blur.ts";
import { fog } from "./fog.ts";
import { corruptions } from "./registry.ts";

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
  const a = corrupted(set, spec, 7);
  expect(await a.load(1)).toEqual(await a.load(1));
  expect(await a.load(1)).not.toEqual(await a.load(2));
  expect(await corrupted(set, spec, 8).load(1)).not.toEqual(await a.load(1));
  const moved = { ...set, name: (i: number) => set.name(i + 1) };
  expect(await corrupted(moved, spec, 7).load(0)).toEqual(await a.load(1));
  expect(a.source).toBe("made up (corruption:gaussian-noise:3)");
});

test("a corruption of arrays of numbers is refused", () => {
  const set = datasetOf([0], () => ({ kind: "array", dims: [1], data: new Float32Array(1) }));
  expect(() => corrupted(set, { name: "fog", severity: 1 }, 0)).toThrow(DataError);
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
