import { expect, test } from "vitest";
import { DataError } from "../errors.ts";
import { bytesOfBase64, type GoldenImage, golden, imageOf } from "./data.fixtures.ts";
import { decodeImage } from "./decode-image.ts";

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
