import { describe, expect, test } from "vitest";
import { DataError } from "../../errors.ts";
import { createMemoryFiles } from "../../platform/memory-files.ts";
import { encodePng } from "../encode-png.ts";
import { openDataset } from "../open-dataset.ts";
import { openSplits } from "../open-splits.ts";
import { checkExamples, prepared } from "../prepared.ts";
import { imagePreprocessing } from "../preprocess/config.ts";
import { createPreprocessor } from "../preprocess/preprocessor.ts";
import { mapClasses } from "../views.ts";

const picture = (height: number, width: number, ...data: number[]) =>
  encodePng({ kind: "image", height, width, channels: 1, data: Uint8Array.from(data) });
const image = await picture(2, 2, 10, 20, 30, 40);
const mask = await picture(2, 2, 0, 1, 1, 255);
const good = {
  "d/images/a.png": image,
  "d/images/b.png": image,
  "d/masks/a.png": mask,
  "d/masks/b.png": mask,
};

async function maskOf(files: Record<string, string | Uint8Array<ArrayBuffer>>, path: string, options = {}) {
  const dataset = await openDataset(createMemoryFiles(files), path, options);
  const sample = await dataset.load(0);
  if (sample.kind !== "image" || !sample.mask) throw new Error("expected an image with a mask");
  return { dataset, mask: [...sample.mask] };
}

test("images and masks of one name are examples, classes the numbers that the masks hold", async () => {
  const { dataset, mask: classes } = await maskOf(good, "d");
  expect(dataset).toMatchObject({ format: "mask-folder", kind: "image", labelling: "sample", length: 2 });
  expect([dataset.classes, dataset.name(1), classes]).toEqual([["0", "1"], "b.png", [0, 1, 1, 255]]);
});

test.each([
  ["a name a line", "classes.txt", "sky\nsea\n", ["sky", "sea"]],
  ["names by number", "classes.json", '{"0": "sky", "1": "sea", "9": "land"}', ["sky", "sea", "land"]],
  ["numbers by name", "classes.json", '{"sky": 0, "sea": 1}', ["sky", "sea"]],
  ["colours by name", "classes.json", '{"sky": [0, 0, 255], "sea": "#00ff00"}', ["sky", "sea"]],
  ["objects", "classes.json", '[{"name": "sky", "value": 0}, {"name": "sea", "value": 1}]', ["sky", "sea"]],
  ["colours on lines", "classes.txt", "0 0 255\tsky\n0 255 0\tsea", ["sky", "sea"]],
])("a file of %s tells the classes", async (_, name, text, classes) => {
  const { dataset, mask: found } = await maskOf({ ...good, [`d/${name}`]: text }, "d");
  expect([dataset.classes, found]).toEqual([classes, [0, 1, 1, 255]]);
  const named = await maskOf({ ...good, "other.json": '["x", "y"]' }, "d", { classFile: "other.json" });
  expect(named.dataset.classes).toEqual(["x", "y"]);
});

test("numbers that do not count are what the settings and the file say", async () => {
  expect((await maskOf(good, "d", { ignoreIndex: [0, 255] }).catch(String)).toString()).toMatch(
    /hold 1 class \(1\), and pixels of 0, 255, which do not count/,
  );
  const all = await maskOf(good, "d", { ignoreIndex: null });
  expect([all.dataset.classes, all.mask]).toEqual([
    ["0", "1", "255"],
    [0, 1, 1, 2],
  ]);
  const file = '[{"name": "sky"}, {"name": "void", "ignore": true}, {"name": "sea", "value": 255}]';
  expect((await maskOf({ ...good, "d/classes.json": file }, "d")).mask).toEqual([0, 255, 255, 1]);
});

test("images and masks that do not pair up are one error that lists all", async () => {
  const files = {
    ...good,
    "d/images/lonely.png": image,
    "d/masks/stray.png": mask,
    "d/masks/lossy.jpg": mask,
  };
  await expect(openDataset(createMemoryFiles(files), "d")).rejects.toThrow(
    /1 images without a mask in d\/masks: lonely\.png\n.*2 masks without an image in d\/images: .*stray\.png.*\n.*1 masks are no PNG: lossy\.jpg/,
  );
});

