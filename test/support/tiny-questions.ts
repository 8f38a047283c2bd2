import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodePng } from "../../src/data/encode-png.ts";
import { createRandom } from "../../src/tensor/random.ts";

/** Height and width of the images. */
export const SIZE = 16;
export const COLOURS = {
  red: [220, 30, 30],
  green: [30, 220, 30],
  blue: [30, 30, 220],
  yellow: [220, 220, 30],
};

/**
 * Writes `name.jsonl` and images beside it: squares of one colour on grey noise, and two questions about each, one for its
 * colour, one that the image does not matter for.
 */
export async function writeQuestions(
  folder: string,
  name: string,
  { count, seed }: { readonly count: number; readonly seed: number },
): Promise<void> {
  const random = createRandom(seed);
  mkdirSync(join(folder, name), { recursive: true });
  const rows: object[] = [];
  for (let k = 0; k < count; k++) {
    const [colour, rgb] = Object.entries(COLOURS)[k % 4]!;
    const [top, left] = [random.integer(6), random.integer(6)];
    const data = new Uint8Array(SIZE * SIZE * 3);
    data.forEach((_, i) => {
      const [y, x] = [Math.floor(i / (3 * SIZE)), Math.floor(i / 3) % SIZE];
      const isInside = y >= top && y < top + 10 && x >= left && x < left + 10;
      data[i] = isInside ? rgb[i % 3]! : 110 + random.integer(20);
    });
    const image = `${name}/${k}.png`;
    writeFileSync(
      join(folder, image),
      await encodePng({ kind: "image", height: SIZE, width: SIZE, channels: 3, data }),
    );
    // One of ten people always says something else.
    const answers = [...Array(9).fill(colour), "no"] as string[];
    rows.push({ image, question: "what colour is the square?", answers });
    if (k % 4 === 0)
      rows.push({ image, question: "how many squares?", answers: Array(10).fill("1") as string[] });
  }
  writeFileSync(join(folder, `${name}.jsonl`), rows.map((row) => JSON.stringify(row)).join("\n"));
}
