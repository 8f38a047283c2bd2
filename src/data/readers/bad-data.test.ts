import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { DataError, FileError } from "../../errors.ts";
import { createMemoryFiles } from "../../platform/memory-files.ts";
import { encodeSafetensors } from "../../tensor/safetensors.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { bytesOfBase64, flat, golden } from "../data.fixtures.ts";
import type { Dataset } from "../dataset.ts";
import { encodePng } from "../encode-png.ts";
import { npzOf } from "../npz.fixtures.ts";
import { openDataset } from "../open-dataset.ts";
import { checkExamples } from "../prepared.ts";
import { readers } from "./registry.ts";

const [image] = await golden<{ bytes: string }[]>("images.json");
const [sound] = await golden<{ bytes: string }[]>("sounds.json");
const [png, wav] = [bytesOfBase64(image!.bytes), bytesOfBase64(sound!.bytes)];
const grey = await encodePng(flat(1, 8, 8));
const texts = (rows: number, separator: string) =>
  `text${separator}label\n${Array.from({ length: rows }, (_, i) => `t${i}${separator}${i % 2 ? "a" : "b"}\n`).join("")}`;
const lines = (rows: number) =>
  Array.from(
    { length: rows },
    (_, i) => `${JSON.stringify({ text: `t${i}`, label: i % 2 ? "a" : "b" })}\n`,
  ).join("");

/** Data of each reader that is good, which of its files to cut, and what was made wrong with the types in it. */
const good: Readonly<
  Record<
    string,
    {
      readonly files: Readonly<Record<string, string | Uint8Array>>;
      readonly path: string;
      readonly cut: string;
      /** Whether any shorter file is damaged; a text that ends early is a shorter text. */
      readonly anyCut: boolean;
      readonly wrong: readonly [files: Readonly<Record<string, string | Uint8Array>>, message: RegExp];
    }
  >
> = {
  "image-folder": {
    files: { "d/a/1.png": png, "d/b/1.png": png },
    path: "d",
    cut: "d/b/1.png",
    anyCut: true,
    wrong: [{ "d/a/2.png": "no image" }, /d\/a\/2.png/],
  },
  "mask-folder": {
    files: { "d/images/1.png": grey, "d/masks/1.png": grey, "d/classes.txt": "a\nb\n" },
    path: "d",
    cut: "d/masks/1.png",
    anyCut: true,
    wrong: [{ "d/masks/1.png": "no image" }, /1.png/],
  },
  "audio-folder": {
    files: { "d/a/1.wav": wav, "d/b/1.wav": wav },
    path: "d",
    cut: "d/b/1.wav",
    anyCut: true,
    wrong: [{ "d/a/2.wav": "no sound" }, /d\/a\/2.wav: not a WAV file/],
  },
  npz: {
    files: {
      "d.npz": npzOf({
        images: { descr: "|u1", shape: [2, 1, 2], bytes: Uint8Array.of(1, 2, 3, 4) },
        labels: { descr: "|u1", shape: [2], bytes: Uint8Array.of(0, 1) },
      }),
    },
    path: "d.npz",
    cut: "d.npz",
    anyCut: true,
    wrong: [
      {
        "d.npz": npzOf({
          images: { descr: "<i8", shape: [1, 1], bytes: new BigInt64Array([1n]) },
          labels: { descr: "|u1", shape: [1], bytes: Uint8Array.of(0) },
        }),
      },
      /"images": int64 examples, expected uint8 images or floats/,
    ],
  },
  safetensors: {
    files: {
      "d.safetensors": encodeSafetensors(
        new Map<string, Tensor>([
          ["x", tensor("float32", [2, 2], Float32Array.of(1, 2, 3, 4))],
          ["y", tensor("int64", [2], BigInt64Array.of(0n, 1n))],
        ]),
        { classes: '["a","b"]' },
      ),
    },
    path: "d.safetensors",
    cut: "d.safetensors",
    anyCut: true,
    wrong: [
      {
        "d.safetensors": encodeSafetensors(
          new Map<string, Tensor>([
            ["x", tensor("float32", [2, 2], Float32Array.of(1, 2, 3, 4))],
            ["y", tensor("float32", [2], Float32Array.of(0.5, 1))],
          ]),
        ),
      },
      /"y": label 0 is 0.5, expected a whole number/,
    ],
  },
  idx: {
    files: {
      "t-images-idx3-ubyte": Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 10, 11),
      "t-labels-idx1-ubyte": Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 7, 0),
    },
    path: "t-images-idx3-ubyte",
    cut: "t-labels-idx1-ubyte",
    anyCut: true,
    wrong: [
      { "t-labels-idx1-ubyte": Uint8Array.of(0, 0, 0x0d, 1, 0, 0, 0, 2, 7, 0) },
      /t-labels-idx1-ubyte: not an IDX file of unsigned bytes/,
    ],
  },
  csv: {
    files: { "d.csv": texts(40, ",") },
    path: "d.csv",
    cut: "d.csv",
    anyCut: false,
    wrong: [
      { "d.csv": `${texts(40, ",")}${"too,many,fields\n".repeat(12)}` },
      /has 2 fields, but row 41 has 3, .*row 50 has 3, and 2 more$/,
    ],
  },
  tsv: {
    files: { "d.tsv": texts(40, "\t") },
    path: "d.tsv",
    cut: "d.tsv",
    anyCut: false,
    wrong: [{ "d.tsv": `${texts(1, "\t")}one\n` }, /has 2 fields, but row 2 has 1$/],
  },
  jsonl: {
    files: { "d.jsonl": lines(40) },
    path: "d.jsonl",
    cut: "d.jsonl",
    anyCut: false,
    wrong: [
      { "d.jsonl": `${lines(1)}${"[1]\n".repeat(12)}` },
      /lines that are no JSON objects: line 2 \(not an object\); .*; and 2 more$/,
    ],
  },
  json: {
    files: { "d.json": `[${lines(40).trim().replaceAll("\n", ",")}]` },
    path: "d.json",
    cut: "d.json",
    anyCut: true,
    wrong: [{ "d.json": '[{"text":"a","label":"x"},1,"two"]' }, /entries that are no objects: 2, 3$/],
  },
  parquet: {
    files: { "d.parquet": readFileSync(new URL("../goldens/images.parquet", import.meta.url)) },
    path: "d.parquet",
    cut: "d.parquet",
    anyCut: true,
    wrong: [{ "d.parquet": "PAR1 not really PAR1" }, /d.parquet: not a Parquet file that can be read/],
  },
};

