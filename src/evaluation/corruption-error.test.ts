import { expect, it } from "vitest";
import { type CorruptionErrors, meanCorruptionError, relativeCorruptionError } from "./corruption-error.ts";

function errors(clean: number, corrupted: Record<string, Record<number, number>>): CorruptionErrors {
  const bySeverity = (row: Record<number, number>) =>
    new Map(Object.entries(row).map(([severity, error]) => [Number(severity), error]));
  return {
    clean,
    corrupted: new Map(Object.entries(corrupted).map(([name, row]) => [name, bySeverity(row)])),
  };
}

const reference = errors(0.1, { fog: { 1: 0.2, 3: 0.4 }, noise: { 1: 0.3, 3: 0.5, 5: 0.7 } });
const model = errors(0.05, { fog: { 1: 0.1, 3: 0.2 }, noise: { 1: 0.3, 5: 0.9 }, blur: { 1: 0.5 } });

it("mCE, worked out by hand over what both were judged under", () => {
  expect(meanCorruptionError(model, reference)).toBeCloseTo((0.3 / 0.6 + 1.2 / 1.0) / 2, 12);
  expect(meanCorruptionError(reference, reference)).toBe(1);
});

it("relative mCE takes off the errors that are there without corruption", () => {
  expect(relativeCorruptionError(model, reference)).toBeCloseTo((0.2 / 0.4 + 1.1 / 0.8) / 2, 12);
});

it("nothing in common has no mCE", () => {
  expect(meanCorruptionError(model, errors(0.1, { jpeg: { 1: 0.2 } }))).toBeNaN();
});
