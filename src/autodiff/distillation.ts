import { HoldfastError } from "../errors.ts";
import type { Value } from "../onnx/value.ts";
import type { OpBuilder } from "../ops/op-builder.ts";
import { formatShape, shapesEqual, sizeOf } from "../tensor/shape.ts";

/** What the student's value is held to: the teacher's class probabilities, or its features. */
export type DistillationKind = "logits" | "features";

export interface DistillationOptions {
  readonly kind: DistillationKind;
  /** Softens both sides' probabilities; for logits alone. */
  readonly temperature: number;
  /** float32 [B]: 1 for rows that count, 0 for padding; every row counts if null. */
  readonly rows: Value | null;
}

/** A term of the loss that holds a network to another one's function. */
export interface DistillationNodes {
  /** float32 scalar, a mean over the rows that count. */
  readonly loss: Value;
  /** The derivative of the term with respect to the student's value, in closed form. */
  readonly gradient: () => Value;
}

/**
 * Appends a distillation term on a value and the same value of a frozen teacher.
 *
 *     logits    T² · KL(softmax(z₀ / T) ‖ softmax(z / T)) over the last axis   dz = T (softmax(z / T) − softmax(z₀ / T))
 *     features  ‖f − f₀‖² / ‖f₀‖² of each row                                  df = 2 (f − f₀) / ‖f₀‖²
 *
 * Hinton, Vinyals and Dean, 2015. https://arxiv.org/abs/1503.02531
 */
export function distil(
  b: OpBuilder,
  student: Value,
  teacher: Value,
  options: DistillationOptions,
): DistillationNodes {
  if (!shapesEqual(student.dims, teacher.dims) || student.dims.length < 2) {
    const shapes = `${formatShape(student.dims)} and ${formatShape(teacher.dims)}`;
    throw new HoldfastError(
      `internal: distillation between ${shapes}, expected equal shapes of rank 2 or more`,
    );
  }
  const batch = student.dims[0]!; // the rank is 2 or more
  const share = rowShares(b, options.rows, batch);
  const flat = [batch, sizeOf(student.dims.slice(1))];
  const rowsOf = (value: Value, dims: readonly number[]) => b.reshape(b.cast(value, "float32"), dims);
  const back = (gradient: Value) => b.cast(b.reshape(gradient, student.dims), student.dtype);
  if (options.kind === "features") {
    const f = rowsOf(student, flat);
    const f0 = rowsOf(teacher, flat);
    const difference = b.sub(f, f0);
    const size = b.op("Max", [b.reduceSum(b.mul(f0, f0), [1], true), b.scalar(1e-12, "float32")]);
    const weight = b.div(share, size); // [B, 1]
    const each = b.mul(b.reduceSum(b.mul(difference, difference), [1], true), weight);
    return {
      loss: b.reduceSum(each, [0, 1], false),
      gradient: () => back(b.scale(b.mul(difference, weight), 2)),
    };
  }
  const classes = student.dims.at(-1)!;
  const { temperature } = options;
  // A row of the batch may hold several distributions: one for each token, say. Each counts alike within its row.
  const inner = flat[1]! / classes;
  const dims = [batch, inner, classes];
  const [z, z0] = [student, teacher].map((v) => b.scale(rowsOf(v, dims), 1 / temperature)) as [Value, Value];
  const [logP, logP0] = [z, z0].map((v) => b.op("LogSoftmax", [v], { axis: -1 })) as [Value, Value];
  const p0 = b.op("Exp", [logP0]);
  const weight = b.scale(b.reshape(share, [batch, 1, 1]), 1 / inner);
  const each = b.mul(b.reduceSum(b.mul(p0, b.sub(logP0, logP)), [2], true), weight);
  return {
    loss: b.scale(b.reduceSum(each, [0, 1, 2], false), temperature ** 2),
    gradient: () => back(b.scale(b.mul(b.sub(b.op("Exp", [logP]), p0), weight), temperature)),
  };
}

/** Each row's share of the mean, [B, 1]. */
function rowShares(b: OpBuilder, rows: Value | null, batch: number): Value {
  if (rows === null) return b.full([batch, 1], 1 / batch, "float32");
  const total = b.op("Max", [b.reduceSum(rows, [0], false), b.scalar(1, "float32")]);
  return b.reshape(b.div(rows, total), [batch, 1]);
}
