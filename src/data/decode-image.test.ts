import sharp from "sharp";
import { expect, test } from "vitest";
import { DataError } from "../errors.ts";
import { bytesOfBase64, type GoldenImage, golden, imageOf } from "./data.fixtures.ts";
import { decodeImage } from "./decode-image.ts";
import { jpegHeader } from "./formats/jpeg-header.ts";

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

test("a JPEG says what colours it has before its pixels, wherever it is cut, and whether it may be turned", async () => {
  const create = { width: 20, height: 10, channels: 3, background: "#a04020" } as const;
  const jpegOf = async (image: ReturnType<typeof sharp>) => new Uint8Array(await image.jpeg().toBuffer());
  const [grey, colour, print] = await Promise.all(
    ["b-w", "srgb", "cmyk"].map((space) => jpegOf(sharp({ create }).toColourspace(space))),
  );
  expect([grey, colour, print].map((bytes) => jpegHeader(bytes!)?.components)).toEqual([1, 3, 4]);
  expect(await decodeImage(grey!, "grey.jpg")).toMatchObject({ height: 10, width: 20, channels: 1 });
  expect(await decodeImage(print!, "print.jpg")).toMatchObject({ height: 10, width: 20, channels: 3 });
  const found = [...colour!.keys()].map((length) => jpegHeader(colour!.subarray(0, length))?.components);
  expect(new Set(found)).toEqual(new Set([undefined, 3]));
  // Fill bytes before a marker, and a length that leads out of the file.
  const filled = Uint8Array.of(0xff, 0xd8, 0xff, 0xff, 0xff, ...colour!.slice(3));
  expect(jpegHeader(filled)).toEqual({ components: 3, hasNotes: false });
  expect(jpegHeader(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0xff, 0xff, 0, 0, 0, 0, 0, 0))).toBe(null);
  const [turned, upright] = await Promise.all(
    [6, 1].map((orientation) => jpegOf(sharp({ create }).withMetadata({ orientation }))),
  );
  expect(jpegHeader(turned!)).toEqual({ components: 3, hasNotes: true });
  expect(await decodeImage(turned!, "turned.jpg")).toMatchObject({ height: 20, width: 10 });
  expect(await decodeImage(upright!, "upright.jpg")).toMatchObject({ height: 10, width: 20 });
});
