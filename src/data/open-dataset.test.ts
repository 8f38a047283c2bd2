import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { ConfigError, DataError } from "../errors.ts";
import { createMemoryFiles } from "../platform/memory-files.ts";
import { bytesOfBase64, type GoldenImage, golden, imageOf } from "./data.fixtures.ts";
import { classCounts } from "./dataset.ts";
import { npzOf } from "./npz.fixtures.ts";
import { openDataset } from "./open-dataset.ts";
import { readers } from "./readers/registry.ts";

const encoded = await golden<{ name: string; bytes: string; image: GoldenImage }[]>("images.json");
const png = bytesOfBase64(encoded[0]!.bytes);
const idxImages = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 10, 11, 12, 13, 14, 15);
const idxLabels = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 7);

describe("an image folder", () => {
  test("has a class per folder, in order of names, and images at any depth", async () => {
    const files = createMemoryFiles({
      "d/cat/b.png": png,
      "d/cat/deep/er/a.PNG": png,
      "d/cat/.DS_Store": "x",
      "d/ant/x.webp": bytesOfBase64(encoded.find((e) => e.name === "colour.webp")!.bytes),
      "d/ant/notes.txt": "x",
      "d/README.md": "x",
    });
    const dataset = await openDataset(files, "d");
    expect(dataset).toMatchObject({
      format: "image-folder",
      kind: "image",
      classes: ["ant", "cat"],
      length: 3,
    });
    expect([0, 1, 2].map((i) => [dataset.name(i), dataset.label(i)])).toEqual([
      ["ant/x.webp", 0],
      ["cat/b.png", 1],
      ["cat/deep/er/a.PNG", 1],
    ]);
    expect(await dataset.load(1)).toEqual(imageOf(encoded[0]!.image));
    expect(dataset.warnings).toEqual(["d: 2 files are no images: README.md, ant/notes.txt."]);
  });

  test("with classes that have no image is refused, and all of them are listed", async () => {
    const files = createMemoryFiles({ "d/a/x.png": png, "d/c/readme.txt": "" });
    await files.makeFolder("d/b");
    await expect(openDataset(files, "d")).rejects.toThrow("d: 2 class folders without an image: b/, c/.");
  });
});

