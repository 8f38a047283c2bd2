import { ConfigError } from "../../errors.ts";
import type { Value } from "../../onnx/value.ts";
import type { OpBuilder } from "../../ops/op-builder.ts";
import { bce } from "./bce.ts";
import { binaryFocal } from "./binary-focal.ts";
import { contrastive } from "./contrastive.ts";
import { crossEntropy } from "./cross-entropy.ts";
import { dice, diceCrossEntropy } from "./dice.ts";
import { focal } from "./focal.ts";
import { huber } from "./huber.ts";
import { l1 } from "./l1.ts";
import type { Loss, LossNodes, LossOptions } from "./loss.ts";
import { mse } from "./mse.ts";

const all = {
  "cross-entropy": crossEntropy,
  focal,
  bce,
  "binary-focal": binaryFocal,
  mse,
  l1,
  huber,
  dice,
  "dice-cross-entropy": diceCrossEntropy,
  contrastive,
} satisfies Readonly<Record<string, Loss>>;

export type LossName = keyof typeof all;

/** Every loss by its name. Means run over the targets that count. */
export const losses: Readonly<Record<LossName, Loss>> = all;

/** What a number may be: at least `least`, and below `below`. */
const RANGES: Partial<Record<keyof LossOptions, { least: number; below: number }>> = {
  labelSmoothing: { least: 0, below: 1 },
  classWeights: { least: 0, below: Number.POSITIVE_INFINITY },
  gamma: { least: 0, below: Number.POSITIVE_INFINITY },
  alpha: { least: 0, below: 1 },
  positiveWeight: { least: 0, below: Number.POSITIVE_INFINITY },
  delta: { least: Number.MIN_VALUE, below: Number.POSITIVE_INFINITY },
};

/**
 * Appends a loss to a graph: `targets` and, if asked for, `target_weights` become inputs of it.
 *
 * @throws ConfigError for an option that the loss does not take, one out of range, or an output of another shape than it reads
 */
export function appendLoss(b: OpBuilder, output: Value, name: LossName, options: LossOptions): LossNodes {
  const loss = losses[name];
  for (const [key, value] of Object.entries(options)) {
    const option = key as keyof LossOptions; // the keys of a LossOptions
    if (value === undefined || option === "weighted") continue;
    if (!loss.options.includes(option)) {
      const own = loss.options.length > 0 ? `it takes ${loss.options.join(", ")}` : "it has none";
      const others = Object.keys(losses).filter((n) => losses[n as LossName].options.includes(option)); // its own keys
      throw new ConfigError(
        `loss ${name} has no option ${option}; ${own}. Losses that do: ${others.join(", ")}.`,
      );
    }
    const range = RANGES[option];
    const outside = [value]
      .flat()
      .find((v) => range && !(Number(v) >= range.least && Number(v) < range.below));
    if (range && outside !== undefined) {
      const most = range.below === Number.POSITIVE_INFINITY ? "" : ` and below ${range.below}`;
      const least = range.least === Number.MIN_VALUE ? "above 0" : `${range.least} or more`;
      throw new ConfigError(`loss ${name}: ${option} is ${outside}, expected ${least}${most}`);
    }
  }
  const nodes = loss.build(b, output, options);
  nodes.loss.name = "loss";
  return nodes;
}
