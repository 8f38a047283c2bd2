import { describe, expect, test } from "vitest";
import { isComposite, LATEST, type OpDef } from "../../src/ops/define.ts";
import { findOp, opOf } from "../../src/ops/registry.ts";
import { isFloat } from "../../src/tensor/data-type.ts";
import { caseTitle } from "../support/gradient-check.ts";
import { checkSecondDerivative } from "../support/second-check.ts";
import { gradientCases } from "./table.ts";

/** Rows with a second derivative: neither locally constant nor at a kink. */
const differentiable = gradientCases.filter(
  (c) =>
    !c.zero && !c.once && !c.gradients && c.inputs.some((i) => i !== null && !("dtype" in i) && !i.constant),
);

/** For each record, the operators with a float result that its derivative is written in; filled row by row. */
const writtenIn = new Map<OpDef, Map<string, OpDef>>();

describe("second derivatives and Jacobian–vector products agree with central differences", () => {
  test.each(differentiable.map((c) => [caseTitle(c), c] as const))("%s", async (_, c) => {
    const nodes = await checkSecondDerivative(c);
    const record = findOp(c.domain ?? "", c.opType, c.domain ? 1 : (c.opset ?? 21))!; // a row of an unknown operator would not get here
    const found = writtenIn.get(record) ?? new Map<string, OpDef>();
    writtenIn.set(record, found);
    for (const node of nodes) {
      if (node.outputs.some((v) => v !== null && isFloat(v.dtype)))
        found.set(
          node.domain === "" ? node.opType : `${node.domain}.${node.opType}`,
          opOf(node, node.domain === "" ? LATEST : 1),
        );
    }
  });

  test("every derivative is written in operators that have a derivative", () => {
    const without = [...writtenIn].flatMap(([record, ops]) =>
      [...ops].filter(([, def]) => !hasDerivative(def)).map(([name]) => `${record.opType}: ${name}`),
    );
    expect(without).toEqual([]);
  });

  // npm run docs:ops puts it into docs/ops.md.
  test("the operators that derivatives are written in are those on record", async () => {
    const lines = [...writtenIn].map(([def, ops]) => `${keyOf(def)}: ${[...ops.keys()].sort().join(" ")}`);
    await expect(`${lines.sort().join("\n")}\n`).toMatchFileSnapshot("written-in.txt");
  });
});

function hasDerivative(def: OpDef): boolean {
  return isComposite(def) || def.vjp === "zero" || typeof def.vjp === "function";
}

function keyOf(def: OpDef): string {
  return `${def.domain || "ai.onnx"} ${def.opType} ${def.opsets.join("–")}`;
}