test("a mask of another size and one of unknown numbers are told together, or left out where that is asked for", async () => {
  const files = createMemoryFiles({
    ...good,
    "d/classes.txt": "sky\nsea",
    "d/images/c.png": image,
    "d/masks/c.png": await picture(1, 2, 0, 1),
    "d/images/e.png": image,
    "d/masks/e.png": await picture(2, 2, 0, 1, 7, 7),
  });
  const dataset = await openDataset(files, "d");
  await expect(checkExamples(dataset, { onBroken: "error" })).rejects.toThrow(
    /2 of 4 examples cannot be used:\n {2}d\/masks\/c\.png: the mask is 1x2, its image 2x2\n {2}d\/masks\/e\.png: numbers that are no class: 7 \(2 pixels\)/,
  );
  expect((await checkExamples(dataset, { onBroken: "skip" })).length).toBe(2);
});

test("a mask's name may have a suffix", async () => {
  const files = {
    "d/imgs/a_mask.png": image,
    "d/imgs/b.jpg": image,
    "d/labels/a_mask_mask.png": mask,
    "d/labels/b_mask.png": mask,
  };
  const { dataset } = await maskOf(files, "d");
  expect(dataset.length).toBe(2);
});

describe("splits", () => {
  const classes = { "d/classes.txt": "sky\nsea" };
  const parts = (path: (kind: string, part: string) => string) =>
    Object.fromEntries(
      ["train", "val", "test"].flatMap((part) => [
        [`${path("images", part)}/a.png`, image],
        [`${path("masks", part)}/a.png`, mask],
      ]),
    );

  test("are folders of images and masks, or folders in images and masks", async () => {
    for (const path of [
      (kind: string, part: string) => `d/${part}/${kind}`,
      (kind: string, part: string) => `d/${kind}/${part}`,
    ]) {
      const files = createMemoryFiles({ ...classes, ...parts(path) });
      const { train, validation, test: held } = await openSplits(files, "d");
      expect([train, validation, held].map((set) => [set?.length, set?.classes])).toEqual(
        Array(3).fill([1, ["sky", "sea"]]),
      );
    }
  });

  test("of one set are held out of it", async () => {
    const { train, validation } = await openSplits(createMemoryFiles({ ...classes, ...good }), "d", {
      validationFraction: 0.5,
    });
    expect([train.length, validation.length]).toEqual([1, 1]);
  });
});

test("classes are matched by name, in the masks too", async () => {
  const { dataset } = await maskOf({ ...good, "d/classes.txt": "sky\nsea" }, "d");
  const mapped = mapClasses(dataset, ["land", "sea", "sky"]);
  const sample = await mapped.load(0);
  expect(sample.kind === "image" && [...sample.mask!]).toEqual([2, 1, 1, 255]);
  expect(() => mapClasses(dataset, ["land", "sea"])).toThrow(DataError);
});

test("a table's columns of images and masks", async () => {
  const files = {
    "t.csv": "image,mask\nx/1.png,y/1.png\nx/1.png,y/1.png",
    "x/1.png": image,
    "y/1.png": mask,
  };
  const { dataset, mask: classes } = await maskOf(files, "t.csv", { labelling: "sample" });
  expect([dataset.classes, classes, dataset.name(1)]).toEqual([["0", "1"], [0, 1, 1, 255], "x/1.png"]);
  const named = { ...files, "t.csv": "image,truth\nx/1.png,y/1.png" };
  await maskOf(named, "t.csv", { labelling: "sample", maskColumn: "truth" });
  const missing = createMemoryFiles({ ...files, "t.csv": "image,mask\nx/1.png,y/2.png" });
  await expect(openDataset(missing, "t.csv", { labelling: "sample" })).rejects.toThrow(
    /are missing: .*y\/2\.png/,
  );
});

test("a mask is resized by the nearest pixel and cropped as its image is", async () => {
  const { dataset } = await maskOf(good, "d");
  const preprocessor = createPreprocessor(
    imagePreprocessing(
      { channels: 1, height: 4, width: 6 },
      { resize: { height: 4, width: 4 }, crop: { height: 4, width: 6 }, resample: "bicubic" },
    ),
  );
  const sample = await prepared(dataset, preprocessor).load(0);
  if (sample.kind !== "image") throw new Error("expected an image");
  expect([...sample.mask!]).toEqual([
    255, 0, 0, 1, 1, 255, 255, 0, 0, 1, 1, 255, 255, 1, 1, 255, 255, 255, 255, 1, 1, 255, 255, 255,
  ]);
});
