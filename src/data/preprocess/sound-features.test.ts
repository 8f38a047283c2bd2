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
const waveOf = (name: string) => wholeNumbers(sounds[name]!);
interface Resampled {
  readonly wave: string;
  readonly cases: readonly { readonly from: number; readonly to: number; readonly resampled: string }[];
}
const resampled = await golden<Resampled>("resampling.json");
const wholeNumbers = (text: string) =>
  Float32Array.from(new Int16Array(bytesOfBase64(text).buffer), (v) => v / 2 ** 15);
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

  test("are waves as they are where no file says another thing, at the rate that is known or that sounds have", () => {
    const wave = { kind: "audio", sampleRate: 8000, data: Float32Array.of(1, 1, 1) } as const;
    const plain = preprocessingFor("audio", input([1, 4]), { samplingRate: 8000, usualRate: 16_000 });
    expect(createPreprocessor(plain).prepare(wave)).toEqual({
      kind: "array",
      dims: [1, 4],
      data: Float32Array.of(1, 1, 1, 0),
    });
    expect(preprocessingFor("audio", input([4]), { usualRate: 16_000 })).toMatchObject({
      samplingRate: 16_000,
    });
    // A second of another rate has as many numbers, and half the windows.
    expect(
      preprocessingFor("audio", input([null, null]), { json: whisper, samplingRate: 8000 }),
    ).toMatchObject({
      samplingRate: 8000,
      dims: [80, 50],
    });
    expect(() => preprocessingFor("audio", input([4]))).toThrow(/set preprocess.samplingRate, in Hz/);
    expect(() => preprocessingFor("audio", input([80, 100]), { samplingRate: 8000 })).toThrow(
      /takes no waves/,
    );
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
  test.each(resampled.cases)(
    "from $from to $to is what torchaudio makes of it",
    ({ from, to, resampled: text }) => {
      const made = resample(wholeNumbers(resampled.wave), from, to);
      const expected = new Float32Array(bytesOfBase64(text).buffer);
      expect(made.length).toBe(expected.length);
      const worst = expected.reduce((most, v, i) => Math.max(most, Math.abs(v - made[i]!)), 0);
      // torchaudio makes its kernels of float64 too; both round the result to float32.
      expect(worst).toBeLessThan(1e-6);
    },
  );

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
