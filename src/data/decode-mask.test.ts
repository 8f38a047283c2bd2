import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { DataError } from "../errors.ts";
import { bytesOfBase64, golden } from "./data.fixtures.ts";
import { decodeMask, numbersInMask } from "./decode-mask.ts";
import { encodePng } from "./encode-png.ts";
import { decodePng } from "./formats/png.ts";
import { type MaskClasses, numberedClasses } from "./mask-classes.ts";

const pngs =
  await golden<{ name: string; bytes: string; height: number; width: number; samples: number[] }[]>(
    "masks.json",
  );
const bytesNamed = (name: string) => bytesOfBase64(pngs.find((p) => p.name === name)!.bytes);

test.each(pngs)(
  "a PNG of $name holds the numbers that Pillow put into it",
  async ({ bytes, samples, ...size }) => {
    const png = await decodePng(bytesOfBase64(bytes), "x.png");
    expect([png.height, png.width]).toEqual([size.height, size.width]);
    expect([...png.samples]).toEqual(samples);
  },
);

test.each([1, 3, 4] as const)(
  "an interlaced PNG of %i channels is what sharp was given",
  async (channels) => {
    for (const [width, height] of [
      [13, 11],
      [1, 1],
      [3, 2],
      [8, 8],
    ] as const) {
      const raw = Uint8Array.from({ length: height * width * channels }, (_, i) => (i * 31) % 256);
      const image = sharp(raw, { raw: { width, height, channels } }).png({ progressive: true });
      const png = await decodePng(
        await (channels === 1 ? image.toColourspace("b-w") : image).toBuffer(),
        "x.png",
      );
      expect([...png.samples]).toEqual([...raw]);
    }
  },
);

test("what is no whole PNG is refused", async () => {
  const whole = bytesNamed("grey of 8 bits");
  for (const cut of [0, 4, 20, 40, whole.length - 13])
    await expect(decodePng(whole.slice(0, cut), "x.png"), `${cut}`).rejects.toThrow(DataError);
  const huge = whole.slice();
  new DataView(huge.buffer).setUint32(16, 2 ** 31 - 1);
  await expect(decodePng(huge, "x.png")).rejects.toThrow(/its size is 2147483647x11/);
  const other = whole.slice();
  other[25] = 5;
  await expect(decodePng(other, "x.png")).rejects.toThrow(/colour type 5 with 8 bits/);
});

/** A 2×2 PNG of grey numbers. */
const grey = (...data: number[]) =>
  encodePng({ kind: "image", height: 2, width: 2, channels: 1, data: Uint8Array.from(data) });
const colours = (...data: number[]) =>
  encodePng({ kind: "image", height: 2, width: 2, channels: 3, data: Uint8Array.from(data) });
const rule = (classes: MaskClasses, ...ignored: number[]) => ({ classes, ignored: new Set(ignored) });

describe("decodeMask", () => {
  test("maps numbers to classes in their order; what does not count is 255", async () => {
    const classes = numberedClasses([7, 0, 30]);
    expect(classes.names).toEqual(["0", "7", "30"]);
    const { data, ...size } = await decodeMask(await grey(30, 7, 0, 255), "m.png", rule(classes, 255));
    expect([size, [...data]]).toEqual([{ height: 2, width: 2 }, [2, 1, 0, 255]]);
  });

  test("lists numbers that are no class, and those that are", async () => {
    const decode = decodeMask(await grey(3, 3, 1, 9), "m.png", rule(numberedClasses([0, 1]), 255));
    await expect(decode).rejects.toThrow(
      /m\.png: numbers that are no class: 3 \(2 pixels\), 9 \(1 pixels\); known are 0, 1/,
    );
  });

  test("takes 16 bits where classes are many", async () => {
    const classes = numberedClasses(Array.from({ length: 300 }, (_, c) => c + 2));
    const { data } = await decodeMask(await grey(255, 7, 2, 1), "m.png", rule(classes, 1));
    expect(data).toEqual(Uint16Array.of(253, 5, 0, 65535));
  });

  const painted: MaskClasses = {
    names: ["road", "sky"],
    byNumber: new Map([
      [0, 0],
      [1, 1],
      [2, null],
    ]),
    byColour: new Map([
      [0x804080, 0],
      [0x0000ff, 1],
      [0, null],
    ]),
  };

  test("reads colours by a table", async () => {
    const bytes = await colours(128, 64, 128, 0, 0, 255, 0, 0, 0, 0, 0, 255);
    expect([...(await decodeMask(bytes, "m.png", rule(painted))).data]).toEqual([0, 1, 255, 1]);
    const unknown = await colours(128, 64, 128, 0, 0, 254, 0, 0, 0, 0, 0, 255);
    await expect(decodeMask(unknown, "m.png", rule(painted))).rejects.toThrow(
      /colours .* #0000fe \(1 pixels\); known are #804080/,
    );
  });

  test("reads grey stored as colour by its number, and refuses colours that nothing explains", async () => {
    const same = await colours(1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1);
    expect([...(await decodeMask(same, "m.png", rule(numberedClasses([0, 1])))).data]).toEqual([1, 0, 0, 1]);
    const mixed = await colours(1, 1, 1, 0, 0, 0, 9, 0, 0, 1, 1, 1);
    await expect(numbersInMask(mixed, "m.png")).rejects.toThrow(
      /nothing says what they stand for.*classes\.json/,
    );
  });

  test("reads a palette's index, and refuses one that paints it as another class", async () => {
    const indexed = async (palette: readonly string[]) => {
      const raw = Uint8Array.from({ length: 12 }, (_, i) => [0x80, 0x40, 0x80, 0, 0, 0xff][i % 6]!);
      const png = await sharp(raw, { raw: { width: 2, height: 2, channels: 3 } })
        .png({ palette: true, colours: 2, effort: 10, dither: 0 })
        .toBuffer();
      const stored = await decodePng(png, "m.png");
      expect(stored.colour).toBe("palette");
      const first = stored.samples[0]!;
      return decodeMask(png, "m.png", {
        classes: {
          ...painted,
          byNumber: new Map([
            [first, palette.indexOf("road")],
            [1 - first, palette.indexOf("sky")],
          ]),
        },
        ignored: new Set(),
      });
    };
    expect([...(await indexed(["road", "sky"])).data]).toEqual([0, 1, 0, 1]);
    await expect(indexed(["sky", "road"])).rejects.toThrow(
      /its palette paints index \d \("sky"\) in #804080, the colour of "road"/,
    );
  });

  test("refuses a JPEG by its name", async () => {
    await expect(numbersInMask(Uint8Array.of(0xff, 0xd8, 0xff), "m.jpg")).rejects.toThrow(
      /JPEG cannot hold a mask/,
    );
  });
});
