import { ConfigError } from "../../errors.ts";
import { formatType } from "../../onnx/type.ts";
import type { Value } from "../../onnx/value.ts";
import type { OpBuilder } from "../../ops/op-builder.ts";
import { normalizeAxis, sizeOf } from "../../tensor/shape.ts";
import type { LossNodes, LossOptions } from "./loss.ts";
import { addTargets, addWeights, countingRows, factors, targetWeight } from "./parts.ts";

/** Logits and class indices as rows: N targets of C classes. */
export interface ClassRows {
  readonly classes: number;
  /** Logits less the largest of their row, float32 [N, C]. */
  readonly x: Value;
  /** Their exponentials, float32 [N, C], and the sums of these [N, 1]. */
  readonly exp: Value;
  readonly sum: Value;
  /** int64 [N, 1]; 0 where the target is ignored. */
  readonly index: Value;
  /** float32 [N, 1]: the example's weight; 0 where the target is ignored. */
  readonly weight: Value;
  /** A factor for each class, float32 [C]; null if all are 1. */
  readonly classWeights: Value | null;
}

/** A loss of class rows: a float32 scalar, and its derivative by the logits, float32 [N, C]. */
export interface ClassLoss {
  readonly loss: Value;
  readonly gradient: () => Value;
}

/**
 * A loss of logits and class indices: `targets` int64, the logits' shape without the class axis. The formula sees both
 * as rows.
 *
 * @throws ConfigError if the output has no such axis
 */
export function ofClasses(
  b: OpBuilder,
  logits: Value,
  options: LossOptions,
  formula: (rows: ClassRows) => ClassLoss,
): LossNodes {
  const { classAxis = -1, ignoreIndex = -100, classWeights } = options;
  const axis = normalizeAxis(classAxis, logits.dims.length);
  if (axis === null) {
    throw new ConfigError(
      `the loss's class axis ${classAxis} is out of range for output "${logits.name}" ${formatType(logits.type)}`,
    );
  }
  const classes = logits.dims[axis]!; // normalizeAxis has checked the index
  const rest = logits.dims.filter((_, i) => i !== axis);
  const count = sizeOf(rest);
  const targets = addTargets(b, { dtype: "int64", dims: rest });
  const weights = addWeights(b, options, targets);

  const toLast = [...logits.dims.keys()].filter((i) => i !== axis).concat(axis);
  const rows = b.cast(b.reshape(b.transpose(logits, toLast), [count, classes]), "float32");
  const x = b.sub(rows, b.reduceMax(rows, [1], true));
  const exp = b.op("Exp", [x]);
  const counts = b.op("Not", [b.op("Equal", [targets, b.scalar(ignoreIndex, "int64")])]);
  const weight = targetWeight(b, counts, weights);
  const { loss, gradient } = formula({
    classes,
    x,
    exp,
    sum: b.reduceSum(exp, [1], true),
    index: b.reshape(b.where(counts, targets, b.scalar(0, "int64")), [count, 1]),
    weight: b.reshape(weight, [count, 1]),
    classWeights: classWeights
      ? factors(b, classWeights, { count: classes, what: "classWeights", output: logits })
      : null,
  });
  return {
    targets,
    weights,
    loss,
    gradient: () => {
      const moved = b.reshape(b.cast(gradient(), logits.dtype), [...rest, classes]);
      return b.transpose(
        moved,
        toLast.map((_, i) => toLast.indexOf(i)),
      );
    },
    rows: () => countingRows(b, weight),
  };
}

/** log p of each row's target, [N, 1]. */
export function logProbability(b: OpBuilder, { x, sum, index }: ClassRows): Value {
  return b.sub(b.op("GatherElements", [x, index], { axis: 1 }), b.op("Log", [sum]));
}

/** `dense` [N, C] with `hit` [N, 1] added to each row's target. */
export function addAtTarget(b: OpBuilder, { index }: ClassRows, dense: Value, hit: Value): Value {
  return b.op("ScatterElements", [dense, index, hit], { axis: 1, reduction: "add" });
}

/** The weight of each row times that of its class, [N, 1]. */
export function classedWeight(b: OpBuilder, { weight, classWeights, index }: ClassRows): Value {
  return classWeights ? b.mul(weight, b.op("Gather", [classWeights, index], { axis: 0 })) : weight;
}
