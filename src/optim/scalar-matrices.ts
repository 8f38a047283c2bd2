import { numbers } from "./arithmetic.ts";
import {
  broadcastDims,
  type ElementFormula,
  type MatrixDims,
  type MeanOver,
  meanDims,
  productDims,
  sizeOfDims,
  type TensorArithmetic,
} from "./tensor-arithmetic.ts";
import type { FloatArray } from "./update-rule.ts";

/** A tensor as matrices in plain numbers. */
export interface Matrices {
  readonly dims: MatrixDims;
  readonly data: FloatArray;
}

/** The scalar form of formulas over tensors: plain loops in float64, the reference of the others. */
export const scalarMatrices: TensorArithmetic<Matrices> = {
  map,
  mean(over: MeanOver, operands, formula) {
    const { dims, data } = map(operands, formula);
    const out = empty(meanDims(over, dims));
    for (const [i, x] of data.entries()) out.data[indexOf(out.dims, placeOf(dims, i))]! += x;
    const share = data.length / out.data.length;
    for (const i of out.data.keys()) out.data[i]! /= share;
    return out;
  },
  product(x, y, transposed = {}) {
    const out = empty(productDims(x.dims, y.dims, transposed));
    const inner = transposed.x ? x.dims[1] : x.dims[2];
    for (const i of out.data.keys()) {
      const [m, r, c] = placeOf(out.dims, i);
      for (let k = 0; k < inner; k++) {
        const left = indexOf(x.dims, transposed.x ? [m, k, r] : [m, r, k]);
        const right = indexOf(y.dims, transposed.y ? [m, c, k] : [m, k, c]);
        out.data[i]! += x.data[left]! * y.data[right]!;
      }
    }
    return out;
  },
  repeat(times, x, body) {
    let result = x;
    for (let t = 0; t < times; t++) result = body(result);
    return result;
  },
};

function map(operands: readonly Matrices[], formula: ElementFormula): Matrices {
  const out = empty(broadcastDims(operands.map((x) => x.dims)));
  for (const i of out.data.keys()) {
    const place = placeOf(out.dims, i);
    out.data[i] = formula(numbers, ...operands.map((x) => x.data[indexOf(x.dims, place)]!));
  }
  return out;
}

function empty(dims: MatrixDims): Matrices {
  return { dims, data: new Float64Array(sizeOfDims(dims)) };
}

function placeOf([, rows, columns]: MatrixDims, i: number): MatrixDims {
  return [Math.floor(i / (rows * columns)), Math.floor(i / columns) % rows, i % columns];
}

/** Where an operand has what broadcasts to a place. */
function indexOf([matrices, rows, columns]: MatrixDims, [m, r, c]: MatrixDims): number {
  return ((matrices === 1 ? 0 : m) * rows + (rows === 1 ? 0 : r)) * columns + (columns === 1 ? 0 : c);
}
