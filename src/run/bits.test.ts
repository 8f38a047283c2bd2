import { expect, test } from "vitest";
import { packBits, unpackBits } from "./bits.ts";

test("flags are packed as Buffer reads them: bit i % 8 of byte i / 8", () => {
  const flags = [1, 0, 0, 0, 0, 0, 0, 1, 1, 1];
  expect([...Buffer.from(packBits(flags), "base64")]).toEqual([0b10000001, 0b11]);
  expect([...unpackBits(packBits(flags), 10)!]).toEqual(flags);
  expect(packBits([])).toBe("");
});

test("text that does not hold that many flags is refused", () => {
  expect(unpackBits(packBits([1, 0, 1]), 9)).toBeUndefined();
  expect(unpackBits("A", 3)).toBeUndefined();
  expect(unpackBits("****", 20)).toBeUndefined();
});
