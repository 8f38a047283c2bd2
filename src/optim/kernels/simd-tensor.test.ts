import { describe, expect, it } from "vitest";
import { createRandom } from "../../tensor/random.ts";
import { type Shape, sizeOf } from "../../tensor/shape.ts";
import { rowCount, rowLayout, type UnitAxis, wholeTensor } from "../row-layout.ts";
import { scalarTensor } from "../scalar-tensor.ts";
import { allocationSize, compileKernels, Kernel } from "./kernel.ts";
import { simdTensor } from "./simd-tensor.ts";

/** Float32 products, summed in float32 over a block by the kernel, against float64 on the same arrays. */
const TOLERANCE = 1e-5;

const cases: readonly (readonly [what: string, shape: Shape, units: UnitAxis | undefined])[] = [
  ["a MatMul weight, whose units are columns", [7, 13], { axis: 1 }],
  ["a Gemm weight with transB, whose units are rows", [13, 7], { axis: 0 }],
  ["a convolution", [5, 3, 3, 3], { axis: 0 }],
  ["a transposed convolution in two groups", [4, 3, 3, 2], { axis: 1, groups: 2 }],
  ["an LSTM weight", [2, 8, 5], { axis: 1 }],
  ["a vector", [11], { axis: 0 }],
  ["a tensor whose reader is not known", [3, 6], undefined],
  ["units of one element, many of them", [3, 1030], { axis: 1 }],
];

describe.each(cases)("the rows of %s", (_what, shape, units) => {
  it.each(["given", "zero"])("are those of the scalar form, anchor %s", async (at) => {
    const { scalar, simd, arrays, read } = await twins(shape, units, at === "zero");
    expectClose(simd.rowDistances(), scalar.rowDistances());
    expectClose(simd.rowDots(arrays.simd), scalar.rowDots(arrays.scalar));
    expectClose([simd.distance()], [scalar.distance()]);
    expectClose([simd.gradientDot(arrays.simd)], [scalar.gradientDot(arrays.scalar)]);
    expectClose(Object.values(simd.agreement()), Object.values(scalar.agreement()));
    const factors = Float64Array.from({ length: simd.rows }, (_, r) => (r + 1) / (2 * simd.rows));
    for (const f of [factors, -0.3]) {
      simd.keepDeviation(arrays.simd, f);
      scalar.keepDeviation(arrays.scalar, f);
      expectClose(arrays.simd, arrays.scalar);
    }
    expectClose([simd.shrinkRows(factors)], [scalar.shrinkRows(factors)]);
    expectClose(read(), read("scalar"));
    simd.keepParameter(arrays.simd);
    simd.shrink(0.25);
    scalar.shrink(0.25);
    expectClose(read(), read("scalar"));
    const kept = arrays.simd.slice();
    simd.restoreParameter(arrays.simd);
    expect(read()).toEqual(kept);
  });
});

it("a vector is one row, and a row of ones is told by a sum", () => {
  expect(rowLayout([11])).toEqual(wholeTensor(11));
  expect(rowLayout([])).toEqual(wholeTensor(1));
  expect(rowLayout([4, 3, 3, 2], { axis: 1, groups: 2 })).toEqual({ groups: 2, outer: 2, rows: 3, inner: 6 });
  expect(rowCount(rowLayout([4, 3, 3, 2], { axis: 1, groups: 2 }))).toBe(6);
  expect(() => rowLayout([4, 3], { axis: 2 })).toThrow("internal: [4, 3] has no output units on axis 2");
});

it("a row's distance is the plain sum over what feeds one output unit", async () => {
  const kernel = new Kernel(await compileKernels(), 8 * 64);
  const [x, sums] = [kernel.allocate(6), kernel.allocate(6)];
  kernel.view(x, 6).set([1, -2, 3, -4, 5, -6]);
  kernel.rowDistances(x, 0, sums, rowLayout([2, 3], { axis: 0 }));
  expect([...kernel.view64(sums, 2)]).toEqual([6, 15]);
  kernel.rowDistances(x, 0, sums, rowLayout([2, 3], { axis: 1 }));
  expect([...kernel.view64(sums, 3)]).toEqual([5, 7, 9]);
});

/** The same values in a kernel's memory and in plain arrays. */
async function twins(shape: Shape, units: UnitAxis | undefined, zero: boolean) {
  const length = sizeOf(shape);
  const layout = rowLayout(shape, units);
  const kernel = new Kernel(
    await compileKernels(),
    6 * allocationSize(length) + 3 * allocationSize(2 * length),
  );
  const random = createRandom(7);
  const fill = () => {
    const address = kernel.allocate(length);
    kernel.view(address, length).set(Float32Array.from({ length }, () => random.normal()));
    return address;
  };
  const [parameter, gradient, anchor, own] = [fill(), fill(), fill(), fill()];
  const [sums, shares] = [kernel.allocate(2 * length), kernel.allocate(length)];
  const array = kernel.view(own, length);
  const numbers = new Float32Array(0);
  const simd = simdTensor({
    ...{ kernel, length, parameter, gradient, gradientScale: 0.5, anchor: zero ? 0 : anchor, step: 1 },
    memory: { arrays: [array], numbers, layout, sums, shares },
  });
  const copy = (address: number) => kernel.view(address, length).slice();
  const plain = { parameter: copy(parameter), array: array.slice() };
  const scalar = scalarTensor({
    ...{ parameter: plain.parameter, gradient: copy(gradient), gradientScale: 0.5 },
    ...{ anchor: zero ? null : copy(anchor), arrays: [plain.array], numbers, layout, step: 1 },
  });
  const read = (of: "simd" | "scalar" = "simd") => (of === "simd" ? copy(parameter) : plain.parameter);
  return { simd, scalar, arrays: { simd: array, scalar: plain.array }, read };
}

function expectClose(a: ArrayLike<number>, b: ArrayLike<number>): void {
  expect(a.length).toBe(b.length);
  for (let i = 0; i < a.length; i++)
    expect(Math.abs(a[i]! - b[i]!), String(i)).toBeLessThan(TOLERANCE * Math.max(1, Math.abs(b[i]!)));
}
