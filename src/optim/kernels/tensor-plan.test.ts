import { beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../../tensor/random.ts";
import { type Matrices, scalarMatrices } from "../scalar-matrices.ts";
import { type MatrixDims, sizeOfDims, type TensorArithmetic } from "../tensor-arithmetic.ts";
import type { TensorForm } from "../update-rule.ts";
import { allocationSize, compileKernels, Kernel } from "./kernel.ts";
import { planTensor } from "./tensor-plan.ts";

/** Float32 sums of up to 700 products against float64, relative to the largest result. */
const TOLERANCE = 2e-6;

let module: WebAssembly.Module;
beforeAll(async () => {
  module = await compileKernels();
});

/** g [dims] and a second operand y, into one result. */
interface Case {
  readonly dims: MatrixDims;
  readonly other: MatrixDims;
  readonly formula: <T>(a: TensorArithmetic<T>, g: T, y: T) => T;
}

const broadcast: Case["formula"] = (a, g, y) =>
  a.map([g, y, a.mean("all", [y], (_, v) => v!)], (e, x, v, mean) => e.add(e.mul(x!, v!), mean!));
const means =
  (over: "row" | "column" | "all"): Case["formula"] =>
  (a, g, y) =>
    a.mean(over, [g, y], (e, x, v) => e.mul(x!, e.mul(x!, v!)));
const cases: Readonly<Record<string, Case>> = {
  "a formula with one number per row": { dims: [3, 7, 5], other: [3, 7, 1], formula: broadcast },
  "a formula with one number per column": { dims: [3, 7, 5], other: [3, 1, 5], formula: broadcast },
  "a formula with one number per matrix": { dims: [3, 7, 5], other: [3, 1, 1], formula: broadcast },
  "a formula with one row in each matrix": { dims: [4, 1, 6], other: [4, 1, 1], formula: broadcast },
  "a formula with one number for all": { dims: [2, 3, 9], other: [1, 1, 1], formula: broadcast },
  "a formula of tensors of one column": { dims: [2, 9, 1], other: [2, 1, 1], formula: broadcast },
  "means of rows": { dims: [3, 4, 601], other: [3, 1, 601], formula: means("row") },
  "means of columns": { dims: [3, 40, 6], other: [3, 40, 1], formula: means("column") },
  "the mean of all": { dims: [3, 40, 7], other: [1, 1, 1], formula: means("all") },
  "a product": { dims: [1, 13, 700], other: [1, 700, 21], formula: (a, g, y) => a.product(g, y) },
  "a product, first transposed": {
    ...{ dims: [2, 300, 9], other: [2, 300, 8] },
    formula: (a, g, y) => a.product(g, y, { x: true }),
  },
  "a product, second transposed": {
    ...{ dims: [2, 5, 300], other: [2, 17, 300] },
    formula: (a, g, y) => a.product(g, y, { y: true }),
  },
  "a product, both transposed": {
    ...{ dims: [1, 3, 2], other: [1, 10, 3] },
    formula: (a, g, y) => a.product(g, y, { x: true, y: true }),
  },
  "something repeated": {
    ...{ dims: [1, 6, 6], other: [1, 6, 6] },
    formula: (a, g, y) =>
      a.repeat(5, g, (now) =>
        a.map([a.product(now, y), now], (e, p, x) => e.div(e.add(p!, x!), e.constant(4))),
      ),
  },
};

describe.each(Object.entries(cases))("a tensor plan computes %s", (_, { dims, other, formula }) => {
  it("as plain loops in float64 do", () => {
    const [g, y] = [randoms(1, dims), randoms(2, other)];
    const expected = formula(scalarMatrices, g, y);
    const form: TensorForm = {
      kind: "tensor",
      dims,
      stateDims: { y: other, out: expected.dims },
      propose: (a, t) => ({
        direction: t.g,
        factor: t.c.factor!,
        states: { y: t.states.y!, out: formula(a, t.g, t.states.y!) },
      }),
    };
    const states = ["y", "out"].map((name) => ({ name, shape: form.stateDims[name]! }));
    const update = {
      states,
      form,
      coefficients: <T>(a: { constant(v: number): T }) => ({ factor: a.constant(3) }),
    };
    const plan = planTensor(update, form, ["factor"]);
    const sizes = [dims, other, expected.dims].map(sizeOfDims);
    const kernel = new Kernel(
      module,
      [...sizes, plan.scratchLength].reduce((s, n) => s + allocationSize(n), 0),
    );
    const [gradient, yAt, outAt] = sizes.map((n) => kernel.allocate(n)) as [number, number, number];
    kernel.view(gradient, sizes[0]!).set(g.data);
    kernel.view(yAt, sizes[1]!).set(y.data);
    const scratch = kernel.allocate(plan.scratchLength);
    const { factor } = plan.run(kernel, {
      ...{ parameter: gradient, gradient, gradientScale: 1, anchor: 0, coupling: 0 },
      ...{ states: [yAt, outAt], coefficients: [3], scratch },
    });
    expect(factor).toBe(3);
    const got = kernel.view(outAt, sizes[2]!);
    const largest = Math.max(...expected.data.map(Math.abs));
    for (const [i, x] of expected.data.entries()) {
      expect(Math.abs(got[i]! - x) / largest).toBeLessThan(TOLERANCE);
    }
    expect([...kernel.view(gradient, sizes[0]!)]).toEqual([...g.data]);
    const padding = kernel.view(outAt + 4 * sizes[2]!, -sizes[2]! & 3);
    expect(padding.every((x) => x === 0)).toBe(true);
  });
});

function randoms(seed: number, dims: MatrixDims): Matrices {
  const random = createRandom(seed);
  return { dims, data: Float32Array.from({ length: sizeOfDims(dims) }, () => random.normal()) };
}
