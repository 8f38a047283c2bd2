import fc from "fast-check";
import { describe, test } from "vitest";
import { checkGradient } from "../support/gradient-check.ts";
import { elementwiseCases } from "./elementwise.ts";
import { indexingCases } from "./indexing.ts";
import { layerCases } from "./layers.ts";
import { resizeCases } from "./resize.ts";
import { shapeCases } from "./shapes.ts";
import { windowCases } from "./windows.ts";

/**
 * A net under the cases that were thought of. A few draws with a fixed seed; for a long search:
 *
 *     RANDOM_RUNS=2000 RANDOM_SEED=7 npx vitest run test/random
 */
const draws = {
  numRuns: Number(process.env.RANDOM_RUNS ?? 8),
  seed: Number(process.env.RANDOM_SEED ?? 20261124),
};
const isLong = draws.numRuns > 100;

const cases = {
  ...elementwiseCases,
  ...shapeCases,
  ...indexingCases,
  ...resizeCases,
  ...layerCases,
  ...windowCases,
};

describe("shapes and attributes of any kind have the values and derivatives that ONNX Runtime's results show", () => {
  test.each(Object.entries(cases))(
    "%s",
    async (_, arbitrary) => {
      await fc.assert(fc.asyncProperty(arbitrary, checkGradient), { ...draws, endOnFailure: !isLong });
    },
    isLong ? 3_600_000 : 60_000,
  );
});
