import { expect, test } from "vitest";
import { vjp } from "../../src/autodiff/vjp.ts";
import { prune } from "../../src/onnx/prune.ts";
import { Value } from "../../src/onnx/value.ts";
import { lower } from "../../src/passes/lower.ts";
import { isFloat } from "../../src/tensor/data-type.ts";
import { createEvaluator } from "../../src/training/constant-evaluator.ts";
import { buildModel, type GradientCase, testRuntime } from "../support/gradient-check.ts";
import { printNodes } from "../support/print-formulas.ts";
import { activationCases } from "./activation.ts";
import { arithmeticCases } from "./arithmetic.ts";
import { comparisonCases } from "./comparison.ts";
import { cumulativeCases } from "./cumulative.ts";
import { normalizationCases } from "./normalization.ts";
import { reductionCases } from "./reduction.ts";
import { softmaxCases } from "./softmax.ts";
import { unaryCases } from "./unary.ts";

const families = {
  arithmetic: arithmeticCases,
  unary: unaryCases,
  comparison: comparisonCases,
  activation: activationCases,
  reduction: reductionCases,
  cumulative: cumulativeCases,
  softmax: softmaxCases,
  normalization: normalizationCases,
};

/**
 * The first row of each operator, written as a formula. The numbers are checked elsewhere: this is for a reviewer to
 * read, and it shows at a glance when a derivative becomes longer.
 */
test.each(Object.entries(families))("%s: derivatives read as intended", async (_, cases) => {
  const texts: string[] = [];
  const seen = new Set<string>();
  for (const c of cases) {
    const op = `${c.domain ?? ""}.${c.opType}${c.body ? " among others" : ""}`;
    if (c.zero || seen.has(op) || !c.inputs.some((i) => i !== null && !("dtype" in i))) continue;
    seen.add(op);
    texts.push(await derivativeText(c));
  }
  expect(`\n${texts.join("\n\n")}\n`).toMatchSnapshot();
});

/** Forward and backward nodes of one case in float32; `ct` is the cotangent of its first output. */
async function derivativeText(c: GradientCase): Promise<string> {
  const { model, tensors, fed } = buildModel(c, "float32");
  const lowered = await lower(model, {
    inputShapes: new Map(fed.map((v) => [v.name, tensors.get(v)!.dims])),
    parameters: [],
    evaluate: createEvaluator(await testRuntime()),
  });
  const output = lowered.outputs.get("y0")!; // every case names its outputs so
  const wrt = [...lowered.inputs.values()].filter((v) => isFloat(v.dtype));
  const results = vjp(lowered.b, { seeds: new Map([[output, new Value("ct", output.type)]]), wrt });
  lowered.graph.outputs = [output];
  for (const input of wrt) {
    const ct = results.get(input);
    if (!ct) continue;
    if (ct.name === "") ct.name = `${input.name}_grad`;
    lowered.graph.outputs.push(ct);
  }
  prune(lowered.graph);
  return printNodes(lowered.graph.nodes);
}
