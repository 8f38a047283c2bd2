import type { LossOptions } from "../autodiff/losses/loss.ts";
import { type LossName, losses } from "../autodiff/losses/registry.ts";
import type { Config } from "../config/schema.ts";
import { classCounts, type Dataset } from "../data/dataset.ts";
import { targetCounts } from "../data/target-counts.ts";
import { ConfigError, unknownName } from "../errors.ts";
import { type HeadForm, headForms } from "../heads/new-head.ts";
import type { Task } from "../tasks/task.ts";
import { withoutUndefined } from "./plain.ts";

/** A loss with its options, as a training graph takes them. */
export interface ChosenLoss {
  readonly loss: LossName;
  readonly lossOptions: LossOptions;
}

/**
 * The loss that the settings ask for.
 *
 * @param task its loss is what `auto` stands for, and its head says which axis holds the classes
 * @param train the training set as the model takes it, which balanced class weights are counted in; where classes are
 *   those of pixels or words, all its samples are loaded for it
 * @throws ConfigError for the weight of a class that the data does not have
 */
export async function chooseLoss(
  settings: Config["loss"],
  task: Pick<Task, "loss" | "head">,
  train: Dataset,
): Promise<ChosenLoss> {
  const { name, classWeights, positiveWeight: positive, ...options } = settings;
  const weights = classWeights === "none" ? undefined : await weightsOf(classWeights, train);
  const loss = name === "auto" ? task.loss : name;
  return {
    loss,
    lossOptions: withoutUndefined({
      ...options,
      classWeights: weights,
      positiveWeight: positive === "balanced" ? positiveWeights(train) : positive,
      weighted: train.weight ? true : undefined,
      classAxis: classAxis(loss, task.head),
    }),
  };
}

/** The axis that holds the classes, where it is not the last. */
function classAxis(loss: LossName, head: HeadForm | null): number | undefined {
  if (head === null || !losses[loss].options.includes("classAxis")) return undefined;
  const { axis, rank } = headForms[head];
  return axis === rank - 1 ? undefined : axis;
}

async function weightsOf(
  asked: "balanced" | Readonly<Record<string, number>>,
  train: Dataset,
): Promise<readonly number[]> {
  const { classes } = train;
  if (classes === null)
    throw new ConfigError("loss.classWeights: the labels are numbers, there are no classes to weigh");
  if (asked === "balanced") return balanced(train);
  const unknown = Object.keys(asked).find((name) => !classes.includes(name));
  if (unknown !== undefined)
    throw new ConfigError(unknownName("loss.classWeights: the class", unknown, classes));
  return classes.map((name) => asked[name] ?? 1);
}

/** (n − n_c) / n_c for each label; 1 for one that all examples bear, or none does. */
function positiveWeights(train: Dataset): number[] {
  const counts = classCounts(train);
  if (counts.length === 0)
    throw new ConfigError("loss.positiveWeight balanced: examples bear no labels to count; give a number");
  return counts.map((count) => (count === 0 || count === train.length ? 1 : (train.length - count) / count));
}

/** n / (C · n_c) of n targets, which are pixels where masks are: all classes weigh alike. One without a target gets 1. */
async function balanced(train: Dataset): Promise<number[]> {
  const counts = await targetCounts(train);
  if (counts.length === 0) {
    throw new ConfigError(
      `loss.classWeights balanced: examples of ${train.source} bear no classes to count; give class=number`,
    );
  }
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => (count === 0 ? 1 : total / (counts.length * count)));
}
