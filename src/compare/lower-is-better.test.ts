import { beforeAll, expect, it } from "vitest";
import { createMemoryFiles } from "../platform/memory-files.ts";
import { tableMarkdown } from "./markdown.ts";
import { renderComparison } from "./page/page.ts";
import { comparisonVerdict } from "./page/verdict.ts";
import { type Comparison, gatherResults } from "./results.ts";
import { runMethods } from "./run-methods.ts";
import { type CompareConfig, parseCompare } from "./schema.ts";
import { scriptedTrain } from "./scripted-train.fixtures.ts";
import { tableJson, tableLatex, tableRows } from "./table.ts";

// RMSE by method and seed, far above 1 so that per cent would stand out.
const TEST = { adamw: [20, 21, 22], spd: [20.1, 20.9, 22], "l2-sp": [24, 25.5, 26] } as const;
const SHIFT = { adamw: [40, 41, 42], spd: [30, 31.5, 32], "l2-sp": [45, 46.5, 47] } as const;

const settingsFor = (seeds: number[]): CompareConfig =>
  parseCompare({
    out: "c",
    base: { model: "m.onnx", data: "d", shifts: { other: "o" } },
    methods: ["adamw", { method: "spd", search: { "optimizer.strength": [0.5, 1, 2] } }, "l2-sp"],
    seeds,
    trials: 3,
    widen: 0,
  });

async function compared(settings: CompareConfig): Promise<Comparison> {
  const files = createMemoryFiles();
  const train = scriptedTrain(files, ({ method, seed, optimizer }) => {
    const name = method as keyof typeof TEST; // the methods above
    const at = Math.max(0, seed - 1);
    const validation = 19 + Math.abs((optimizer.strength ?? 1) - 1);
    return { metric: "rmse", validation, test: [TEST[name][at]!], shift: [SHIFT[name][at]!] };
  });
  return gatherResults(files, settings, await runMethods(settings, { files, train }));
}

const settings = settingsFor([1, 2, 3]);
let comparison: Comparison;
beforeAll(async () => {
  comparison = await compared(settings);
});

const rowOf = (name: string) => comparison.methods.find((m) => m.name === name)!;

it("the setting with the lowest error is chosen", () => {
  expect(rowOf("spd").setting).toBe("strength 1");
  expect(comparison.chosenBy).toMatchObject({ name: "rmse", higherIsBetter: false });
});

it("differences are of seeds in pairs, with a t interval: −10, −9.5, −10 is −9.83 ± 4.303 · 0.2887 / √3", () => {
  const { against } = rowOf("spd");
  expect(against?.pairedBy).toBe("seeds");
  expect(against?.ood?.value).toBeCloseTo(-29.5 / 3, 12);
  expect((against!.ood!.high - against!.ood!.low) / 2).toBeCloseTo((4.302653 * 0.288675) / Math.sqrt(3), 5);
});

it("tables print the metric in its own unit, and say that less is better", () => {
  const [head, adamw, spd, l2sp] = tableRows(comparison);
  expect(head?.slice(0, 4)).toEqual(["method", "chosen", "ID RMSE ↓", "other RMSE ↓"]);
  expect(adamw?.slice(2, 4)).toEqual(["21 ± 2.48", "41 ± 2.48"]);
  expect(spd?.at(-1)).toBe("−9.83 (−10.6 to −9.12)");
  expect(l2sp?.at(-1)).toMatch(/^\+5\.17 \(\+/);
  const rows = tableMarkdown(comparison).split("\n");
  expect(rows[3]).toMatch(/no difference seen \(.*\) \| \*\*−9\.83 \(.*\)\*\* \|$/);
  for (const text of [rows.join(), head!.join()]) expect(text).not.toMatch(/ID %|other %|ρ/);
});

it("LaTeX points up for the better method, whose error is lower", () => {
  const rows = tableLatex(comparison)
    .split("\n")
    .filter((l) => l.endsWith("\\\\"));
  expect(rows[0]).toContain("ID RMSE $\\downarrow$");
  expect(rows[2]).toMatch(/^spd\$\^\{\\uparrow\}\$/);
  expect(rows[3]).toMatch(/^l2-sp\$\^\{\\downarrow\}\$/);
});

it("JSON names the metric, its unit and its direction", () => {
  expect(JSON.parse(tableJson(comparison))).toMatchObject({
    ...{ metric: "rmse", unit: "number", higherIsBetter: false, chosenBy: "rmse", line: null },
  });
});

it("the verdict calls the lower error better, and tells why there is no effective robustness", () => {
  const { headline, statements } = comparisonVerdict(comparison, settings);
  expect(headline).toBe("Against adamw on shifted data: spd is better; l2-sp is worse.");
  expect(statements).toContainEqual({
    tone: "good",
    text: expect.stringMatching(
      /^spd against adamw, on shifted data: −9\.83 RMSE \(95.% interval −10\.6 to −9\.12, less is better\)\.$/,
    ),
  });
  expect(statements.map((s) => s.text).join("\n")).toMatch(/No effective robustness: .* RMSE is none/);
});

it("the page has no figure in per cent, and none that is not a number", async () => {
  const page = await renderComparison(comparison, settings);
  const [visible] = page.split('<script type="application/json"');
  expect(visible).not.toMatch(/NaN|undefined|\[object/);
  expect(visible).toContain("RMSE more than adamw; left of 0 is better");
  expect(visible).toContain("strength 1: 19");
  expect(visible).not.toMatch(/\d{3,}(\.\d)?\u202f%/);
});

it("of one seed there is a difference and no judgement", async () => {
  const one = await compared(settingsFor([1]));
  expect(tableRows(one)[2]?.at(-1)).toBe("−10 (one seed)");
  const { headline } = comparisonVerdict(one, settingsFor([1]));
  expect(headline).toBe("Against adamw, one seed's RMSE cannot tell a difference from luck.");
  const [visible] = (await renderComparison(one, settingsFor([1]))).split('<script type="application/json"');
  expect(visible).not.toMatch(/NaN|undefined/);
});
