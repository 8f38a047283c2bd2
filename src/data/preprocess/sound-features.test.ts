import { describe, expect, test } from "vitest";
import { createRandom } from "../../tensor/random.ts";
import { bytesOfBase64, golden } from "../data.fixtures.ts";
import { powerSpectrum } from "./fourier.ts";
import { preprocessingFor } from "./preprocessing-for.ts";
import { createPreprocessor } from "./preprocessor.ts";
import { resample } from "./resample.ts";

interface Goldens {
  readonly rate: number;
  readonly sounds: Readonly<Record<string, string>>;
  readonly cases: readonly {
    readonly sound: string;
    readonly json: Readonly<Record<string, unknown>>;
    readonly dims: readonly number[];
    readonly features: string;
  }[];
}
const { rate, sounds, cases } = await golden<Goldens>("sound-features.json");
const waveOf = (name: string) =>
  Float32Array.from(new Int16Array(bytesOfBase64(sounds[name]!).buffer), (v) => v / 2 ** 15);
const input = (dims: readonly (number | null)[]) => [{ name: "x", dtype: "float32", dims }] as const;
const whisper = { feature_extractor_type: "WhisperFeatureExtractor", chunk_length: 1 };

describe("features of sounds", () => {
  test.each(cases.map((c, i) => ({ ...c, name: `${String(c.json.feature_extractor_type)}, case ${i + 1}` })))(
    "$name are those of Python's transformers",
    ({ sound, json, dims, features }) => {
      const preprocessor = createPreprocessor(preprocessingFor("audio", input(dims), { json }));
      const made = preprocessor.prepare({ kind: "audio", sampleRate: rate, data: waveOf(sound) });
      if (made.kind !== "array") throw new Error("no array");
      expect(made.dims).toEqual(dims);
      const expected = new Float32Array(bytesOfBase64(features).buffer);
      const worst = expected.reduce((most, v, i) => Math.max(most, Math.abs(v - made.data[i]!)), 0);
      // transformers keeps transforms as float32 complex numbers, or computes in float32 throughout.
      expect(worst).toBeLessThan(1e-4);
    },
  );

  test("take the sizes of the file where the model leaves them free", () => {
    expect(preprocessingFor("audio", input([null, null]), { json: whisper })).toMatchObject({
      dims: [80, 100],
    });
  });

  test("are refused where the model takes others, or nobody knows the extractor or the length", () => {
    const of = (dims: readonly (number | null)[], json: object) => () =>
      preprocessingFor("audio", input(dims), { json });
    expect(of([80, 3000], whisper)).toThrow(
      "WhisperFeatureExtractor gives [80, 100], the model's input takes [80, 3000]",
    );
    expect(of([80, 100], { ...whisper, n_fft: "many" })).toThrow('n_fft is "many", expected a number');
    expect(of([80, 100], { feature_extractor_type: "ClapFeatureExtractor" })).toThrow(
      /ClapFeatureExtractor is not known; known are WhisperFeatureExtractor, AST.*, Wav2Vec2/,
    );
    expect(of([null], { feature_extractor_type: "Wav2Vec2FeatureExtractor" })).toThrow(/fixed length/);
  });
});

test.each([1, 7, 60, 400, 512])("a power spectrum of %d numbers is the sum that defines it", (size) => {
  const random = createRandom(size);
  const x = Float64Array.from({ length: size }, () => random.normal());
  const power = new Float64Array(Math.floor(size / 2) + 1);
  powerSpectrum(size)(x, power);
  for (const k of [0, 1, 3, Math.floor(size / 2)].filter((f) => f < power.length)) {
    let [re, im] = [0, 0];
    for (const [j, v] of x.entries()) {
      re += v * Math.cos((2 * Math.PI * j * k) / size);
      im -= v * Math.sin((2 * Math.PI * j * k) / size);
    }
    expect(power[k]).toBeCloseTo(re ** 2 + im ** 2, 8);
  }
});

describe("a wave at another rate", () => {
  const tone = (hertz: number, sampleRate: number, seconds = 0.2) =>
    Float32Array.from({ length: sampleRate * seconds }, (_, i) =>
      Math.sin((2 * Math.PI * hertz * i) / sampleRate),
    );
  const inner = (wave: Float32Array) => [...wave.keys()].slice(200, -200);

  test.each([
    [44_100, 16_000],
    [8000, 16_000],
    [22_050, 16_000],
  ])("from %d to %d is the same tone", (from, to) => {
    const made = resample(tone(1000, from), from, to);
    const expected = tone(1000, to);
    expect(made.length).toBe(expected.length);
    const worst = inner(made).reduce((most, i) => Math.max(most, Math.abs(made[i]! - expected[i]!)), 0);
    expect(worst).toBeLessThan(1e-3); // −60 dB
  });

  test("has nothing of what is too high for it", () => {
    const made = resample(tone(12_000, 44_100), 44_100, 16_000);
    expect(inner(made).reduce((most, i) => Math.max(most, Math.abs(made[i]!)), 0)).toBeLessThan(1e-3);
  });
});
