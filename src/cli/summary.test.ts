import { expect, it } from "vitest";
import type { RunSummary, SetSummary } from "../run/records.ts";
import { start } from "../run/run.fixtures.ts";
import { summaryLines } from "./summary.ts";
import { openTerminal } from "./terminal.ts";

const terminal = openTerminal({ isTTY: false, columns: 100, write: () => undefined }, { NO_COLOR: "1" });

function lines(metric: string, sets: readonly SetSummary[]): string[] {
  const summary: RunSummary = { ...start.summary, selection: { ...start.summary.selection, metric }, sets };
  return summaryLines({ folder: "runs/a", summary, model: null, report: "runs/a/report.html" }, terminal);
}

it("a classifier's sets have accuracy before and after with its interval, and two more metrics", () => {
  const metrics = { accuracy: 0.9, "macro-f1": 0.8, auroc: Number.NaN, loss: 0.3 };
  const initial = { accuracy: 0.1, loss: 2.3 };
  const set = { set: "test", kind: "test", count: 100, metrics, initial } as const;
  const [, head, row] = lines("loss", [set]);
  expect(head).toMatch(/^set +examples +Accuracy before +after +95 % interval +Macro F1 +AUROC$/);
  expect(row).toMatch(/^test +100 +10\.0\u202f% +90\.0\u202f% +82\.6–94\.5\u202f% +80\.0\u202f% +–$/);
});

it("another task's sets have its own metric, without an interval or a value before that it does not have", () => {
  const set = {
    set: "test",
    kind: "test",
    count: 100,
    metrics: { rmse: 1.25, mae: 1, r2: 0.5, loss: 1.56 },
  } as const;
  const [, head, row] = lines("mae", [set]);
  expect(head).toMatch(/^set +examples +MAE +RMSE +R²$/);
  expect(row).toMatch(/^test +100 +1 +1\.25 +0\.5$/);
});

it("a model that writes is told by the answers that are right, which nobody judged before training", () => {
  const metrics = { accuracy: 0.72, perplexity: 1.05, "token-accuracy": 0.97, loss: 0.05 };
  const initial = { perplexity: 48.1, loss: 3.9 };
  const [, head, row] = lines("perplexity", [{ set: "test", kind: "test", count: 300, metrics, initial }]);
  expect(head).toMatch(/^set +examples +Accuracy +95 % interval +Perplexity +Token accuracy$/);
  expect(row).toMatch(/^test +300 +72\.0\u202f% +66\.7–76\.8\u202f% +1\.05 +97\.0\u202f%$/);
});