async function readAll(
  files: Readonly<Record<string, string | Uint8Array>>,
  path: string,
  format: string,
): Promise<Dataset> {
  const labelling = format === "mask-folder" ? "sample" : "class";
  return checkExamples(await openDataset(createMemoryFiles(files), path, { format, labelling }), {
    onBroken: "error",
  });
}

test("every reader has its row here", () => {
  expect(Object.keys(good).sort()).toEqual(readers.map((r) => r.name).sort());
});

describe.each(Object.entries(good))("%s", (format, { files, path, cut, anyCut, wrong }) => {
  test("reads what is good, and refuses a file of the wrong types by name", async () => {
    expect((await readAll(files, path, format)).length).toBeGreaterThan(0);
    await expect(readAll({ ...files, ...wrong[0] }, path, format)).rejects.toThrow(wrong[1]);
  });

  test("refuses a file that was cut, whatever is left of it, and never stops in another way", async () => {
    const content = files[cut]!;
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    // A check sum or a byte of padding may be missing without a loss.
    for (const length of [0, 1, 7, Math.floor(bytes.length / 2), Math.floor(bytes.length * 0.75)]) {
      let problem: unknown = null;
      try {
        await readAll({ ...files, [cut]: bytes.subarray(0, length) }, path, format);
      } catch (error) {
        problem = error;
      }
      if (problem === null) expect(anyCut, `${length} of ${bytes.length} bytes`).toBe(false);
      else expect(problem).toBeInstanceOf(DataError);
    }
  });

  test("refuses what is not there", async () => {
    await expect(readAll({ other: "x" }, path, format)).rejects.toThrow(/no such file/);
    const { [cut]: _, ...rest } = files;
    if (cut === path) return;
    // An example less is no error by itself, unless something belongs to it.
    const outcome = readAll(rest, path, format).catch((error: unknown) => error);
    const result = await outcome;
    if (result instanceof Error)
      expect(result instanceof DataError || result instanceof FileError).toBe(true);
  });
});

test("a class that the model does not have is refused with all of the others, by whatever reader", async () => {
  for (const [format, { files, path }] of Object.entries(good)) {
    if (format === "mask-folder") continue;
    const open = openDataset(createMemoryFiles(files), path, { format, classes: ["something else"] });
    await expect(open, format).rejects.toThrow(
      /[23] unknown classes: .*The model's classes are something else/,
    );
  }
});

test("texts that are not UTF-8 are refused with the row", async () => {
  const latin = Uint8Array.from("text,label\nna\u00efve,a\nb,b\n", (c) => c.charCodeAt(0));
  await expect(readAll({ "d.csv": latin }, "d.csv", "csv")).rejects.toThrow("d.csv: row 2 is not UTF-8");
  const wide = new Uint8Array(new Uint16Array([0xfeff, 65, 44, 66]).buffer);
  await expect(readAll({ "d.csv": wide }, "d.csv", "csv")).rejects.toThrow("UTF-16; save it as UTF-8");
  await expect(readAll({ "d.csv": "text,label,text\na,b,c\n" }, "d.csv", "csv")).rejects.toThrow(
    "the header names columns twice: text",
  );
});