describe("npz", () => {
  test("uint8 arrays are images, whole numbers are classes in numeric order", async () => {
    const data = npzOf({
      images: { descr: "|u1", shape: [3, 1, 2], bytes: Uint8Array.of(1, 2, 3, 4, 5, 6) },
      labels: { descr: "<i8", shape: [3], bytes: new BigInt64Array([10n, 2n, 10n]) },
    });
    const dataset = await openDataset(createMemoryFiles({ "d/t.npz": data }), "d/t.npz");
    expect(dataset).toMatchObject({ format: "npz", kind: "image", classes: ["2", "10"], length: 3 });
    expect([dataset.label(0), dataset.label(1), dataset.name(2)]).toEqual([1, 0, "t.npz:images[2]"]);
    expect(await dataset.load(1)).toMatchObject({
      height: 1,
      width: 2,
      channels: 1,
      data: Uint8Array.of(3, 4),
    });
  });

  test("floats go to the model as they are, or are images where white is stated; classes may have names", async () => {
    const data = npzOf({
      x: { descr: "<f4", shape: [2, 1, 2], bytes: new Float32Array([0, 0.5, 1, 0.25]) },
      y: { descr: "|u1", shape: [2, 1], bytes: Uint8Array.of(1, 0) },
      classes: {
        descr: "<U2",
        shape: [2],
        bytes: Uint32Array.from("nojay0", (c) => c.charCodeAt(0)).slice(0, 4),
      },
    });
    const files = createMemoryFiles({ "t.npz": data });
    const plain = await openDataset(files, "t.npz");
    expect(plain).toMatchObject({ kind: "array", classes: ["no", "ja"] });
    expect(await plain.load(1)).toEqual({ kind: "array", dims: [1, 2], data: new Float32Array([1, 0.25]) });
    const images = await openDataset(files, "t.npz", { white: 1 });
    expect(await images.load(0)).toMatchObject({ kind: "image", data: Uint8Array.of(0, 128) });
    const numbers = await openDataset(files, "t.npz", { labelling: "numbers" });
    expect([numbers.classes, numbers.label(0)]).toEqual([null, 1]);
  });

  test("other arrays are named, and what does not fit is refused", async () => {
    const data = npzOf({
      x_train: { descr: "|u1", shape: [2, 1, 2], bytes: Uint8Array.of(1, 2, 3, 4) },
      y_train: { descr: "|u1", shape: [2], bytes: Uint8Array.of(0, 1) },
      y_odd: { descr: "<f8", shape: [2], bytes: new Float64Array([0, 1.5]) },
      y_short: { descr: "|u1", shape: [1], bytes: Uint8Array.of(0) },
      x_first: { descr: "|u1", shape: [2, 3, 4, 4], bytes: new Uint8Array(96) },
    });
    const files = createMemoryFiles({ "t.npz": data });
    const open = (x: string, y: string) => openDataset(files, "t.npz", { arrays: { x, y } });
    expect((await open("x_train", "y_train")).length).toBe(2);
    await expect(openDataset(files, "t.npz")).rejects.toThrow(/x_train, y_train, .*name the two with arrays/);
    await expect(open("x_train", "none")).rejects.toThrow(/no array "none", it holds x_train/);
    await expect(open("x_train", "y_odd")).rejects.toThrow(/label 1 is 1.5, expected a whole number/);
    await expect(open("x_train", "y_short")).rejects.toThrow(/2 examples, "y_short" 1 labels/);
    await expect(open("x_first", "y_train")).rejects.toThrow(
      /shape \[2, 3, 4, 4\], expected .* channels last/,
    );
  });
});

describe("IDX", () => {
  test("finds the labels beside the images, plain or gzipped", async () => {
    const files = createMemoryFiles({
      "train-images-idx3-ubyte": idxImages,
      "train-labels-idx1-ubyte.gz": gzipSync(idxLabels),
    });
    const dataset = await openDataset(files, "train-images-idx3-ubyte");
    expect(dataset).toMatchObject({ format: "idx", classes: ["0", "7"], length: 3 });
    expect([0, 1, 2].map((i) => dataset.label(i))).toEqual([1, 0, 1]);
    expect(await dataset.load(2)).toMatchObject({ height: 1, width: 2, data: Uint8Array.of(14, 15) });
  });

  test("without labels, or with another number of them, is refused", async () => {
    const files = createMemoryFiles({
      "a-images.idx": idxImages,
      "b-images.idx": idxImages,
      "b-labels.idx": idxLabels.slice(0, 8),
    });
    await expect(openDataset(files, "a-images.idx")).rejects.toThrow(
      /labels are missing, expected a-labels.idx or/,
    );
    await expect(openDataset(files, "b-images.idx")).rejects.toThrow(DataError);
  });
});

