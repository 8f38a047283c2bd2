import { expect, test } from "vitest";
import { createRandom } from "../tensor/random.ts";
import { GradientMask } from "./gradient-mask.ts";

test("keeps exactly the share of elements whose magnitudes are largest, over all tensors together", () => {
  const random = createRandom(5);
  const magnitudes = new Map(
    [300, 1, 77].map((n, k) => [`w${k}`, Float32Array.from({ length: n }, () => random.normal() ** 2)]),
  );
  const all = [...magnitudes.values()].flatMap((m) => [...m]).sort((a, b) => b - a);
  const mask = GradientMask.ofLargest(magnitudes, 0.1);
  expect(mask.count).toBe(38);
  const gradients = new Map([...magnitudes].map(([name, m]) => [name, m.slice()]));
  gradients.set("head", Float32Array.of(1, 2));
  mask.apply(gradients);
  const left = [...gradients].filter(([name]) => name !== "head").flatMap(([, g]) => [...g]);
  expect(left.filter((g) => g !== 0).sort((a, b) => b - a)).toEqual(all.slice(0, 38));
  expect(gradients.get("head")).toEqual(Float32Array.of(1, 2));
});

test("of equal magnitudes the first are taken, as many as the share allows", () => {
  const mask = GradientMask.ofLargest(new Map([["w", new Float32Array(10).fill(2)]]), 0.3);
  const gradients = new Map([["w", Float32Array.from({ length: 10 }, (_, i) => i + 1)]]);
  mask.apply(gradients);
  expect([...gradients.get("w")!]).toEqual([1, 2, 3, 0, 0, 0, 0, 0, 0, 0]);
});

test("a share of 1 keeps everything, zeros too", () => {
  const mask = GradientMask.ofLargest(new Map([["w", Float32Array.of(0, 3, 0)]]), 1);
  const gradients = new Map([["w", Float32Array.of(1, 2, 3)]]);
  mask.apply(gradients);
  expect([...gradients.get("w")!]).toEqual([1, 2, 3]);
});
