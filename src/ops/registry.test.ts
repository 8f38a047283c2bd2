import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { LATEST } from "./define.ts";
import { allOps } from "./registry.ts";

/** Every ai.onnx operator with the opsets in which it changed; written from the onnx package by a committed script. */
const versions = JSON.parse(
  readFileSync(new URL("./fixtures/operator-versions.json", import.meta.url), "utf8"),
) as Record<string, number[]>; // the script writes no other shape

/** The oldest opset that ONNX Runtime promises to run. */
const OLDEST = 7;

const standard = allOps.filter((def) => (def.domain ?? "") === "");
const names = [...new Set(standard.map((def) => def.opType))].sort();

describe("the registry", () => {
  test.each(names)("%s has one record at each opset in which it exists", (name) => {
    const records = standard.filter((def) => def.opType === name);
    const first = Math.max(OLDEST, versions[name]?.[0] ?? 1);
    const counts: Record<number, number> = {};
    for (let opset = first; opset <= LATEST; opset++) {
      const count = records.filter((def) => def.opsets[0] <= opset && opset <= def.opsets[1]).length;
      if (count !== 1) counts[opset] = count;
    }
    expect(counts).toEqual({});
  });

  test("ends every last range at the newest opset", () => {
    for (const name of names) {
      const ends = standard.filter((def) => def.opType === name).map((def) => def.opsets[1]);
      expect({ name, end: Math.max(...ends) }).toEqual({ name, end: LATEST });
    }
  });

  test("has one record of each operator of another domain", () => {
    const others = allOps.filter((def) => def.domain).map((def) => `${def.domain}.${def.opType}`);
    expect(new Set(others).size).toBe(others.length);
  });
});
