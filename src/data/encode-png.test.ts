import { expect, test } from "vitest";
import { decodeImage } from "./decode-image.ts";
import { encodeMaskPng, encodePng } from "./encode-png.ts";
import { decodePng } from "./formats/png.ts";

test.each([1, 3] as const)("an image of %i channels is what sharp decodes from its PNG", async (channels) => {
  const data = Uint8Array.from({ length: 5 * 7 * channels }, (_, i) => (i * 37) % 256);
  const image = { kind: "image", height: 5, width: 7, channels, data } as const;
  const back = await decodeImage(await encodePng(image), "x.png");
  expect({ ...back, data: [...back.data] }).toEqual({ ...image, data: [...data] });
});

test("a mask's PNG holds its indices, and is painted in its colours by sharp", async () => {
  const colours = Uint8Array.from({ length: 9 }, (_, i) => i * 20);
  const mask = { height: 2, width: 3, data: Uint8Array.of(0, 1, 2, 2, 1, 0) };
  const png = await encodeMaskPng(mask, colours);
  expect([...(await decodePng(png, "m.png")).samples]).toEqual([0, 1, 2, 2, 1, 0]);
  const painted = await decodeImage(png, "m.png");
  expect([...painted.data.subarray(0, 9)]).toEqual([...colours]);
  const many = { height: 1, width: 2, data: Uint16Array.of(3, 700) };
  expect([...(await decodePng(await encodeMaskPng(many, colours), "m.png")).samples]).toEqual([3, 700]);
});
