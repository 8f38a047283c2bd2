import { DataError } from "../../errors.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type Dataset, type Labelling, NO_LABEL } from "../dataset.ts";

/** The labels of all examples, by example. */
export interface Labels {
  readonly labelling: Labelling;
  readonly classes: readonly string[] | null;
  /** Class indices, or numbers. */
  readonly values: ArrayLike<number>;
  /** All labels of an example, where it may have several; `values` are the first ones then. */
  readonly several?: readonly (readonly number[])[];
}

/** The fields of a dataset that say what its examples are labelled with. */
export function labelFields({
  labelling,
  classes,
  values,
  several,
}: Labels): Pick<Dataset, "labelling" | "classes" | "label" | "labels"> {
  return {
    labelling,
    classes,
    label: (i) => values[i] ?? NO_LABEL,
    ...(several ? { labels: (i) => several[i]! } : {}),
  };
}

/** Labels of examples that have none beside them. */
export const noLabels: Labels = { labelling: "sample", classes: null, values: [] };

/** Labels that are several class indices, or several numbers, for each example. */
export function severalLabels(
  labelling: "classes" | "numbers",
  classes: readonly string[] | null,
  several: readonly (readonly number[])[],
): Labels {
  return { labelling, classes, values: several.map((labels) => labels[0] ?? NO_LABEL), several };
}

/** Distinct class names in their order: as numbers where all are whole numbers, and by code units otherwise. */
export function sortedNames(names: Iterable<string>): string[] {
  const distinct = [...new Set(names)];
  const numeric = distinct.every((name) => /^-?\d{1,15}$/.test(name));
  // Without a comparison function, sort orders by code units.
  return numeric ? distinct.sort((a, b) => Number(a) - Number(b)) : distinct.sort();
}

function labelsOfNames(names: readonly string[]): Labels {
  const classes = sortedNames(names);
  const indexOf = new Map(classes.map((name, i) => [name, i]));
  return { labelling: "class", classes, values: names.map((name) => indexOf.get(name)!) };
}

/**
 * Labels from an array: [N] or [N, 1] of whole numbers or strings for one class; [N, C] of 0 and 1 for several;
 * [N] or [N, K] of any numbers to regress on.
 *
 * @param names class names in place of whole numbers, or of the columns of 0 and 1; null where there are none
 * @throws DataError if the shape is another, numbers are what the labelling cannot use, or a class has no name
 */
export function labelsOfTensor(
  labels: Tensor,
  labelling: Exclude<Labelling, "sample">,
  names: readonly string[] | null,
  what: string,
): Labels {
  const { dims } = labels;
  const [count = 0, width = 1] = dims;
  const isOne = dims.length === 1 || (dims.length === 2 && width === 1);
  const expected = { class: "[N] or [N, 1]", classes: "[N, classes]", numbers: "[N] or [N, numbers]" };
  if (dims.length < 1 || dims.length > 2 || (labelling === "class" && !isOne)) {
    throw new DataError(
      `${what}: labels have shape [${dims.join(", ")}], expected ${expected[labelling]}` +
        (labelling === "class" ? " (several classes for each example are another task)" : ""),
    );
  }
  if (labels.dtype === "string") {
    if (labelling === "class") return labelsOfNames(labels.data as readonly string[]);
    throw new DataError(`${what}: labels are strings, expected numbers`);
  }
  if (labels.dtype === "float16")
    throw new DataError(`${what}: labels are float16, expected float32 or integers`);
  const values = Array.from(labels.data as ArrayLike<number | bigint>, Number);
  const fits = { class: Number.isSafeInteger, classes: isZeroOrOne, numbers: Number.isFinite }[labelling];
  const odd = values.findIndex((v) => !fits(v));
  if (odd >= 0) {
    const wanted = {
      class: "a whole number (numbers to predict are another task: regression)",
      classes: "0 or 1",
      numbers: "a finite number",
    };
    throw new DataError(`${what}: label ${odd} is ${values[odd]}, expected ${wanted[labelling]}`);
  }
  if (labelling === "class") return withNames(labelsOfNames(values.map(String)), names, what);
  const rows = Array.from({ length: count }, (_, i) => values.slice(i * width, (i + 1) * width));
  if (labelling === "numbers") return severalLabels("numbers", null, rows);
  const classes = names ?? Array.from({ length: width }, (_, c) => `${c}`);
  if (classes.length !== width)
    throw new DataError(`${what}: ${width} columns of labels, but ${classes.length} names of classes`);
  return severalLabels("classes", classes, rows.map(positionsOfOnes));
}

function isZeroOrOne(v: number): boolean {
  return v === 0 || v === 1;
}

/** Where a row of 0 and 1 has its ones. */
export function positionsOfOnes(row: readonly number[]): number[] {
  return row.flatMap((v, c) => (v === 1 ? [c] : []));
}

function withNames(labels: Labels, names: readonly string[] | null, what: string): Labels {
  if (names === null || labels.classes === null) return labels;
  const classes = labels.classes.map((index) => {
    const name = names[Number(index)];
    if (name !== undefined) return name;
    throw new DataError(`${what}: label ${index} has no name, "classes" holds ${names.length}`);
  });
  return { ...labels, classes };
}
