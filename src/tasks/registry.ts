import type { TaskName } from "../config/task-names.ts";
import { ConfigError } from "../errors.ts";
import { type MetricFacts, metricFacts } from "../evaluation/metric-facts.ts";
import { causalLm } from "./causal-lm.ts";
import { classification } from "./classification.ts";
import { contrastive } from "./contrastive.ts";
import { maskedLm } from "./masked-lm.ts";
import { multiLabel } from "./multi-label.ts";
import { regression } from "./regression.ts";
import { segmentation } from "./segmentation.ts";
import type { Task } from "./task.ts";
import { tokenClassification } from "./token-classification.ts";
import { vqa } from "./vqa.ts";

/** Every task by its name. */
export const tasks: Readonly<Record<TaskName, Task>> = {
  classification,
  contrastive,
  "causal-lm": causalLm,
  "masked-lm": maskedLm,
  "multi-label": multiLabel,
  regression,
  segmentation,
  "token-classification": tokenClassification,
  vqa,
};

/**
 * The metric that chooses the kept model.
 *
 * @param named by the settings; the task's first if undefined
 * @throws ConfigError if the task has no such metric
 */
export function metricOf(task: Task, named: string | undefined): MetricFacts {
  const name = named ?? task.metrics[0] ?? "loss";
  if (task.metrics.includes(name)) return metricFacts(name);
  throw new ConfigError(
    `evaluation.metric ${name}: ${task.name} is judged by ${task.metrics.join(", ")}; choose one of these`,
  );
}

/** What a model does by the `problem_type` or the class that its `config.json` names; classification if that does not say. */
export function taskOf(config: Readonly<Record<string, unknown>> | null): TaskName {
  const type = config?.problem_type;
  const found = Object.values(tasks).find((t) => t.problemType !== null && t.problemType === type);
  return (found ?? byArchitecture(config?.architectures))?.name ?? "classification";
}

/** The first task that Python's Transformers has such a class for: `BertForTokenClassification`. */
function byArchitecture(architectures: unknown): Task | undefined {
  const [name] = Array.isArray(architectures) ? (architectures as unknown[]) : [];
  if (typeof name !== "string") return undefined;
  return Object.values(tasks).find((t) =>
    Object.values(t.architectures).some((suffix) => name.endsWith(suffix)),
  );
}
