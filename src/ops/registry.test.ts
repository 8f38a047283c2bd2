import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Graph } from "../onnx/graph.ts";
import { Node } from "../onnx/node.ts";
import { Value } from "../onnx/value.ts";
import { isComposite, LATEST } from "./define.ts";
import { allOps, createOpBuilder, opOf } from "./registry.ts";

/** What operators there are; scripts/goldens/operator-opsets.py takes them from onnx and onnxruntime. */
const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), "utf8"));
// The script writes no other shapes.
const known = fixture("operator-opsets") as Record<string, { versions: number[]; until: number }>;
const microsoft = fixture("microsoft-operators") as string[];

/** The oldest opset that ONNX Runtime promises to run. */
const OLDEST = 7;

const standard = allOps.filter((def) => (def.domain ?? "") === "");
const names = Object.keys(known).filter((name) => !name.includes(":") && known[name]!.until >= OLDEST);

describe("the registry", () => {
  test.each(names)("%s has one record at each opset in which it exists", (name) => {
    const records = standard.filter((def) => def.opType === name);
    const { versions, until } = known[name]!; // `names` are keys
    const wrong: Record<number, number> = {};
    for (let opset = Math.max(versions[0]!, OLDEST); opset <= until; opset++) {
      const count = records.filter((def) => def.opsets[0] <= opset && opset <= def.opsets[1]).length;
      if (count !== 1) wrong[opset] = count;
    }
    expect(wrong).toEqual({});
  });

  test("holds no ai.onnx operator that ONNX does not define, but ONNX Runtime's own", () => {
    const others = standard.map((def) => def.opType).filter((name) => !(name in known));
    expect([...new Set(others)]).toEqual(["SimplifiedLayerNormalization"]);
  });

  test("answers for every operator of com.microsoft, ai.onnx.ml and the training domain", () => {
    const have = new Set(allOps.map((def) => `${def.domain ?? ""}:${def.opType}`));
    const domains = Object.keys(known).filter((name) => name.includes(":"));
    const asked = [...microsoft.map((name) => `com.microsoft:${name}`), ...domains];
    expect(asked.filter((key) => !have.has(key))).toEqual([]);
    expect(asked.length).toBeGreaterThan(140);
  });

  test("has no two records of one operator of another domain", () => {
    const others = allOps.filter((def) => def.domain).map((def) => `${def.domain}.${def.opType}`);
    expect(others).toEqual([...new Set(others)]);
  });

  test("says of an operator that it refuses why, and what to do", () => {
    const refused = allOps.filter((def) => !isComposite(def) && def.refused);
    expect(refused.length).toBeGreaterThan(50);
    for (const { opType, domain } of refused) {
      const graph = new Graph("refused");
      const x = new Value("x", { dtype: "float32", dims: [2] });
      graph.inputs.push(x);
      const node = new Node(opType, [x], 1, { domain: domain ?? "", name: "here" });
      const b = createOpBuilder(graph, LATEST);
      expect(() => b.append(node)).toThrow(
        new RegExp(`^(\\S+\\.)?${opType} "here" \\(domain ${domain || "ai.onnx"}, opset .*--head.from`),
      );
    }
  });

  test("tells how to get a file that was not laid out for one processor", () => {
    const node = new Node("Conv", [], 1, { domain: "com.microsoft.nchwc", name: "conv1" });
    expect(() => opOf(node, 1)).toThrow('at the optimization level "extended"');
  });
});
