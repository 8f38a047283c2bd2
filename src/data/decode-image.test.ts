import sharp from "sharp";
import { expect, test } from "vitest";
import { DataError } from "../errors.ts";
import { bytesOfBase64, type GoldenImage, golden, imageOf } from "./data.fixtures.ts";
import { decodeImage } from "./decode-image.ts";
import { jpegComponents } from "./formats/jpeg-header.ts";

interface File {
  name: string;
  bytes: string;
  image: GoldenImage;
  within: number;
}
const files = await golden<File[]>("images.json");

test.each(files)("$name decodes to the pixels that Pillow sees", async ({ name, bytes, image, within }) => {
  const { data: expected, ...size } = imageOf(image);
  const { data, ...rest } = await decodeImage(bytesOfBase64(bytes), name);
  expect(rest).toEqual(size);
  expect(Math.max(...data.map((v, i) => Math.abs(v - expected[i]!)))).toBeLessThanOrEqual(within);
});

test("bytes that are no image, a cut image and another format are a DataError with the file's name", async () => {
  await expect(decodeImage(new TextEncoder().encode("hello"), "a/hello.png")).rejects.toThrow(
    /^a\/hello\.png: not a readable image/,
  );
  for (const { name, bytes } of files) {
    const whole = bytesOfBase64(bytes);
    await expect(decodeImage(whole.slice(0, whole.length * 0.6), name), name).rejects.toThrow(DataError);
  }
  const svg = new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>');
  await expect(decodeImage(svg, "x.png")).rejects.toThrow(/the format is svg/);
  await expect(decodeImage(new Uint8Array(), "empty.png")).rejects.toThrow(DataError);
});

test("a JPEG says what colours it has in its first bytes, wherever it is cut", async () => {
  const create = { width: 20, height: 10, channels: 3, background: "#a04020" } as const;
  const inSpace = async (space: string) =>
    new Uint8Array(await sharp({ create }).toColourspace(space).jpeg({ progressive: true }).toBuffer());
  const [grey, colour, print] = await Promise.all(["b-w", "srgb", "cmyk"].map(inSpace));
  expect([grey, colour, print].map((bytes) => jpegComponents(bytes!))).toEqual([1, 3, 4]);
  expect(await decodeImage(grey!, "grey.jpg")).toMatchObject({ height: 10, width: 20, channels: 1 });
  expect(await decodeImage(print!, "print.jpg")).toMatchObject({ height: 10, width: 20, channels: 3 });
  const found = [...colour!.keys()].map((length) => jpegComponents(colour!.subarray(0, length)));
  expect(new Set(found)).toEqual(new Set([null, 3]));
  // Fill bytes before a marker, and a length that leads out of the file.
  expect(jpegComponents(Uint8Array.of(0xff, 0xd8, 0xff, 0xff, 0xff, ...colour!.slice(3)))).toBe(3);
  expect(jpegComponents(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0xff, 0xff, 0, 0, 0, 0, 0, 0))).toBe(null);
});
