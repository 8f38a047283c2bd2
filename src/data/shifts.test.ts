import { expect, test } from "vitest";
import { expandShifts } from "./shifts.ts";

test("a range of severities stands for a set each, and a corruption alone for all five", () => {
  const five = Object.fromEntries([1, 2, 3, 4, 5].map((s) => [`fog-${s}`, `corruption:fog:${s}`]));
  expect(expandShifts({ weather: "corruption:fog:1-5" }, "image")).toEqual(five);
  expect(expandShifts({ weather: "corruption:fog" }, "image")).toEqual(five);
  expect(Object.keys(expandShifts({ fog: "corruption:fog:2-3" }, "image"))).toEqual(["fog-2", "fog-3"]);
});

test("a star stands for every corruption that fits the examples", () => {
  expect(expandShifts({ all: "corruption:*:3" }, "text")).toEqual({
    "typos-3": "corruption:typos:3",
    "casing-3": "corruption:casing:3",
  });
  expect(Object.keys(expandShifts({ all: "corruption:*" }, "image"))).toHaveLength(20);
  expect(Object.keys(expandShifts({ all: "corruption:*" }, "image-text"))).toHaveLength(20);
  expect(() => expandShifts({ all: "corruption:*:3" }, "array")).toThrow(/no corruption for .* array/);
});

test("paths and single severities stay as they are, and what was written out is written out the same again", () => {
  const shifts = { phone: "./a:b", haze: "corruption:fog:3" };
  expect(expandShifts(shifts, "image")).toEqual(shifts);
  const once = expandShifts({ all: "corruption:*", fog: "corruption:fog:1-3" }, "image");
  expect(expandShifts(once, "image")).toEqual(once);
});

test.each([
  "corruption:fgo:1-5",
  "corruption:fog:0",
  "corruption:fog:4-2",
  "corruption:fog:1-6",
  "corruption:",
])("%s is refused by what was expected", (spec) => {
  expect(() => expandShifts({ s: spec }, "image")).toThrow(/shifts\.s: .*expected corruption:NAME:SEVERITY/);
});

test("two different sets of one name are refused", () => {
  const shifts = { "fog-1": "data/fog", fog: "corruption:fog" };
  expect(() => expandShifts(shifts, "image")).toThrow(/makes a set "fog-1", and another one has that name/);
});
