import { expect, test } from "vitest";
import type { Sample } from "./dataset.ts";
import { type Input, pairInputs } from "./pair-inputs.ts";

const image = (shade: number): Input => ({
  name: `${shade}.png`,
  kind: "image",
  load: async () => ({ kind: "image", height: 1, width: 1, channels: 1, data: Uint8Array.of(shade) }),
});
const text = (words: string): Input => ({
  name: words,
  kind: "text",
  load: async () => ({ kind: "text", text: words }),
});

async function halves(inputs: readonly Input[]): Promise<unknown[]> {
  const samples: Sample[] = await Promise.all(inputs.map((input) => input.load()));
  return samples.map(
    (s) => s.kind === "image-text" && s.text.kind === "text" && [s.image.data[0], s.text.text],
  );
}

test("each image and each text is in a pair, the fewer again and again", async () => {
  const pairs = pairInputs([image(1), text("a"), text("b"), image(2), text("c")]);
  expect(pairs.map(({ name, kind }) => [name, kind])).toEqual([
    ["1.png", "image-text"],
    ["2.png", "image-text"],
    ["1.png", "image-text"],
  ]);
  expect(await halves(pairs)).toEqual([
    [1, "a"],
    [2, "b"],
    [1, "c"],
  ]);
});

test("pairs stay, and lend an image to texts that have none", async () => {
  const [pair] = pairInputs([image(7), text("x")]);
  expect(await halves(pairInputs([text("y"), pair!]))).toEqual([
    [7, "x"],
    [7, "y"],
  ]);
});

test("images alone, texts alone and other things are refused by name", () => {
  expect(() => pairInputs([image(1)])).toThrow(
    /there are only images: give a table with columns image and caption/,
  );
  expect(() => pairInputs([text("a")])).toThrow(/there are only texts/);
  const sound: Input = { name: "a.wav", kind: "audio", load: text("").load };
  expect(() => pairInputs([image(1), sound])).toThrow(
    /a\.wav: the model takes images and texts, this is of kind audio/,
  );
});
