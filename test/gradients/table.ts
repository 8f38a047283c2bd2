import type { GradientCase } from "../support/gradient-check.ts";
import { activationCases } from "./activation.ts";
import { arithmeticCases } from "./arithmetic.ts";
import { attentionCases } from "./attention.ts";
import { comparisonCases } from "./comparison.ts";
import { controlFlowCases } from "./control-flow.ts";
import { convCases } from "./conv.ts";
import { cumulativeCases } from "./cumulative.ts";
import { determinantCases } from "./determinant.ts";
import { fourierCases } from "./fourier.ts";
import { generatorCases } from "./generator.ts";
import { gridSampleCases } from "./grid-sample.ts";
import { indexingCases } from "./indexing.ts";
import { kinkCases } from "./kinks.ts";
import { lossCases } from "./loss.ts";
import { matmulCases } from "./matmul.ts";
import { microsoftAliasCases } from "./microsoft-aliases.ts";
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
import { stringCases } from "./strings.ts";
import { structureCases } from "./structure.ts";
import { unaryCases } from "./unary.ts";

/** The gradient table: every row of every family. */
export const gradientCases: readonly GradientCase[] = [
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
  ...stringCases,
  ...microsoftAliasCases,
  ...fourierCases,
  ...determinantCases,
];
