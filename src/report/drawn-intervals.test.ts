import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import { packFloats, unpackFloats } from "../run/bits.ts";
import type { RunRecord } from "../run/run-reader.ts";
import { createRandom } from "../tensor/random.ts";
import { renderReport } from "./report.ts";
import { regressionRun } from "./task-runs.fixtures.ts";

const REPLICATES = 400;

/** A run whose RMSE varies by 1 with the choice of examples, whatever the model, and by 0.01 of its own. */
function drawnRun(anchorRule: "spd" | "none", seed: number): RunRecord {
  const run = regressionRun({ anchorRule });
  const own = createRandom(seed);
  return {
    ...run,
    evaluations: run.evaluations.map((e) => {
      const ofSet = createRandom(e.set.length);
      const rmse = e.metrics.rmse!; // the fixture judges by it
      const draws = Array.from({ length: REPLICATES }, () => rmse + ofSet.normal() + 0.01 * own.normal());
      const intervals = { ...e.intervals, rmse: [rmse - 1.96, rmse + 1.96] as const };
      return { ...e, intervals, ...(e.model === "current" ? {} : { draws: { rmse: packFloats(draws) } }) };
    }),
  };
}

test("two models that the same examples make look better or worse are told apart by their paired replicates", async () => {
  const { document } = parseHTML(await renderReport([drawnRun("spd", 1), drawnRun("none", 2)]));
  const texts = (selector: string) =>
    [...document.querySelectorAll(selector)].map((e) => e.textContent?.trim());
  expect(texts(".headline")[0]).toMatch(/is better on shifted data \(RMSE −0\.\d+\)/);
  expect(texts("b.better").length).toBeGreaterThan(0);
  // Their own intervals overlap by far.
  const [low, high] = texts(".results tbody td small")[0]!.split("–").map(Number);
  expect(high! - low!).toBeGreaterThan(3);
  expect(texts(".statements").join(" ")).toMatch(/RMSE −0\.\d+ \(95\u202f% CI −0\.\d+ to −0\.\d+\)/);
});

test("a prediction of numbers is neither right nor wrong", async () => {
  const run = regressionRun();
  const sample = { set: "test", kind: "test", name: "a", expected: "3", answer: "2.9" } as const;
  const { document } = parseHTML(await renderReport([{ ...run, samples: [sample] }]));
  expect(document.querySelector(".sample-set h4")?.textContent).toBe("The farthest off, then others");
  expect(document.querySelector(".tick")).toBeNull();
});

test("numbers come back from a record as they were written, and damaged ones do not", () => {
  const values = [0.5, -1.25, Number.NaN, Number.POSITIVE_INFINITY];
  expect([...unpackFloats(packFloats(values))!]).toEqual(values);
  expect(unpackFloats("AAA=")).toBeUndefined();
  expect(unpackFloats("not base64")).toBeUndefined();
});
