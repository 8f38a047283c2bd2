import type { EvaluationRecord } from "../run/records.ts";
import type { RunRecord } from "../run/run-reader.ts";
import { createRandom } from "../tensor/random.ts";
import { type FixtureOptions, fixtureRun } from "./report.fixtures.ts";

/** A classifier as meters judge it today: more metrics than accuracy, and how sure it was. */
export function judgedClassifier(options: FixtureOptions = {}): RunRecord {
  return judged(fixtureRun(options), (e, accuracy) => {
    const bins = Array.from({ length: 15 }, (_, i) => {
      const confidence = (i + 0.5) / 15;
      return {
        count: i < 3 ? 0 : i * i * 3,
        confidence,
        accuracy: Math.max(0, confidence - 0.25 * (1 - accuracy) * i * 0.2),
      };
    });
    return {
      metrics: {
        accuracy,
        "top-5": Math.min(1, accuracy + 0.05),
        "balanced-accuracy": accuracy - 0.01,
        "macro-f1": accuracy - 0.015,
        auroc: 0.5 + accuracy / 2,
        ece: (1 - accuracy) / 3,
        brier: 2 * (1 - accuracy) ** 1.2,
        loss: e.metrics.loss ?? 0,
      },
      reliability: bins,
    };
  });
}

/** A classifier whose shifts are its test set under corruptions of every severity. */
export function corruptedRun(options: FixtureOptions = {}): RunRecord {
  const run = fixtureRun({ head: "kept", ...options });
  const names = ["fog", "gaussian-noise", "defocus-blur"];
  const shifts = names.flatMap((name, n) =>
    [1, 2, 3, 4, 5].map((severity) => ({ name, severity, fall: (n + 2) * severity * 0.016 })),
  );
  const test = run.evaluations.filter((e) => e.kind === "test" && e.model !== "current");
  const gain = (e: EvaluationRecord) =>
    e.model === "initial" ? 1.4 : run.summary.method.anchorRule === "none" ? 1.15 : 0.9;
  const corrupted = test.flatMap((e) =>
    shifts.map(({ name, severity, fall }): EvaluationRecord => {
      const { correct: _, confusion: __, ...rest } = e;
      const accuracy = Math.max(0, (e.metrics.accuracy ?? 0) - fall * gain(e));
      return { ...rest, kind: "shift", set: `${name} ${severity}`, metrics: { ...e.metrics, accuracy } };
    }),
  );
  const specs = shifts.map(({ name, severity }) => [`${name} ${severity}`, `corruption:${name}:${severity}`]);
  return {
    ...run,
    config: { shifts: Object.fromEntries(specs) },
    evaluations: [...run.evaluations.filter((e) => e.kind !== "shift"), ...corrupted],
  };
}

/** A run that predicts a number. */
export function regressionRun(options: FixtureOptions = {}): RunRecord {
  const random = createRandom(5);
  const run = judged(fixtureRun(options), (_, skill) => {
    const points = Array.from({ length: 200 }, () => {
      const truth = 20 + 5 * random.normal();
      return [truth, 20 + skill * (truth - 20) + 2 * random.normal()] as const;
    });
    return {
      metrics: {
        rmse: 6 - 4 * skill,
        mae: 4.5 - 3 * skill,
        r2: skill ** 2,
        pearson: skill,
        spearman: skill - 0.01,
        loss: (6 - 4 * skill) ** 2,
      },
      pairs: [{ name: "", points }],
    };
  });
  return otherTask(run, "regression", "rmse", false);
}

/** A run that labels pixels. */
export function segmentationRun(options: FixtureOptions = {}): RunRecord {
  const classes = ["road", "sky", "person", "bicycle", "never seen"];
  const run = judged(fixtureRun({ ...options, classes }), (_, skill) => ({
    metrics: { miou: skill - 0.1, "pixel-accuracy": skill, loss: 2 - skill },
    parts: classes.map((name, c) => ({
      name,
      count: [812_331, 401_120, 20_411, 998, 0][c]!,
      metrics: {
        iou: c === 4 ? Number.NaN : Math.max(0, skill - 0.17 * c),
        recall: c === 4 ? Number.NaN : skill - 0.1 * c,
      },
    })),
  }));
  return otherTask(run, "segmentation", "miou", true);
}

/** A run that tags words. */
export function taggingRun(options: FixtureOptions = {}): RunRecord {
  const run = judged(
    fixtureRun({ ...options, classes: ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"] }),
    (_, skill) => ({
      metrics: {
        "entity-f1": skill - 0.05,
        "entity-precision": skill,
        "entity-recall": skill - 0.1,
        "token-accuracy": skill,
        loss: 1 - skill,
      },
      parts: ["LOC", "PER"].map((name, i) => ({
        name,
        count: 120 + i,
        metrics: { precision: skill, recall: skill - 0.1 * i, f1: skill - 0.05 * i },
      })),
    }),
  );
  return otherTask(run, "token-classification", "entity-f1", true);
}

/** A run whose model writes: perplexity while it trains; when it is finished, which of its answers are right. */
export function writingRun(options: FixtureOptions = {}): RunRecord {
  const run = judged(fixtureRun({ ...options, head: "kept" }), ({ model }, accuracy) => ({
    metrics: {
      ...(model === "best" ? { accuracy } : {}),
      perplexity: 1 / accuracy,
      loss: -Math.log(accuracy),
    },
  }));
  const evaluations = run.evaluations.map(({ confusion: _, correct, ...e }) =>
    e.model === "best" && correct !== undefined ? { ...e, correct } : e,
  );
  return { ...otherTask(run, "causal-lm", "perplexity", false), evaluations };
}

/** Each evaluation by other measures, made from its accuracy. */
function judged(
  run: RunRecord,
  measure: (e: EvaluationRecord, accuracy: number) => Partial<EvaluationRecord>,
): RunRecord {
  return {
    ...run,
    evaluations: run.evaluations.map((e) => ({ ...e, ...measure(e, e.metrics.accuracy ?? 0) })),
  };
}

function otherTask(run: RunRecord, task: string, metric: string, higherIsBetter: boolean): RunRecord {
  return {
    ...run,
    summary: { ...run.summary, task, selection: { set: "validation", metric, higherIsBetter } },
    evaluations: run.evaluations.map(({ confusion: _, correct: __, ...e }) => e),
    samples: [],
  };
}
