import { expect, test } from "vitest";
import { ClassificationMeter, softmax } from "./metrics.ts";

test("loss, accuracy and confusion of three examples, worked out by hand; padding rows do not count", () => {
  const meter = new ClassificationMeter(2);
  meter.add(Float32Array.of(0, Math.log(3), 0, 0, 9, 9), [1, 1]);
  meter.add(Float32Array.of(Math.log(4), 0, 5, 5), [0]);
  const r = meter.result();
  expect(r.count).toBe(3);
  expect(r.loss).toBeCloseTo((Math.log(4 / 3) + Math.log(2) + Math.log(5 / 4)) / 3, 6);
  expect(r.accuracy).toBeCloseTo(2 / 3, 12);
  expect(r.confusion).toEqual([
    [1, 0],
    [1, 1],
  ]);
  expect(r.predicted).toEqual([1, 0, 0]);
  expect([...r.correct]).toEqual([0b101]);
});

test("huge logits do not overflow", () => {
  expect(softmax(Float32Array.of(1e30, 0), 0, 2)).toEqual([1, 0]);
  const meter = new ClassificationMeter(2);
  meter.add(Float32Array.of(1e30, 0), [0]);
  expect(meter.result().loss).toBe(0);
});
