import { findMethod } from "../config/methods.ts";
import type { Config } from "../config/schema.ts";
import { metricFacts } from "../evaluation/metric-facts.ts";
import type { Files } from "../platform/files.ts";
import { joinPath } from "../platform/paths.ts";
import { packBits } from "../run/bits.ts";
import type { EvaluationRecord, Json, RunSummary, SetKind } from "../run/records.ts";
import { start } from "../run/run.fixtures.ts";
import { createRun } from "../run/run-writer.ts";
import type { Train } from "./run-methods.ts";

/** What a scripted run says of itself. */
export interface ScriptedRun {
  readonly validation: number;
  readonly loss?: number;
  /** Name of the metric that chose and that the sets are judged by; accuracy if left out. */
  readonly metric?: string;
  /** Right answers on the test set and on the one shift, by example; of another metric than a share, values to average. */
  readonly test?: readonly number[];
  readonly shift?: readonly number[];
}

/** A training that writes run folders as `finetune` does, with results that a script gives, at once. */
export function scriptedTrain(
  files: Files,
  script: (config: Config, story: "finetune" | "resume") => ScriptedRun | Promise<ScriptedRun>,
): Train {
  return async ({ story, config }) => {
    const scripted = await script(config, story);
    const { validation, loss = 1, metric = "accuracy", test = [1, 0], shift = [1, 0] } = scripted;
    const { isShare, higherIsBetter } = metricFacts(metric);
    const mean = (hits: readonly number[]) => hits.reduce((a, b) => a + b, 0) / hits.length;
    const sets: readonly (readonly [string, SetKind, number, readonly number[]])[] = [
      ["validation", "validation", validation, []],
      ["test", "test", mean(test), test],
      ["other", "shift", mean(shift), shift],
    ];
    const anchorRule = findMethod(config.method)?.anchor ?? "none";
    const summary: RunSummary = {
      ...start.summary,
      method: { name: config.method, updateRule: "adam", anchorRule, strength: 1 },
      status: "finished",
      steps: 10,
      bestStep: 10,
      deviation: 1,
      firingRate: 0.25,
      seconds: 2,
      selection: { ...start.summary.selection, metric, higherIsBetter },
      sets: sets.map(([set, kind, value]) => ({ set, kind, count: 2, metrics: { [metric]: value, loss } })),
    };
    const json = JSON.parse(JSON.stringify(config)) as Json; // a parsed configuration holds JSON alone
    const run = await createRun(files, config.out, { ...start, config: json, overwrite: true });
    await run.evaluations(
      ...sets.map(
        ([set, kind, value, hits]): EvaluationRecord => ({
          ...{ step: 10, epoch: 1, model: "best", set, kind },
          count: Math.max(2, hits.length),
          metrics: { [metric]: value, loss },
          ...(isShare && hits.length > 0 ? { correct: packBits(hits) } : {}),
        }),
      ),
    );
    await files.write(joinPath(config.out, "checkpoint/latest.json"), "{}");
    await run.summary(summary);
    return { summary, peakMemoryBytes: 5e8 };
  };
}
