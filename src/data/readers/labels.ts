import { DataError } from "../../errors.ts";
import type { Tensor } from "../../tensor/tensor.ts";

export interface Labels {
  readonly classes: readonly string[] | null;
  readonly values: ArrayLike<number>;
}

/**
 * Class indices from class names. Classes are the distinct names, sorted as numbers where all are whole numbers and by
 * code units otherwise.
 */
export function labelsOfNames(names: readonly string[]): Labels {
  const distinct = [...new Set(names)];
  const numeric = distinct.every((name) => /^-?\d{1,15}$/.test(name));
  // Without a comparison function, sort orders by code units.
  const classes = numeric ? distinct.sort((a, b) => Number(a) - Number(b)) : distinct.sort();
  const indexOf = new Map(classes.map((name, i) => [name, i]));
  return { classes, values: names.map((name) => indexOf.get(name)!) };
}

/**
 * Labels from an array [N] or [N, 1]: whole numbers or strings as class names, or any numbers to regress on.
 *
 * @throws DataError if the shape is another, or numbers with a fraction should be classes
 */
export function labelsOfTensor(labels: Tensor, task: "classification" | "regression", what: string): Labels {
  const { dims } = labels;
  if (!(dims.length === 1 || (dims.length === 2 && dims[1] === 1))) {
    throw new DataError(`${what}: labels have shape [${dims.join(", ")}], expected [N] or [N, 1]`);
  }
  if (labels.dtype === "string") {
    if (task === "regression")
      throw new DataError(`${what}: labels are strings, expected numbers for regression`);
    return labelsOfNames(labels.data as readonly string[]);
  }
  if (labels.dtype === "float16")
    throw new DataError(`${what}: labels are float16, expected float32 or integers`);
  const values = Array.from(labels.data as ArrayLike<number | bigint>, Number);
  const odd = values.findIndex(
    (v) => !(task === "regression" ? Number.isFinite(v) : Number.isSafeInteger(v)),
  );
  if (odd >= 0) {
    const expected =
      task === "regression" ? "a finite number" : "a whole number (for numbers, set task: regression)";
    throw new DataError(`${what}: label ${odd} is ${values[odd]}, expected ${expected}`);
  }
  return task === "regression" ? { classes: null, values } : labelsOfNames(values.map(String));
}
