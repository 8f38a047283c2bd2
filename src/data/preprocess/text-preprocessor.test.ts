import { expect, test } from "vitest";
import { letters } from "../data.fixtures.ts";
import type { Tokens } from "../dataset.ts";
import type { TextPreprocessing } from "./config.ts";
import { textPreprocessor } from "./text-preprocessor.ts";
import type { Tokenizer } from "./tokenizer.ts";

const config: TextPreprocessing = {
  kind: "text",
  maxLength: 50,
  lengthStep: 8,
  ids: { name: "ids", dtype: "int64" },
  mask: { name: "mask", dtype: "int32" },
  types: null,
  positions: { name: "positions", dtype: "int64" },
};
const tokenizer: Tokenizer = { ...letters, padId: 9 };

function filled(lengths: readonly number[] | undefined, texts: readonly string[]) {
  const preprocessor = textPreprocessor(lengths ? { ...config, lengths } : config, tokenizer);
  const buffer = preprocessor.buffer("", texts.length + 1);
  for (const [row, text] of texts.entries())
    buffer.write(preprocessor.prepare({ kind: "text", text }) as Tokens, row);
  return buffer.inputs(texts.length);
}

test("a batch is filled up to a multiple, at most to the longest, or to the first length that holds it", () => {
  const width = (lengths: number[] | undefined, texts: string[]) =>
    filled(lengths, texts).get("ids")?.dims[1];
  expect(width(undefined, ["a", "b".repeat(9)])).toBe(16);
  expect(width(undefined, ["b".repeat(70)])).toBe(50);
  expect(width([12, 20, 50], ["a"])).toBe(12);
  expect(width([12, 20, 50], ["a", "b".repeat(13)])).toBe(20);
});

test("tokens are followed by the padding id under a mask of zeros, and so are empty rows", () => {
  const inputs = filled([4], ["ab"]);
  const values = (name: string) => Array.from(inputs.get(name)!.data as ArrayLike<number | bigint>, Number);
  expect(values("ids")).toEqual([97, 98, 9, 9, 9, 9, 9, 9]);
  expect(values("mask")).toEqual([1, 1, 0, 0, 0, 0, 0, 0]);
  expect(values("positions")).toEqual([0, 1, 0, 0, 0, 0, 0, 0]);
  expect(inputs.get("mask")?.dtype).toBe("int32");
});
