import { describe, expect, test } from "vitest";
import { createMemoryFiles } from "../../platform/memory-files.ts";
import { bytesOfBase64, golden } from "../data.fixtures.ts";
import { decodeWav } from "../formats/wav.ts";
import { openDataset } from "../open-dataset.ts";
import { checkExamples } from "../prepared.ts";

interface Sound {
  readonly name: string;
  readonly sampleRate: number;
  readonly bytes: string;
  readonly mono: readonly number[];
}
const sounds = await golden<Sound[]>("sounds.json");
const bytesOf = (name: string) => bytesOfBase64(sounds.find((s) => s.name === name)!.bytes);
const [mono, stereo] = [bytesOf("WAV PCM_16 1"), bytesOf("WAV PCM_16 2")];

describe("WAV", () => {
  test.each(sounds)("$name is read as libsndfile reads it, channels averaged", (sound) => {
    const audio = decodeWav(bytesOfBase64(sound.bytes), "x.wav");
    expect(audio.sampleRate).toBe(sound.sampleRate);
    expect([...audio.data]).toEqual(sound.mono.map(Math.fround));
  });

  test("cut anywhere is refused, and so is every file with a changed header or read within its bounds", () => {
    for (let length = 0; length < mono.length; length++)
      expect(() => decodeWav(mono.subarray(0, length), "x.wav"), `${length}`).toThrow(
        /^x.wav: not a WAV file/,
      );
    for (let at = 0; at < 44; at++) {
      const changed = mono.slice();
      changed[at]! ^= 0xff;
      try {
        decodeWav(changed, "x.wav");
      } catch (error) {
        expect((error as Error).message).toMatch(/^x.wav: not a WAV file/);
      }
    }
    const compressed = mono.slice();
    compressed[20] = 17;
    expect(() => decodeWav(compressed, "x.wav")).toThrow(/format 17 of 16 bits, expected PCM/);
  });
});

describe("sounds", () => {
  test("are a folder per class, or paths in a table", async () => {
    const files = createMemoryFiles({
      "d/yes/a.wav": mono,
      "d/no/b.WAV": mono,
      "d/no/notes.txt": "x",
      "d/t.csv": "audio,label\nyes/a.wav,1\nno/b.WAV,0\n",
    });
    const folder = await openDataset(files, "d");
    expect(folder).toMatchObject({
      format: "audio-folder",
      kind: "audio",
      classes: ["no", "yes"],
      length: 2,
    });
    expect(folder.warnings).toEqual(["d: 2 files are no sounds: no/notes.txt, t.csv."]);
    const table = await openDataset(files, "d/t.csv");
    expect(table).toMatchObject({ format: "csv", kind: "audio", classes: ["0", "1"] });
    expect(await table.load(0)).toEqual(decodeWav(mono, "x"));
    expect(await folder.load(1)).toEqual(await table.load(0));
  });

  test("are each of their own rate, and broken ones are listed in one error", async () => {
    const files = createMemoryFiles({
      "d/a/1.wav": mono,
      "d/a/2.wav": stereo,
      "d/b/1.wav": mono.slice(0, 40),
      "d/b/2.wav": mono.slice(0, 30),
    });
    const dataset = await openDataset(files, "d");
    expect(await dataset.load(0)).toMatchObject({ sampleRate: 16_000 });
    expect(await dataset.load(1)).toMatchObject({ sampleRate: 44_100 });
    await expect(checkExamples(dataset, { onBroken: "error" })).rejects.toThrow(
      /2 of 4 examples cannot be used:\n {2}d\/b\/1.wav: not a WAV.*\n {2}d\/b\/2.wav: not a WAV/,
    );
  });
});
