import { describe, expect, test } from "vitest";
import { isComposite } from "../../src/ops/define.ts";
import { allOps } from "../../src/ops/registry.ts";
import { caseTitle, checkGradient } from "../support/gradient-check.ts";
import { gradientCases } from "./table.ts";

describe("types, values and derivatives agree with ONNX Runtime", () => {
  test.each(gradientCases.map((c) => [caseTitle(c), c] as const))("%s", async (_, c) => {
    await checkGradient(c);
  });
});

describe("every operator record has a row in the gradient table", () => {
  const covers = (def: (typeof allOps)[number]) =>
    gradientCases.some((c) => {
      const opset = c.domain ? 1 : (c.opset ?? 21);
      return (
        c.opType === def.opType &&
        (c.domain ?? "") === (def.domain ?? "") &&
        def.opsets[0] <= opset &&
        opset <= def.opsets[1]
      );
    });
  // Of the operators that are refused, src/ops/registry.test.ts sees how.
  const checked = allOps.filter((def) => isComposite(def) || !def.refused);
  test.each(
    checked.map((def) => [`${def.domain ?? ""}:${def.opType} ${def.opsets.join("–")}`, def] as const),
  )("%s", (_, def) => {
    expect(covers(def)).toBe(true);
  });
});
