import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { decodeModel } from "../src/onnx/decode.ts";
import { type BackendCase, readCases, unpackCases } from "./support/backend-case.ts";
import { checkBackendCase, type Outcome } from "./support/backend-check.ts";
import { CHECKED, ZERO } from "./support/backend-gradients.ts";

/**
 * A folder of node tests in the place of the packed ones, and a file for what came of each: set by
 * scripts/backend-nodes.mjs, which says how to get such a folder.
 */
const { BACKEND_NODES: folder, BACKEND_NODES_OUTCOMES: report } = process.env;

const cases = folder
  ? readCases(folder)
  : unpackCases(new URL("./fixtures/backend-nodes.bin.gz", import.meta.url));

/** The operator that a case is about; for one that is spelled out in others, the first word of its name. */
function operatorOf({ name, model }: BackendCase): string {
  const [node, ...others] = decodeModel(model).graph.nodes;
  if (!node || others.length > 0) return `${name.split("_")[0]} …`;
  return node.domain ? `${node.domain}.${node.opType}` : node.opType;
}

const groups = new Map<string, BackendCase[]>();
for (const c of cases) groups.set(operatorOf(c), [...(groups.get(operatorOf(c)) ?? []), c]);

const outcomes = new Map<string, Outcome & { readonly operator: string; readonly failed?: string }>();

describe("the node tests of the package onnx agree in types, values and derivatives", () => {
  test.each([...groups])("%s", async (operator, members) => {
    const failures: string[] = [];
    for (const c of members) {
      try {
        outcomes.set(c.name, { operator, ...(await checkBackendCase(c)) });
      } catch (error) {
        const failed = error instanceof Error ? error.message : String(error);
        failures.push(`${c.name}: ${failed}`);
        outcomes.set(c.name, { operator, types: "failed", values: "failed", gradient: "failed", failed });
      }
    }
    if (report) writeFileSync(report, JSON.stringify(Object.fromEntries(outcomes)));
    expect(failures).toEqual([]);
  });

  test.skipIf(folder)("and what of them was not compared is known, with the reason", async () => {
    await expect(ledger()).toMatchFileSnapshot("fixtures/backend-nodes-left-out.txt");
  });
});

/** The names of the tests that were not compared in everything, by what was left out and why. */
function ledger(): string {
  const reasons = new Map<string, string[]>();
  for (const [name, { types, values, gradient }] of outcomes) {
    const left =
      types !== CHECKED
        ? `nothing compared: ${types}`
        : values !== CHECKED
          ? `only types compared: ${values}`
          : gradient !== CHECKED && gradient !== ZERO
            ? `no derivative compared: ${gradient}`
            : null;
    if (left !== null) reasons.set(left, [...(reasons.get(left) ?? []), name]);
  }
  const lines = [...reasons].sort(([a], [b]) => (a < b ? -1 : 1));
  return lines.map(([reason, names]) => `${reason}\n  ${names.join(" ")}\n`).join("");
}
