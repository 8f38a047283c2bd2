import { formatShape, type Shape, sizeOf } from "../tensor/shape.ts";

/** Which axis of a weight counts output units; a grouped ConvTranspose repeats it in every group of its first axis. */
export interface UnitAxis {
  readonly axis: number;
  readonly groups?: number;
}

/**
 * A tensor seen as [groups, outer, rows, inner], row-major. A row is what feeds one output unit, and `rows` of them stand
 * in each group; row r of group g is number g · rows + r.
 */
export interface RowLayout {
  readonly groups: number;
  readonly outer: number;
  readonly rows: number;
  readonly inner: number;
}

/**
 * The rows of a parameter. A vector, such as a bias or a gain, is a single row: it has one norm, as in the authors' code
 * of FTP and TPGM. The axis is 0 if left out, which is where PyTorch has the output units.
 *
 * @throws Error (our own bug) if the axis or the groups do not fit the shape
 */
export function rowLayout(shape: Shape, units: UnitAxis = { axis: 0 }): RowLayout {
  const { axis, groups = 1 } = units;
  if (shape.length <= 1) return wholeTensor(sizeOf(shape));
  if (!(axis >= 0 && axis < shape.length) || (groups > 1 && (axis === 0 || shape[0]! % groups !== 0))) {
    throw new Error(
      `internal: ${formatShape(shape)} has no output units on axis ${axis} in ${groups} groups`,
    );
  }
  return {
    groups,
    outer: sizeOf(shape.slice(0, axis)) / groups,
    rows: shape[axis]!,
    inner: sizeOf(shape.slice(axis + 1)),
  };
}

/** A tensor as one row. */
export function wholeTensor(length: number): RowLayout {
  return { groups: 1, outer: 1, rows: 1, inner: length };
}

/** Rows of all groups together. */
export function rowCount({ groups, rows }: RowLayout): number {
  return groups * rows;
}
