import { expect, test } from "vitest";
import { openDataset } from "../data/open-dataset.ts";
import { createMemoryFiles } from "../platform/memory-files.ts";
import { requireWeights } from "./evaluate.ts";

test("metrics cannot weigh examples of which none has a weight; one set that has them is enough", async () => {
  const files = createMemoryFiles({ "a.csv": "x,w,label\n1,2,a\n2,1,b\n" });
  const plain = await openDataset(files, "a.csv", { featureColumns: ["x"], labelColumn: "label" });
  const weighted = await openDataset(files, "a.csv", {
    ...{ featureColumns: ["x"], labelColumn: "label", weightColumn: "w" },
  });
  expect(() => requireWeights([plain])).toThrow(/evaluation.weighted: no judged set has weights \(a.csv\)/);
  expect(() => requireWeights([plain, weighted])).not.toThrow();
});
