import { expect, it } from "vitest";
import { createMemoryFiles } from "../platform/memory-files.ts";
import { joinPath } from "../platform/paths.ts";
import { packBits } from "../run/bits.ts";
import { RUN_FILES } from "../run/folder.ts";
import type { InterpolationRecord, SetKind } from "../run/records.ts";
import { gatherResults } from "./results.ts";
import { runMethods } from "./run-methods.ts";
import { parseCompare } from "./schema.ts";
import { scriptedTrain } from "./scripted-train.fixtures.ts";

const set = (name: string, kind: SetKind, hits: readonly number[]) => ({
  ...{ set: name, kind, count: hits.length },
  metrics: { accuracy: hits.reduce((a, b) => a + b, 0) / hits.length, loss: 1 },
  correct: packBits(hits),
});

/** Two seeds of AdamW, right for 2 of 4 on both sets; the walks of `walked` found 3 of 4 and 4 of 4 at share 0.5. */
async function walkedComparison(walked: readonly number[]) {
  const files = createMemoryFiles();
  const settings = parseCompare({
    out: "c",
    base: { model: "m.onnx", data: "d", shifts: { other: "o" } },
    methods: ["adamw"],
    seeds: [1, 2],
    trials: 0,
  });
  const half = [1, 1, 0, 0];
  const train = scriptedTrain(files, () => ({ validation: 0.9, test: half, shift: half }));
  const compared = await runMethods(settings, { files, train });
  for (const [seed, folder] of compared.methods[0]!.runs) {
    if (!walked.includes(seed)) continue;
    const sets = [set("test", "test", [1, 1, 1, 0]), set("other", "shift", [1, 1, 1, 1])];
    const record: InterpolationRecord = { from: "probe", points: [{ share: 0.5, sets }], chosen: 0.5 };
    await files.write(joinPath(folder, RUN_FILES.interpolation), JSON.stringify(record));
  }
  return gatherResults(files, settings, compared);
}

it("a method whose runs were all walked has a row of its mixed weights, in pairs with the baseline", async () => {
  const { methods } = await walkedComparison([1, 2]);
  expect(methods.map((m) => [m.name, m.setting])).toEqual([
    ["adamw", ""],
    ["adamw+wise-ft", "share 0.5"],
  ]);
  const row = methods[1]!;
  expect([row.id?.value, row.ood?.value]).toEqual([0.75, 1]);
  expect([row.against?.id?.value, row.against?.ood?.value]).toEqual([0.25, 0.5]);
  // The scripted runs moved by 1.
  expect(row.deviation?.value).toBe(0.5);
});

it("there is no such row while a run has not been walked", async () => {
  const { methods } = await walkedComparison([1]);
  expect(methods.map((m) => m.name)).toEqual(["adamw"]);
});
