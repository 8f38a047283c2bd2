import { expect, test } from "vitest";
import { createDigest } from "../../platform/digest.ts";
import { type GoldenImage, golden, imageOf } from "../data.fixtures.ts";
import { mirrored, resizedSize, type Size, toGrey, window } from "./geometry.ts";
import { createResize, type Resample } from "./resize.ts";

interface Goldens {
  source: GoldenImage;
  cases: { resample: Resample; image: GoldenImage }[];
  grey: GoldenImage;
  greySmall: GoldenImage;
  luma: GoldenImage;
  photographs: { source: Omit<GoldenImage, "data">; to: Size; resample: Resample; sha256: string }[];
}
const goldens = await golden<Goldens>("resize.json");
// One for all, so that each finds in its memory what the one before left there.
const resize = createResize();

test.each(goldens.cases.map((c) => ({ ...c, to: `${c.image.height}x${c.image.width}` })))(
  "a $resample resize to $to is Pillow's, bit for bit",
  ({ resample, image }) => {
    expect(resize(imageOf(goldens.source), image.height, image.width, resample)).toEqual(imageOf(image));
  },
);

test.each(goldens.photographs)(
  "a $resample resize of $source.width x $source.height x $source.channels to $to.width x $to.height is Pillow's",
  ({ source, to, resample, sha256 }) => {
    const data = noise(source.height * source.width * source.channels);
    const resized = resize({ kind: "image", ...source, data }, to.height, to.width, resample);
    expect(resized).toMatchObject({ ...source, ...to });
    const digest = createDigest("sha256");
    digest.update(resized.data);
    expect(digest.hex()).toBe(sha256);
  },
);

/** As scripts/goldens/data.py makes it. */
function noise(count: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

test("a grey image is resized as Pillow does, and colour turns grey as it does", () => {
  expect(resize(imageOf(goldens.grey), 5, 6, "bicubic")).toEqual(imageOf(goldens.greySmall));
  expect(toGrey(imageOf(goldens.source))).toEqual(imageOf(goldens.luma));
});

test("an edge rule keeps the aspect and rounds down", () => {
  // int(9 · 17 / 13) = 11, as get_resize_output_image_size of Transformers gives.
  expect(resizedSize({ height: 13, width: 17 }, { shortestEdge: 9 })).toEqual({ height: 9, width: 11 });
  expect(resizedSize({ height: 17, width: 13 }, { shortestEdge: 9 })).toEqual({ height: 11, width: 9 });
  expect(resizedSize({ height: 10, width: 40 }, { shortestEdge: 10, longestEdge: 20 })).toEqual({
    height: 5,
    width: 20,
  });
  expect(resizedSize({ height: 10, width: 40 }, { longestEdge: 20 })).toEqual({ height: 5, width: 20 });
  expect(resizedSize({ height: 1, width: 1000 }, { longestEdge: 10 })).toEqual({ height: 1, width: 10 });
});

test("a window outside the image is black, or repeats the edge", () => {
  const image = { kind: "image", height: 2, width: 2, channels: 1, data: Uint8Array.of(1, 2, 3, 4) } as const;
  const size = { height: 3, width: 3 };
  expect([...window(image, -1, -1, size).data]).toEqual([0, 0, 0, 0, 1, 2, 0, 3, 4]);
  expect([...window(image, 0, 0, size, "edge").data]).toEqual([1, 2, 2, 3, 4, 4, 3, 4, 4]);
  expect([...mirrored(image).data]).toEqual([2, 1, 4, 3]);
});
