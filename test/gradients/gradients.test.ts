import { describe, expect, test } from "vitest";
import { allOps } from "../../src/ops/registry.ts";
import { caseTitle, checkGradient, type GradientCase } from "../support/gradient-check.ts";
import { activationCases } from "./activation.ts";
import { arithmeticCases } from "./arithmetic.ts";
import { attentionCases } from "./attention.ts";
import { comparisonCases } from "./comparison.ts";
import { controlFlowCases } from "./control-flow.ts";
import { convCases } from "./conv.ts";
import { cumulativeCases } from "./cumulative.ts";
import { generatorCases } from "./generator.ts";
import { gridSampleCases } from "./grid-sample.ts";
import { indexingCases } from "./indexing.ts";
import { kinkCases } from "./kinks.ts";
import { lossCases } from "./loss.ts";
import { matmulCases } from "./matmul.ts";
import { normalizationCases } from "./normalization.ts";
import { poolingCases } from "./pooling.ts";
import { quantizationCases } from "./quantization.ts";
import { recurrentCases } from "./recurrent.ts";
import { reductionCases } from "./reduction.ts";
import { resizeCases } from "./resize.ts";
import { randomCases, selectionCases } from "./selection.ts";
import { sequenceCases } from "./sequence.ts";
import { slicingCases } from "./slicing.ts";
import { softmaxCases } from "./softmax.ts";
import { structureCases } from "./structure.ts";
import { unaryCases } from "./unary.ts";

const cases: readonly GradientCase[] = [
  ...activationCases,
  ...arithmeticCases,
  ...attentionCases,
  ...comparisonCases,
  ...convCases,
  ...cumulativeCases,
  ...controlFlowCases,
  ...generatorCases,
  ...gridSampleCases,
  ...indexingCases,
  ...kinkCases,
  ...lossCases,
  ...matmulCases,
  ...normalizationCases,
  ...poolingCases,
  ...quantizationCases,
  ...randomCases,
  ...recurrentCases,
  ...reductionCases,
  ...resizeCases,
  ...selectionCases,
  ...sequenceCases,
  ...slicingCases,
  ...softmaxCases,
  ...structureCases,
  ...unaryCases,
];

describe("types, values and derivatives agree with ONNX Runtime", () => {
  test.each(cases.map((c) => [caseTitle(c), c] as const))("%s", async (_, c) => {
    await checkGradient(c);
  });
});

describe("every operator record has a row in the gradient table", () => {
  const covers = (def: (typeof allOps)[number]) =>
    cases.some((c) => {
      const opset = c.domain ? 1 : (c.opset ?? 21);
      return (
        c.opType === def.opType &&
        (c.domain ?? "") === (def.domain ?? "") &&
        def.opsets[0] <= opset &&
        opset <= def.opsets[1]
      );
    });
  test.each(allOps.map((def) => [`${def.domain ?? ""}:${def.opType} ${def.opsets.join("–")}`, def] as const))(
    "%s",
    (_, def) => {
      expect(covers(def)).toBe(true);
    },
  );
});
