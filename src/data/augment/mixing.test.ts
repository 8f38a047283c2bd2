import { expect, test } from "vitest";
import { ConfigError } from "../../errors.ts";
import { createRandom } from "../../tensor/random.ts";
import { datasetOf, flat } from "../data.fixtures.ts";
import { noAugmentation } from "./augmentation.ts";
import { blend, createMix, patch } from "./mixing.ts";

const [black, white] = [flat(0, 12, 10), flat(200, 12, 10)];
const images = datasetOf([0, 1, 0, 1], (i) => flat(i, 12, 10));

test("mixup blends all pixels by the share that it tells, which is Beta(α, α)", () => {
  for (const alpha of [0.2, 1, 4]) {
    const random = createRandom(9);
    const shares = Array.from({ length: 4000 }, () => {
      const { image, share } = blend(alpha)(white, black, random);
      if (image.data.some((v) => v !== Math.round(200 * share))) throw new Error(`a share of ${share}`);
      return share;
    });
    const mean = (f: (s: number) => number) => shares.reduce((sum, s) => sum + f(s), 0) / shares.length;
    // The variance of Beta(α, α) is 1 / (4 (2α + 1)); bounds are five standard errors at n = 4000.
    const variance = 1 / (4 * (2 * alpha + 1));
    expect(Math.abs(mean((s) => s) - 0.5)).toBeLessThan(5 * Math.sqrt(variance / 4000));
    expect(Math.abs(mean((s) => (s - 0.5) ** 2) - variance)).toBeLessThan(5 * (0.25 / Math.sqrt(4000)) * 0.5);
  }
});

test("cutmix puts a rectangle of the second into its place in the first, and tells the rest's share", () => {
  const random = createRandom(4);
  const sizes = new Set<number>();
  for (let n = 0; n < 200; n++) {
    const { image, share } = patch(1)(white, black, random);
    const rows = Array.from({ length: 12 }, (_, y) => image.data.subarray(10 * y, 10 * y + 10).join());
    const cut = image.data.filter((v) => v === 0).length;
    expect(share).toBeCloseTo(1 - cut / 120, 12);
    // Rows are whole, or have the same columns cut out: a rectangle.
    expect(new Set(rows).size).toBeLessThanOrEqual(2);
    sizes.add(cut);
  }
  expect(sizes.size).toBeGreaterThan(10);
});

test("the label of a mixture is the first one's as often as its share says", () => {
  const mix = createMix({ ...noAugmentation, mixup: 1, cutmix: 1 }, images)!;
  const random = createRandom(5);
  let [first, expected] = [0, 0];
  for (let n = 0; n < 4000; n++) {
    const { image, label } = mix(white, black, random);
    if (label === "first") first++;
    expected += image.data.reduce((sum, v) => sum + v, 0) / (200 * 120);
  }
  // Five standard errors of a share of 4000; rounding to 8 bits is far below that.
  expect(Math.abs(first - expected) / 4000).toBeLessThan(5 * Math.sqrt(0.25 / 4000));
});

test("grey and coloured images mix in colour", () => {
  const colour = { ...white, channels: 3, data: new Uint8Array(360).fill(100) } as const;
  const { image, share } = blend(1)(colour, black, createRandom(1));
  expect([image.channels, image.data.length, image.data[0]]).toEqual([3, 360, Math.round(100 * share)]);
});

test("what has no single class cannot be mixed", () => {
  expect(createMix(noAugmentation, { ...images, labelling: "sample" })).toBeNull();
  for (const labelling of ["sample", "classes", "numbers"] as const)
    expect(() => createMix({ ...noAugmentation, mixup: 1 }, { ...images, labelling })).toThrow(ConfigError);
});
