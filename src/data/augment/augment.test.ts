import { describe, expect, test } from "vitest";
import { configSchema } from "../../config/schema.ts";
import { ConfigError } from "../../errors.ts";
import { createRandom } from "../../tensor/random.ts";
import { datasetOf, flat, type GoldenImage, golden, imageOf } from "../data.fixtures.ts";
import { type Image, ignoredIn } from "../dataset.ts";
import { imagePreprocessing } from "../preprocess/config.ts";
import { createPreprocessor } from "../preprocess/preprocessor.ts";
import { createAugment } from "./augment.ts";
import { type Augmentation, noAugmentation } from "./augmentation.ts";
import { withHue } from "./colour-operations.ts";
import { operations } from "./rand-augment.ts";
import { augmenters } from "./registry.ts";

const goldens = await golden<{
  sources: GoldenImage[];
  cases: { source: number; operation: string; strength: number; image: GoldenImage }[];
}>("augmentation.json");
const preprocessor = createPreprocessor(imagePreprocessing({ channels: 3, height: 12, width: 16 }));

/** Settings that leave no example as it is. */
const strong: Record<string, Partial<Augmentation>> = {
  flip: { flip: true },
  cropPadding: { cropPadding: 3 },
  resizedCrop: { resizedCrop: { area: [0.2, 0.7], aspect: [0.7, 1.4] } },
  randAugment: { randAugment: { count: 3, magnitude: 20 } },
  colourJitter: { colourJitter: { brightness: 0.5, contrast: 0.5, saturation: 0.5, hue: 0.3 } },
  erasing: { erasing: { share: 1, area: [0.1, 0.3] } },
  typos: { typos: 0.3 },
  casing: { casing: 0.3 },
};

/** A picture whose red is 10 for class 0 and 200 for class 1, so that a mask can be read off it. */
function painted(height = 12, width = 16): Image {
  const mask = Uint8Array.from({ length: height * width }, (_, i) => (i % width > width / 3 ? 1 : 0));
  const data = Uint8Array.from({ length: 3 * height * width }, (_, i) =>
    i % 3 === 0 ? [10, 200][mask[Math.floor(i / 3)]!]! : (i * 7) % 256,
  );
  return { kind: "image", height, width, channels: 3, data, mask };
}

test("operations equal torchvision's on Pillow images, to the bit", () => {
  for (const { source, operation, strength, image } of goldens.cases) {
    const from = imageOf(goldens.sources[source]!);
    const apply =
      operation === "hue"
        ? withHue(strength)
        : (x: Image) => operations.find((o) => o.name === operation)!.apply(x, strength);
    expect([...apply(from).data], `${operation} ${strength} of source ${source}`).toEqual(image.data);
  }
  const tested = new Set(goldens.cases.map((c) => c.operation));
  expect(operations.map((o) => o.name).filter((name) => !tested.has(name))).toEqual([]);
});

test("every augmentation has settings, and the settings have every augmentation", () => {
  const settings = configSchema.shape.augmentation.parse({});
  expect(settings).toEqual(noAugmentation);
  const names = new Set([...augmenters.map((a) => a.name), "mixup", "cutmix"]);
  expect(new Set(Object.keys(settings))).toEqual(names);
  for (const { name } of augmenters) expect(strong[name], name).toBeDefined();
  expect(createAugment(noAugmentation, preprocessor)).toBeNull();
});

const ofImages = augmenters.filter((a) => a.kind === "image");
test.each(ofImages)(
  "$name changes an image by its generator alone, and keeps its size",
  ({ name, create }) => {
    const apply = create({ ...noAugmentation, ...strong[name] })!;
    const image = painted();
    const outs = [1, 1, 2, 3, 4, 5].map((seed) => apply(image, createRandom(seed)));
    expect(outs[0]).toEqual(outs[1]);
    expect(new Set(outs.map((o) => o.data.join())).size).toBeGreaterThan(1);
    for (const out of outs) {
      expect([out.height, out.width, out.channels]).toEqual([12, 16, 3]);
      expect(out.data).toHaveLength(image.data.length);
      expect(out.mask).toHaveLength(image.mask!.length);
    }
    expect(image).toEqual(painted());
  },
);

test.each(ofImages)(
  "$name of an image without a mask gives one without a mask, grey ones too",
  ({ name, create }) => {
    const apply = create({ ...noAugmentation, ...strong[name] })!;
    const out = apply(
      { ...flat(9, 12, 16), data: Uint8Array.from({ length: 192 }, (_, i) => i) },
      createRandom(3),
    );
    expect(Object.keys(out).sort()).toEqual(["channels", "data", "height", "kind", "width"]);
  },
);

