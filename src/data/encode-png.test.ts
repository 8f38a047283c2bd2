import { expect, test } from "vitest";
import { decodeImage } from "./decode-image.ts";
import { encodePng } from "./encode-png.ts";

test.each([1, 3] as const)("an image of %i channels is what sharp decodes from its PNG", async (channels) => {
  const data = Uint8Array.from({ length: 5 * 7 * channels }, (_, i) => (i * 37) % 256);
  const image = { kind: "image", height: 5, width: 7, channels, data } as const;
  const back = await decodeImage(await encodePng(image), "x.png");
  expect({ ...back, data: [...back.data] }).toEqual({ ...image, data: [...data] });
});
