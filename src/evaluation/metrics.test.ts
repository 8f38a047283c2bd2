import { expect, test } from "vitest";
import { tensor } from "../tensor/tensor.ts";
import { ClassificationMeter, softmax } from "./metrics.ts";

const batch = (logits: readonly number[], labels: readonly number[], indices: readonly number[]) => ({
  output: tensor("float32", [logits.length / 2, 2], Float32Array.from(logits)),
  targets: tensor("int64", [labels.length], BigInt64Array.from(labels, BigInt)),
  indices,
});

test("loss, accuracy and confusion of three examples, worked out by hand; padding rows do not count, order does not matter", () => {
  const meter = new ClassificationMeter(2);
  meter.add(batch([0, Math.log(3), 0, 0, 9, 9], [1, 1, -100], [2, 1]));
  meter.add(batch([Math.log(4), 0, 5, 5], [0, -100], [0]));
  const r = meter.result();
  expect(r.count).toBe(3);
  expect(r.metrics.loss).toBeCloseTo((Math.log(4 / 3) + Math.log(2) + Math.log(5 / 4)) / 3, 6);
  expect(r.metrics.accuracy).toBeCloseTo(2 / 3, 12);
  expect(r.confusion).toEqual([
    [1, 0],
    [1, 1],
  ]);
  expect(Array.from(r.wrongness)).toEqual([0, 1.5, 0]);
  expect(Array.from(r.correct!)).toEqual([0b101]);
});

test("huge logits do not overflow", () => {
  expect(softmax(Float32Array.of(1e30, 0), 0, 2)).toEqual([1, 0]);
  const meter = new ClassificationMeter(2);
  meter.add(batch([1e30, 0], [0], [0]));
  expect(meter.result().metrics.loss).toBe(0);
});
