import { ConfigError } from "../errors.ts";
import { formatType } from "../onnx/type.ts";
import { Value } from "../onnx/value.ts";
import type { OpBuilder } from "../ops/op-builder.ts";
import { normalizeAxis, sizeOf } from "../tensor/shape.ts";

export interface LossOptions {
  /** Cross-entropy: the axis of the logits that holds the classes; −1 if left out. */
  readonly classAxis?: number;
  /** Cross-entropy: targets with this value are left out of the mean; −100 if left out. */
  readonly ignoreIndex?: number;
  /** Cross-entropy: share of the target mass that is spread evenly over all classes; 0 if left out. */
  readonly labelSmoothing?: number;
}

/** A loss appended to a graph. */
export interface LossNodes {
  /** The new graph input that takes the targets. */
  readonly targets: Value;
  /** float32 scalar. */
  readonly loss: Value;
  /** The derivative of the loss with respect to the output it was built on, in closed form. */
  readonly gradient: () => Value;
}

export type LossName = "cross-entropy" | "mse" | "bce";
type LossRule = (b: OpBuilder, output: Value, options: LossOptions) => LossNodes;

/** Every loss by its name. Means run over the targets that count. */
export const losses: Readonly<Record<LossName, LossRule>> = {
  "cross-entropy": crossEntropy,
  mse: meanSquaredError,
  bce: binaryCrossEntropy,
};

/**
 * Mean cross-entropy. `targets` int64, the logits' shape without the class axis, class indices.
 *
 *     loss = Σ w (logsumexp(x) − Σ q x) / Σ w,  q = (1−s) onehot + s/C,  w = 0 where the target is ignored, else 1
 *     dx = w (softmax(x) − q) / Σ w
 */
function crossEntropy(b: OpBuilder, logits: Value, options: LossOptions): LossNodes {
  const { ignoreIndex = -100, labelSmoothing = 0 } = options;
  const rank = logits.dims.length;
  const axis = normalizeAxis(options.classAxis ?? -1, rank);
  if (axis === null || rank === 0) {
    throw new ConfigError(
      `cross-entropy: class axis ${options.classAxis ?? -1} is out of range for output "${logits.name}" ${formatType(logits.type)}`,
    );
  }
  const classes = logits.dims[axis]!; // normalizeAxis has checked the index
  const rest = logits.dims.filter((_, i) => i !== axis);
  const count = sizeOf(rest);
  const dtype = "float32";
  const targets = addTargets(b, { dtype: "int64", dims: rest });

  const toLast = [...logits.dims.keys()].filter((i) => i !== axis).concat(axis);
  const x = b.cast(b.reshape(b.transpose(logits, toLast), [count, classes]), dtype);
  const flat = b.reshape(targets, [count, 1]);
  const isIgnored = b.op("Equal", [flat, b.scalar(ignoreIndex, "int64")]);
  const index = b.where(isIgnored, b.scalar(0, "int64"), flat);
  const weight = b.where(isIgnored, b.scalar(0, dtype), b.scalar(1, dtype)); // [N, 1]
  // With every target ignored the loss is 0, not 0/0.
  const total = b.op("Max", [b.reduceSum(weight, [0, 1], false), b.scalar(1, dtype)]);

  const shifted = b.sub(x, b.reduceMax(x, [1], true));
  const exp = b.op("Exp", [shifted]);
  const sum = b.reduceSum(exp, [1], true);
  const picked = b.op("GatherElements", [shifted, index], { axis: 1 });
  const expected =
    labelSmoothing === 0
      ? picked
      : b.add(b.scale(picked, 1 - labelSmoothing), b.scale(b.reduceMean(shifted, [1], true), labelSmoothing));
  const each = b.mul(weight, b.sub(b.op("Log", [sum]), expected));
  // In two stages: a sum of many float32 in a row loses digits on some providers.
  const loss = b.div(b.reduceSum(each, [0, 1], false), total);

  const gradient = () => {
    const share = b.div(weight, total);
    const softmax = b.div(exp, sum);
    const smooth = labelSmoothing === 0 ? softmax : b.shift(softmax, -labelSmoothing / classes);
    const dense = b.mul(smooth, share);
    const hit = b.scale(share, labelSmoothing - 1);
    const dx = b.op("ScatterElements", [dense, index, hit], { axis: 1, reduction: "add" });
    const moved = b.reshape(b.cast(dx, logits.dtype), [...rest, classes]);
    return b.transpose(moved, invert(toLast));
  };
  return { targets, loss: named(loss, "loss"), gradient };
}

function invert(perm: readonly number[]): number[] {
  return perm.map((_, i) => perm.indexOf(i));
}

/** Mean of (y − t)². `targets` float32 of the output's shape; NaN marks an entry that does not count. */
function meanSquaredError(b: OpBuilder, output: Value): LossNodes {
  const targets = addTargets(b, { dtype: "float32", dims: output.dims });
  const { known, target, total } = knownTargets(b, targets);
  const y = b.cast(output, "float32");
  const difference = b.where(known, b.sub(y, target), b.scalar(0, "float32"));
  const loss = b.div(sumAll(b, b.mul(difference, difference)), total);
  return {
    targets,
    loss: named(loss, "loss"),
    gradient: () => b.cast(b.mul(difference, b.div(b.scalar(2, "float32"), total)), output.dtype), // dy = 2 (y − t) / n
  };
}

/** Mean binary cross-entropy of logits. `targets` float32 of the output's shape, in [0, 1]; NaN marks an entry that does not count. */
function binaryCrossEntropy(b: OpBuilder, output: Value): LossNodes {
  const targets = addTargets(b, { dtype: "float32", dims: output.dims });
  const { known, target, total } = knownTargets(b, targets);
  const x = b.cast(output, "float32");
  const zero = b.scalar(0, "float32");
  // max(x, 0) − x t + log(1 + exp(−|x|)): no overflow for either sign of x
  const softplus = b.op("Log", [b.shift(b.op("Exp", [b.neg(b.op("Abs", [x]))]), 1)]);
  const each = b.add(b.sub(b.op("Max", [x, zero]), b.mul(x, target)), softplus);
  const loss = b.div(sumAll(b, b.where(known, each, zero)), total);
  return {
    targets,
    loss: named(loss, "loss"),
    gradient: () => {
      const dx = b.div(b.sub(b.op("Sigmoid", [x]), target), total); // dx = (σ(x) − t) / n
      return b.cast(b.where(known, dx, zero), output.dtype);
    },
  };
}

function knownTargets(b: OpBuilder, targets: Value): { known: Value; target: Value; total: Value } {
  const known = b.op("Equal", [targets, targets]); // false for NaN alone
  const [zero, one] = [b.scalar(0, "float32"), b.scalar(1, "float32")];
  const total = b.op("Max", [sumAll(b, b.where(known, one, zero)), one]);
  return { known, target: b.where(known, targets, zero), total };
}

/** The sum of all elements as a scalar, last axis first. */
function sumAll(b: OpBuilder, value: Value): Value {
  const rank = value.dims.length;
  if (rank === 0) return value;
  const rows = b.reduceSum(value, [rank - 1], false);
  return b.reduceSum(rows, [...rows.dims.keys()], false);
}

function addTargets(b: OpBuilder, type: Value["type"]): Value {
  const targets = new Value("targets", type);
  b.graph.inputs.push(targets);
  return targets;
}

function named(value: Value, name: string): Value {
  value.name = name;
  return value;
}
