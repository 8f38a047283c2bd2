import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { drawCount } from "../evaluation/resampling.ts";
import { effectiveRobustness, fitRobustnessLine } from "../evaluation/robustness.ts";
import { createRandom } from "../tensor/random.ts";
import { bootstrapDifference, replicatedDifference } from "./bootstrap.ts";
import { meanWithInterval, tQuantile } from "./student-t.ts";

interface Range {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Written by scripts/goldens/statistics.py. */
const goldens = JSON.parse(readFileSync(new URL("./goldens/statistics.json", import.meta.url), "utf8")) as {
  readonly quantiles: readonly { p: number; freedom: number; t: number }[];
  readonly means: readonly (Range & { values: number[] })[];
  readonly bootstraps: readonly (Range & { sets: { group: string; differences: number[][] }[] })[];
  readonly line: {
    readonly ids: number[];
    readonly oods: number[];
    readonly slope: number;
    readonly intercept: number;
    readonly r2: number;
    readonly at: { id: number; ood: number; rho: number };
  };
};

it("quantiles of Student's t are SciPy's", () => {
  for (const { p, freedom, t } of goldens.quantiles) expect(tQuantile(p, freedom)).toBeCloseTo(t, 9);
});

describe("the mean over seeds", () => {
  it.each(goldens.means)("has SciPy's t interval for $values", ({ values, value, low, high }) => {
    const mean = meanWithInterval(values);
    expect(mean.value).toBeCloseTo(value, 12);
    expect(mean.low).toBeCloseTo(low, 9);
    expect(mean.high).toBeCloseTo(high, 9);
  });

  it("of a single seed has no interval", () => {
    expect(meanWithInterval([0.5])).toEqual({ value: 0.5, low: Number.NaN, high: Number.NaN });
  });
});

describe("the bootstrap over seeds and examples", () => {
  // NumPy drew 20 000 replicates and this 4000: their percentiles differ by chance, by about 2 % of the width.
  it.each(goldens.bootstraps.map((b, i) => ({ i, ...b })))("agrees with NumPy's, case $i", (golden) => {
    const sets = golden.sets.map(({ group, differences }) => ({
      group,
      differences: differences.map((row) => Int8Array.from(row)),
    }));
    const got = bootstrapDifference(sets, createRandom(3), 4000);
    const width = golden.high - golden.low;
    expect(got.value).toBeCloseTo(golden.value, 12);
    expect(Math.abs(got.low - golden.low)).toBeLessThan(0.08 * width);
    expect(Math.abs(got.high - golden.high)).toBeLessThan(0.08 * width);
  });

  it("is the same from replicates of the examples as from the examples", () => {
    const random = createRandom(4);
    const count = 400;
    const rows = [0, 0.05, 0.1].map((shift) =>
      Int8Array.from({ length: count }, () =>
        random.next() < 0.3 + shift ? 1 : random.next() < 0.2 ? -1 : 0,
      ),
    );
    const replicated = rows.map((row) => {
      const draws = new Float64Array(400);
      for (let r = 0; r < draws.length; r++) {
        let [sum, weight] = [0, 0];
        row.forEach((d, i) => {
          const times = drawCount(i, r);
          sum += times * d;
          weight += times;
        });
        draws[r] = sum / weight;
      }
      return { value: row.reduce((a, b) => a + b, 0) / count, draws };
    });
    const expected = bootstrapDifference([{ group: "test", differences: rows }], createRandom(3), 4000);
    const got = replicatedDifference([replicated], createRandom(3))!;
    const width = expected.high - expected.low;
    expect(got.value).toBeCloseTo(expected.value, 12);
    // 400 replicates: ends vary by about 0.13 deviations, 3 % of the width.
    expect(Math.abs(got.low - expected.low)).toBeLessThan(0.1 * width);
    expect(Math.abs(got.high - expected.high)).toBeLessThan(0.1 * width);
  });

  it("of two methods that agree everywhere has no width", () => {
    const same = { group: "test", differences: [new Int8Array(20), new Int8Array(20)] };
    expect(bootstrapDifference([same], createRandom(1), 100)).toEqual({ value: 0, low: 0, high: 0 });
  });

  it("is the same for the same random numbers", () => {
    const sets = [{ group: "test", differences: [Int8Array.of(1, 0, -1, 1), Int8Array.of(0, 0, 1, 1)] }];
    expect(bootstrapDifference(sets, createRandom(9), 50)).toEqual(
      bootstrapDifference(sets, createRandom(9), 50),
    );
  });
});

describe("effective robustness", () => {
  const { ids, oods, slope, intercept, r2, at } = goldens.line;
  const counts = { idCount: 1000, oodCount: 1000 };
  const models = ids.map((id, i) => ({ id, ood: oods[i]!, ...counts }));

  it("is measured from SciPy's line through logits", () => {
    const line = fitRobustnessLine(models);
    expect(line).toMatchObject({ points: 5 });
    expect(line!.slope).toBeCloseTo(slope, 10);
    expect(line!.intercept).toBeCloseTo(intercept, 10);
    expect(line!.r2).toBeCloseTo(r2, 10);
    expect(effectiveRobustness(line!, { ...at, ...counts })).toBeCloseTo(at.rho, 10);
  });

  it("takes exact 0 and 1 as half an example away", () => {
    const line = fitRobustnessLine([...models, { id: 1, ood: 0, idCount: 50, oodCount: 50 }])!;
    const clipped = fitRobustnessLine([...models, { id: 0.99, ood: 0.01, idCount: 50, oodCount: 50 }])!;
    expect(line).toEqual(clipped);
    expect(Number.isFinite(line.slope)).toBe(true);
  });

  it("has no line through two models, or through models that are all alike", () => {
    expect(fitRobustnessLine(models.slice(0, 2))).toBeNull();
    expect(fitRobustnessLine([models[0]!, models[0]!, models[0]!])).toBeNull();
  });
});
