import { describe, expect, test } from "vitest";
import { taskNames } from "../config/task-names.ts";
import { METRICS } from "../evaluation/metric-facts.ts";
import { metricOf, taskOf, tasks } from "./registry.ts";

describe.each(taskNames)("task %s", (name) => {
  const task = tasks[name];

  test("bears its name, and says what it does and takes", () => {
    expect(task.name).toBe(name);
    expect(task.summary.length).toBeGreaterThan(20);
    expect(task.samples.length).toBeGreaterThan(0);
  });

  test("is judged by metrics that have a record, loss among them", () => {
    const known = METRICS.map((m) => m.name);
    for (const metric of task.metrics) expect(known).toContain(metric);
    expect(task.metrics).toContain("loss");
  });

  test("is told by the config.json that it writes", () => {
    if (task.problemType !== null) expect(taskOf({ problem_type: task.problemType })).toBe(name);
  });
});

test("the kept model is chosen by the task's first metric, or by one that is named", () => {
  expect(metricOf(tasks.classification, undefined).name).toBe("accuracy");
  expect(metricOf(tasks.classification, "loss").higherIsBetter).toBe(false);
  expect(() => metricOf(tasks.classification, "speed")).toThrow(
    /evaluation.metric speed: classification is judged by accuracy, .*loss/,
  );
});

test("a model that does not say what it does is a classifier", () => {
  expect(taskOf(null)).toBe("classification");
  expect(taskOf({ problem_type: "juggling" })).toBe("classification");
  expect(taskOf({ architectures: ["JugglerModel"] })).toBe("classification");
});

test("a model's class says what it does where its type of problem does not", () => {
  expect(taskOf({ architectures: ["LlamaForCausalLM"] })).toBe("causal-lm");
  expect(taskOf({ architectures: ["GPT2LMHeadModel"] })).toBe("causal-lm");
  expect(taskOf({ architectures: ["BertForSequenceClassification"] })).toBe("classification");
});
