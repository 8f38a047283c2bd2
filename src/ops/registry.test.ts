import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { LATEST } from "./define.ts";
import { allOps } from "./registry.ts";

/** First and last opset of every ai.onnx operator; scripts/goldens/operator-opsets.py takes them from the onnx package. */
const existence = JSON.parse(
  readFileSync(new URL("./fixtures/operator-opsets.json", import.meta.url), "utf8"),
) as Record<string, [since: number, until: number]>; // the script writes no other shape

/** The oldest opset that ONNX Runtime promises to run. */
const OLDEST = 7;

const standard = allOps.filter((def) => (def.domain ?? "") === "");
const names = [...new Set(standard.map((def) => def.opType))].sort();

describe("the registry", () => {
  test.each(names)("%s has one record at each opset in which it exists", (name) => {
    const records = standard.filter((def) => def.opType === name);
    // An operator that ONNX does not define is one of ONNX Runtime's own, which exist at every opset.
    const [since, until] = existence[name] ?? [1, LATEST];
    const wrong: Record<number, number> = {};
    for (let opset = Math.max(since, OLDEST); opset <= until; opset++) {
      const count = records.filter((def) => def.opsets[0] <= opset && opset <= def.opsets[1]).length;
      if (count !== 1) wrong[opset] = count;
    }
    expect(wrong).toEqual({});
  });

  test("has no two records of one operator of another domain", () => {
    const others = allOps.filter((def) => def.domain).map((def) => `${def.domain}.${def.opType}`);
    expect(others).toEqual([...new Set(others)]);
  });
});