describe("a mask", () => {
  test("goes where its pixels go, in all that moves pixels without blending them", () => {
    const settings = { ...noAugmentation, flip: true, cropPadding: 4 };
    const augment = createAugment(settings, preprocessor)!;
    const moves = operations.filter((o) => /shear|translate|rotate/.test(o.name));
    let counted = 0;
    for (let seed = 0; seed < 40; seed++) {
      let out = augment(painted(), (name) => createRandom(seed * 8 + name.length)) as Image;
      out = moves[seed % moves.length]!.apply(out, 0.8);
      for (const [i, c] of out.mask!.entries()) {
        if (c === ignoredIn(out.mask!)) continue;
        counted++;
        expect(out.data[3 * i]).toBe([10, 200][c]);
      }
    }
    expect(counted).toBeGreaterThan(40 * 12 * 16 * 0.4);
  });

  test("of an enlarged part has the classes that were there, next to what the pixels show", () => {
    const apply = augmenters.find((a) => a.name === "resizedCrop")!;
    if (apply.kind !== "image") throw new Error("unexpected");
    const crop = apply.create({ ...noAugmentation, ...strong.resizedCrop })!;
    let agree = 0;
    for (let seed = 0; seed < 30; seed++) {
      const out = crop(painted(), createRandom(seed));
      for (const [i, c] of out.mask!.entries()) {
        expect([0, 1]).toContain(c);
        if (out.data[3 * i]! > 105 === (c === 1)) agree++;
      }
    }
    expect(agree / (30 * 12 * 16)).toBeGreaterThan(0.97); // a bilinear edge and the nearest pixel differ along one line
  });

  test("does not count where pixels were painted over or come from outside", () => {
    const erase = augmenters.find((a) => a.name === "erasing")!;
    if (erase.kind !== "image") throw new Error("unexpected");
    const out = erase.create({ ...noAugmentation, ...strong.erasing })!(painted(), createRandom(1));
    const ignored = [...out.mask!.keys()].filter((i) => out.mask![i] === 255);
    expect(ignored.length / out.mask!.length).toBeGreaterThan(0.05);
    const colours = new Set(ignored.map((i) => out.data.subarray(3 * i, 3 * i + 3).join()));
    expect(colours.size).toBe(1);
  });
});

test("a flip mirrors about half of the images, a crop shifts them evenly", () => {
  const augment = createAugment({ ...noAugmentation, flip: true, cropPadding: 1 }, preprocessor)!;
  const image = { ...flat(0, 3, 3), data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9) };
  const random = createRandom(2);
  const seen = new Map<string, number>();
  for (let n = 0; n < 1800; n++) {
    const out = augment(image, () => random) as Image;
    seen.set(out.data.join(), (seen.get(out.data.join()) ?? 0) + 1);
  }
  // 3 x 3 shifts, mirrored or not: 18 outcomes, 100 times each; five deviations of a binomial are 49.
  expect(seen.size).toBe(18);
  for (const count of seen.values()) expect(Math.abs(count - 100)).toBeLessThan(49);
  expect(seen.has("3,2,1,6,5,4,9,8,7")).toBe(true);
  expect(seen.has("5,6,6,8,9,9,8,9,9")).toBe(true);
});

test.each<[Partial<Augmentation>, RegExp]>([
  [{ cropPadding: -1 }, /cropPadding is -1/],
  [{ cropPadding: 1.5 }, /cropPadding is 1.5/],
  [{ resizedCrop: { area: [0.9, 0.2], aspect: [1, 1] } }, /resizedCrop\.area is \[0.9, 0.2\]/],
  [{ randAugment: { count: 2, magnitude: 31 } }, /magnitude is 31, expected 0 to 30/],
  [
    { colourJitter: { brightness: 0, contrast: 0, saturation: 0, hue: 0.6 } },
    /hue is 0.6, expected 0 to 0.5/,
  ],
  [{ erasing: { share: 2, area: [0.1, 0.2] } }, /erasing\.share is 2/],
  [{ typos: 1.2, casing: -1 }, /casing is -1, expected 0 to 1; typos is 1.2/],
])("%j is refused", (settings, message) => {
  const make = () => createAugment({ ...noAugmentation, ...settings }, preprocessor);
  expect(make).toThrow(ConfigError);
  expect(make).toThrow(message);
});

test("examples of numbers pass through", () => {
  const array = datasetOf([0], () => ({ kind: "array", dims: [1], data: new Float32Array(1) }));
  const augment = createAugment({ ...noAugmentation, flip: true, typos: 1 }, preprocessor)!;
  return array.load(0).then((sample) => expect(augment(sample, () => createRandom(1))).toBe(sample));
});
