import type { Arithmetic } from "./arithmetic.ts";

/** A tensor seen as [matrices, rows, columns], row-major. */
export type MatrixDims = readonly [matrices: number, rows: number, columns: number];

/** A formula of one element. Whoever calls gives as many operands as it takes. */
export type ElementFormula = <E>(a: Arithmetic<E>, ...operands: readonly E[]) => E;

/** What a mean runs over: each row ([m, r, 1]), each column ([m, 1, c]), or everything ([1, 1, 1]). */
export type MeanOver = "row" | "column" | "all";

/**
 * What the formulas of update rules are written in that look beyond one element. T is a tensor as matrices: in plain
 * numbers, in an ONNX graph, or in a kernel's memory. Operands of one `map` or `mean` broadcast over sizes of 1.
 */
export interface TensorArithmetic<T> {
  /** The formula of each element: one pass, whatever the formula's length. */
  map(operands: readonly T[], formula: ElementFormula): T;
  /** The mean of the formula, which is not kept itself. */
  mean(over: MeanOver, operands: readonly T[], formula: ElementFormula): T;
  /** x · y of each matrix, either of them transposed if asked for. */
  product(x: T, y: T, transposed?: { readonly x?: boolean; readonly y?: boolean }): T;
  /** body(body(… body(x))). */
  repeat(times: number, x: T, body: (x: T) => T): T;
}

/** The last two axes as rows and columns, all before them as matrices; a vector is one row. */
export function matrixDims(shape: readonly number[]): MatrixDims {
  const columns = shape.at(-1) ?? 1;
  const rows = shape.at(-2) ?? 1;
  return [shape.slice(0, -2).reduce((product, n) => product * n, 1), rows, columns];
}

export function sizeOfDims([matrices, rows, columns]: MatrixDims): number {
  return matrices * rows * columns;
}

/** What operands of these sizes broadcast to. */
export function broadcastDims(all: readonly MatrixDims[]): MatrixDims {
  const at = (axis: 0 | 1 | 2) => Math.max(...all.map((dims) => dims[axis]));
  return [at(0), at(1), at(2)];
}

/** Sizes of x · y. */
export function productDims(
  x: MatrixDims,
  y: MatrixDims,
  transposed: { readonly x?: boolean; readonly y?: boolean },
): MatrixDims {
  return [x[0], transposed.x ? x[2] : x[1], transposed.y ? y[1] : y[2]];
}

/** Sizes of a mean. */
export function meanDims(over: MeanOver, [matrices, rows, columns]: MatrixDims): MatrixDims {
  if (over === "all") return [1, 1, 1];
  return over === "row" ? [matrices, rows, 1] : [matrices, 1, columns];
}
