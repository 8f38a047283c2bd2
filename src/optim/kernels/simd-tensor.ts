import type { HeldTensor } from "../held-tensor.ts";
import { type RowLayout, rowCount, wholeTensor } from "../row-layout.ts";
import type { FloatArray } from "../update-rule.ts";
import type { Address, Kernel } from "./kernel.ts";

/** What an anchor rule owns of one tensor in a kernel's memory. */
export interface TensorMemory {
  /** Those of the tensor's size. */
  readonly arrays: readonly Float32Array[];
  readonly numbers: Float32Array;
  readonly layout: RowLayout;
  /** float64 for each row. */
  readonly sums: Address;
  /** float32 for each row. */
  readonly shares: Address;
}

export interface SimdTensorOptions {
  readonly kernel: Kernel;
  readonly length: number;
  readonly parameter: Address;
  readonly gradient: Address;
  readonly gradientScale: number;
  /** 0 is an anchor of zeros. */
  readonly anchor: Address;
  readonly memory: TensorMemory;
  readonly step: number;
}

/** `HeldTensor` over a kernel's memory: each method is one pass in SIMD, and only rows are touched one by one here. */
export function simdTensor(o: SimdTensorOptions): HeldTensor {
  const { kernel, length, parameter, gradient, gradientScale, anchor, memory } = o;
  const { layout, sums, shares } = memory;
  const rows = rowCount(layout);
  const readSums = () => kernel.view64(sums, rows).slice();
  return {
    step: o.step,
    rows,
    arrays: memory.arrays,
    numbers: memory.numbers,
    rowDistances() {
      kernel.rowDistances(parameter, anchor, sums, layout);
      return readSums();
    },
    rowDots(x) {
      kernel.rowDots(gradient, addressOf(x), anchor, sums, layout);
      return readSums().map((dot) => gradientScale * dot);
    },
    distance: () => Math.sqrt(kernel.sumSquaredDifferences(parameter, anchor, length)),
    gradientDot: (x) => gradientScale * kernel.dot(gradient, addressOf(x), length),
    agreement() {
      const { gd, dd, gg } = kernel.agreement(gradient, parameter, anchor, length);
      return { gd: gradientScale * gd, dd, gg: gradientScale ** 2 * gg };
    },
    keepDeviation(x, factors) {
      const isOne = typeof factors === "number";
      kernel.view(shares, isOne ? 1 : rows).set(isOne ? [factors] : factors);
      kernel.scaleRows(addressOf(x), parameter, anchor, shares, isOne ? wholeTensor(length) : layout);
    },
    keepParameter: (x) => x.set(kernel.view(parameter, length)),
    restoreParameter: (x) => kernel.view(parameter, length).set(x),
    shrink: (share) => kernel.shrink(parameter, anchor, length, share),
    shrinkRows(of) {
      kernel.view(shares, rows).set(of);
      return Math.sqrt(kernel.shrinkRows(parameter, anchor, shares, layout));
    },
  };
}

/** A rule's arrays are views on the kernel's memory, so that where they begin is their address. */
function addressOf(x: FloatArray): Address {
  return x.byteOffset;
}