describe("CSV", () => {
  test("columns of numbers beside the label are the features", async () => {
    const files = createMemoryFiles({ "t.csv": "a,label,b\n1,yes,2.5\n-3e2,no,4\n" });
    const dataset = await openDataset(files, "t.csv");
    expect(dataset).toMatchObject({ kind: "array", classes: ["no", "yes"], length: 2 });
    expect(await dataset.load(1)).toEqual({ kind: "array", dims: [2], data: new Float32Array([-300, 4]) });
    const chosen = await openDataset(files, "t.csv", {
      labelColumn: "b",
      featureColumns: ["a"],
      labelling: "numbers",
    });
    expect([chosen.classes, chosen.label(0)]).toEqual([null, 2.5]);
    expect(await chosen.load(0)).toEqual({ kind: "array", dims: [1], data: Float32Array.of(1) });
  });

  test("a column of image paths leads to images in the file's folder, and to no others", async () => {
    const files = createMemoryFiles({
      "d/t.csv": "image,label\nimg/1.png,a\nimg/1.png,b\n",
      "d/img/1.png": png,
      "d/out.csv": "image,label\n../secret.png,a\n",
      "d/gone.csv": "image,label\nimg/2.png,a\nimg/3.png,b\n",
      "secret.png": png,
    });
    const dataset = await openDataset(files, "d/t.csv");
    expect(await dataset.load(1)).toEqual(imageOf(encoded[0]!.image));
    await expect(openDataset(files, "d/out.csv")).rejects.toThrow(/"..\/secret.png" leads out of the folder/);
    await expect(openDataset(files, "d/gone.csv")).rejects.toThrow(
      'files of column "image" are missing: d/img/2.png (gone.csv:1), d/img/3.png (gone.csv:2)',
    );
  });

  test("what cannot be used is listed with its row and column", async () => {
    const open = (text: string, options = {}) =>
      openDataset(createMemoryFiles({ "t.csv": text }), "t.csv", options);
    await expect(open("a,b\n1,2\n")).rejects.toThrow(
      'no column "label", it has a, b; name the right one with labelColumn',
    );
    await expect(open("name,x,label\nAda,1,0\nBob,?,1\n")).rejects.toThrow(
      '"name" (t.csv:1: "Ada"), "x" (t.csv:2: "?")',
    );
    await expect(open("x,label\n1,a\n2\n3,b,c\n")).rejects.toThrow("2 fields, but row 2 has 1, row 3 has 3");
    await expect(open("x,label\n1,a\n2,\n")).rejects.toThrow("no label in rows t.csv:2");
    await expect(open("x,label\n1,a\n", { labelling: "numbers" })).rejects.toThrow(
      'no numbers, in rows t.csv:1 ("a")',
    );
    await expect(open("x,label\n")).rejects.toThrow("no rows below a header line");
  });
});

test("nothing that is known is an error that says what was seen and what is known", async () => {
  const files = createMemoryFiles({ "d/a.arrow": "x", "d/sub/b.txt": "x" });
  await expect(openDataset(files, "d")).rejects.toThrow(
    /no known kind of data. Seen: a.arrow, sub\/. Expected one of/,
  );
  await expect(openDataset(files, "d/a.arrow")).rejects.toThrow(/Seen: a file a.arrow/);
  await expect(openDataset(files, "none")).rejects.toThrow("none: no such file or folder");
  await expect(openDataset(files, "d", { format: "zarr" })).rejects.toThrow(ConfigError);
  for (const reader of readers) await expect(openDataset(files, "d")).rejects.toThrow(reader.reads);
});

test("two kinds that fit are an error that names both, and format chooses", async () => {
  // An IDX file may have any name, also one that looks like a CSV.
  const files = createMemoryFiles({ "images.csv": idxImages, "labels.csv": idxLabels });
  await expect(openDataset(files, "images.csv")).rejects.toThrow(/could be idx .*, csv .*Choose with format/);
  expect((await openDataset(files, "images.csv", { format: "idx" })).length).toBe(3);
});

test("labels are mapped onto given classes by name", async () => {
  const files = createMemoryFiles({ "t.csv": "x,label\n1,cat\n2,ant\n" });
  const dataset = await openDataset(files, "t.csv", { classes: ["dog", "cat", "ant"] });
  expect([dataset.label(0), dataset.label(1), classCounts(dataset)]).toEqual([1, 2, [0, 1, 1]]);
  expect(dataset.warnings).toEqual(["t.csv: no example of 1 of 3 classes: dog."]);
  await expect(openDataset(files, "t.csv", { classes: ["cat"] })).rejects.toThrow(
    "t.csv: 1 unknown classes: ant. The model's classes are cat.",
  );
});
