import { beforeAll, expect, it } from "vitest";
import { createMemoryFiles } from "../platform/memory-files.ts";
import { tableMarkdown } from "./markdown.ts";
import { type Comparison, gatherResults } from "./results.ts";
import { runMethods } from "./run-methods.ts";
import { parseCompare } from "./schema.ts";
import { scriptedTrain } from "./scripted-train.fixtures.ts";
import { tableCsv, tableJson, tableLatex, tableRows } from "./table.ts";

// Right answers on ten test and ten shifted examples, by method and seed.
const TEST = { adamw: [8, 9, 10], spd: [9, 9, 9], "linear-probe": [5, 6, 5] } as const;
const SHIFT = { adamw: [4, 5, 6], spd: [8, 8, 9], "linear-probe": [3, 4, 3] } as const;
const firstTen = (count: number) => Array.from({ length: 10 }, (_, i) => (i < count ? 1 : 0));

let comparison: Comparison;

beforeAll(async () => {
  const files = createMemoryFiles();
  const settings = parseCompare({
    out: "c",
    base: { model: "m.onnx", data: "d", shifts: { other: "o" } },
    methods: ["adamw", "spd", { method: "linear-probe", search: { "optimizer.lr": [1e-3, 1e-2] } }],
    trials: 2,
    widen: 0,
  });
  const train = scriptedTrain(files, ({ method, seed }) => {
    const name = method as keyof typeof TEST; // the methods above
    const at = Math.max(0, seed - 1);
    return { validation: 0.9, test: firstTen(TEST[name][at]!), shift: firstTen(SHIFT[name][at]!) };
  });
  comparison = await gatherResults(files, settings, await runMethods(settings, { files, train }));
});

const rowOf = (name: string) => comparison.methods.find((m) => m.name === name)!;

it("means over seeds have t intervals: 0.8, 0.9, 1 is 0.9 ± 4.303 · 0.1 / √3", () => {
  const { id } = rowOf("adamw");
  expect(id?.value).toBeCloseTo(0.9, 12);
  expect((id!.high - id!.low) / 2).toBeCloseTo((4.302653 * 0.1) / Math.sqrt(3), 6);
});

it("differences are paired by seed and example, and their interval holds 0 or not", () => {
  const { against } = rowOf("spd");
  expect(against?.seeds).toEqual([1, 2, 3]);
  // 0.9 − 0.8, 0.9 − 0.9, 0.9 − 1 on the test set; 0.4, 0.3, 0.3 on the shift.
  expect(against?.id?.value).toBeCloseTo(0, 12);
  expect(against?.ood?.value).toBeCloseTo(1 / 3, 12);
  expect(against!.id!.low).toBeLessThan(0);
  expect(against!.id!.high).toBeGreaterThan(0);
  expect(against!.ood!.low).toBeGreaterThan(0);
  expect(rowOf("adamw").against).toBeUndefined();
});

it("the line of effective robustness is fitted on runs and trials of ordinary methods alone", () => {
  expect(comparison.standard).toEqual(["adamw", "linear-probe"]);
  // Three runs and two trials of each.
  expect(comparison.line?.points).toBe(10);
  expect(rowOf("spd").effectiveRobustness!.value).toBeGreaterThan(0.2);
});

it("the terminal's table says where no difference was seen", () => {
  const [head, adamw, spd, probe] = tableRows(comparison);
  expect(head?.slice(0, 4)).toEqual(["method", "chosen", "ID %", "other %"]);
  expect(adamw?.at(-1)).toBe("baseline");
  expect(spd?.at(-1)).toMatch(/^\+33\.3 \(\+/);
  expect(probe?.at(-1)).toMatch(/^no difference seen \(−/);
  const even: Comparison = {
    ...comparison,
    methods: [
      { ...rowOf("spd"), against: { ...rowOf("spd").against!, ood: { value: 0, low: -0.1, high: 0.1 } } },
    ],
  };
  expect(tableRows(even)[1]?.at(-1)).toBe("no difference seen (−10.0 to +10.0)");
});

it("CSV has every number in full, one line per method", () => {
  const [head, ...lines] = tableCsv(comparison).trimEnd().split("\n");
  expect(lines).toHaveLength(3);
  const columns = head!.split(",");
  const adamw = lines[0]!.split(",");
  expect(Number(adamw[columns.indexOf("id")])).toBeCloseTo(0.9, 12);
  expect(adamw[columns.indexOf("seeds")]).toBe("1 2 3");
  expect(adamw[columns.indexOf("difference_id")]).toBe("");
  expect(lines.every((line) => line.split(",").length === columns.length)).toBe(true);
});

it("JSON has the same rows, and names every run's folder", () => {
  const read = JSON.parse(tableJson(comparison));
  expect(read).toMatchObject({ format: "holdfast-compare/1", baseline: "adamw", metric: "accuracy" });
  expect(read.methods[1].against.ood.value).toBeCloseTo(1 / 3, 12);
  expect(read.methods[1].runs[0]).toMatchObject({
    seed: 1,
    folder: expect.stringMatching(/^c\/runs\/spd\/seed-1-[0-9a-f]{8}$/),
    peakMemoryBytes: 5e8,
  });
});

it("LaTeX is a tabular whose rows have as many cells as the head, with an arrow where a difference was seen", () => {
  const lines = tableLatex(comparison).split("\n");
  const rows = lines.filter((l) => l.endsWith("\\\\"));
  expect(rows).toHaveLength(4);
  expect(new Set(rows.map((r) => r.split("&").length)).size).toBe(1);
  expect(rows[2]).toMatch(/^spd\$\^\{\\uparrow\}\$ & 90\.0 \$\\pm\$ 0\.0/);
  expect(rows[0]).toContain("ID \\%");
});

it("Markdown has the difference on both sides, bold where it was seen", () => {
  const rows = tableMarkdown(comparison).trimEnd().split("\n");
  expect(rows).toHaveLength(5);
  expect(new Set(rows.map((r) => r.split(" | ").length)).size).toBe(1);
  expect(rows[0]).toMatch(/\| ID − adamw \| OOD − adamw \|$/);
  expect(rows[3]).toMatch(/^\| spd .*no difference seen \(.*\) \| \*\*\+33\.3 \(.*\)\*\* \|$/);
});
