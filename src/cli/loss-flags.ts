import { Option } from "commander";
import type { LossOptions } from "../autodiff/losses/loss.ts";
import { type LossName, losses } from "../autodiff/losses/registry.ts";
import { ConfigError, unknownName } from "../errors.ts";
import { withoutUndefined } from "../training/plain.ts";
import { integerArgument, type SettingValue, settingArgument } from "./open-model.ts";

/** What the flags of a loss give. */
export interface LossArguments {
  readonly loss: LossName;
  readonly logits?: string;
  readonly classAxis?: number;
  readonly ignoreIndex?: number;
  readonly lossOption?: Readonly<Record<string, SettingValue>>;
  readonly targetWeights?: boolean;
}

/** Options that have flags of their own. */
const OWN_FLAGS: readonly string[] = ["classAxis", "ignoreIndex"];
/** Options that are, or may be, a number for each class. */
const LISTS: readonly string[] = ["classWeights", "positiveWeight"];

/** The flags that choose a loss and tell it what it can be told. */
export function lossFlags(): Option[] {
  return [
    new Option("--loss <name>", `what \`loss\` is, a mean over the targets that count. ${summaries()}`)
      .choices(Object.keys(losses))
      .default("cross-entropy"),
    new Option(
      "--loss-option <name=value>",
      `an option of the loss, such as labelSmoothing=0.1 or classWeights=1,2,0.5; repeat for several. ${optionsByLoss()}`,
    ).argParser((text: string, before?: Record<string, SettingValue>) => ({
      ...before,
      ...settingArgument(text),
    })),
    new Option("--target-weights", "a further input: target_weights, a factor for each example"),
    new Option("--logits <output>", "output that the loss reads; the first one if left out"),
    new Option("--class-axis <axis>", "losses of classes: axis of the classes; -1 if left out").argParser(
      integerArgument,
    ),
    new Option(
      "--ignore-index <index>",
      "losses of classes: targets to leave out; -100 if left out",
    ).argParser(integerArgument),
  ];
}

function summaries(): string {
  return Object.entries(losses)
    .map(([name, { summary }]) => `${name}: ${summary}`)
    .join("; ");
}

/** Which loss takes what, in a sentence. */
function optionsByLoss(): string {
  return Object.entries(losses)
    .map(([name, { options }]) => [name, options.filter((o) => !OWN_FLAGS.includes(o))] as const)
    .filter(([, own]) => own.length > 0)
    .map(([name, own]) => `${name}: ${own.join(", ")}`)
    .join("; ");
}

/** The options that flags ask for. @throws ConfigError for one that the loss does not have, or that is no number */
export function lossOptionsFrom(given: LossArguments): LossOptions {
  const { loss, classAxis, ignoreIndex, targetWeights: weighted, lossOption = {} } = given;
  const known = losses[loss].options.filter((o) => !OWN_FLAGS.includes(o));
  const own = Object.entries(lossOption).map(([name, value]) => {
    if (!known.some((option) => option === name))
      throw new ConfigError(unknownName(`the option of loss ${loss}`, name, known));
    const values = [value].flat();
    if (values.some((v) => typeof v !== "number") || (values.length > 1 && !LISTS.includes(name)))
      throw new ConfigError(
        `--loss-option ${name}=${value}: expected ${LISTS.includes(name) ? "numbers" : "a number"}`,
      );
    return [name, name === "classWeights" ? values : value];
  });
  return withoutUndefined({ classAxis, ignoreIndex, weighted, ...Object.fromEntries(own) });
}
