import type { HeldTensor } from "./held-tensor.ts";
import { type RowLayout, rowCount } from "./row-layout.ts";
import type { FloatArray } from "./update-rule.ts";

export interface ScalarTensorOptions {
  readonly parameter: FloatArray;
  readonly gradient: FloatArray;
  readonly gradientScale: number;
  /** θ0; null is an anchor of zeros. */
  readonly anchor: FloatArray | null;
  readonly arrays: readonly FloatArray[];
  readonly numbers: FloatArray;
  readonly layout: RowLayout;
  readonly step: number;
}

/** `HeldTensor` in plain loops over arrays of either precision, with sums in float64: the reference for the kernel's. */
export function scalarTensor(o: ScalarTensorOptions): HeldTensor {
  const { parameter, gradient, gradientScale, anchor, layout } = o;
  const { outer, rows, inner } = layout;
  const rowOf = (i: number) => {
    const group = Math.floor(i / (outer * rows * inner));
    return group * rows + (Math.floor(i / inner) % rows);
  };
  const count = rowCount(layout);
  const gradientAt = (i: number) => gradientScale * gradient[i]!;
  const from = (x: FloatArray, i: number) => x[i]! - (anchor?.[i] ?? 0);
  const d = (i: number) => from(parameter, i);
  const sum = (at: (i: number) => number) => {
    let total = 0;
    for (let i = 0; i < parameter.length; i++) total += at(i);
    return total;
  };
  const rowSums = (at: (i: number) => number) => {
    const sums = new Float64Array(count);
    for (let i = 0; i < parameter.length; i++) sums[rowOf(i)]! += at(i);
    return sums;
  };
  const distance = () => Math.sqrt(sum((i) => d(i) ** 2));
  const shrinkBy = (share: (i: number) => number) => {
    for (let i = 0; i < parameter.length; i++) parameter[i] = parameter[i]! - share(i) * d(i);
  };
  return {
    step: o.step,
    rows: count,
    arrays: o.arrays,
    numbers: o.numbers,
    rowDistances: () => rowSums((i) => Math.abs(d(i))),
    rowDots: (x) => rowSums((i) => gradientAt(i) * from(x, i)),
    distance,
    gradientDot: (x) => sum((i) => gradientAt(i) * x[i]!),
    agreement: () => ({
      gd: sum((i) => gradientAt(i) * d(i)),
      dd: sum((i) => d(i) ** 2),
      gg: sum((i) => gradientAt(i) ** 2),
    }),
    keepDeviation(x, factors) {
      for (let i = 0; i < x.length; i++)
        x[i] = (typeof factors === "number" ? factors : factors[rowOf(i)]!) * d(i);
    },
    keepParameter: (x) => x.set(parameter),
    restoreParameter: (x) => parameter.set(x),
    shrink: (share) => shrinkBy(() => share),
    shrinkRows(shares) {
      shrinkBy((i) => shares[rowOf(i)]!);
      return distance();
    },
  };
}
