import { beforeAll, expect, it } from "vitest";
import { createRandom } from "../../tensor/random.ts";
import { type Arithmetic, numbers, sign } from "../arithmetic.ts";
import { compilePropose } from "./formula-compiler.ts";
import { compileKernels, Kernel } from "./kernel.ts";

/** One block of the kernel, the next, and a part of a vector. */
const LENGTH = 1027;

type Operation = <T>(a: Arithmetic<T>, x: T, y: T) => T;
const operations: Readonly<Record<string, Operation>> = {
  add: (a, x, y) => a.add(x, y),
  sub: (a, x, y) => a.sub(x, y),
  mul: (a, x, y) => a.mul(x, y),
  div: (a, x, y) => a.div(x, y),
  sqrt: (a, x) => a.sqrt(a.abs(x)),
  abs: (a, x) => a.abs(x),
  max: (a, x, y) => a.max(x, y),
  min: (a, x, y) => a.min(x, y),
  whereGreater: (a, x, y) => a.whereGreater(x, y, a.add(x, y), a.constant(-1.5)),
  sign: (a, x) => sign(a, x),
  constant: (a, x) => a.mul(x, a.add(a.constant(2), a.constant(2))),
};

let module: WebAssembly.Module;
beforeAll(async () => {
  module = await compileKernels();
});

it.each(Object.keys(operations))("compiles %s to what float32 gives, element by element", (name) => {
  const operation = operations[name]!; // a key of the table
  const formula = {
    kind: "element" as const,
    propose: <T>(a: Arithmetic<T>, e: { g: T; states: Readonly<Record<string, T>> }) => ({
      step: operation(a, e.g, e.states.y!), // the state named above
      states: { y: a.constant(7) },
    }),
  };
  const kernel = new Kernel(module, 4 * 8192);
  const [parameter, gradient, y] = [0, 0, 0].map(() => kernel.allocate(LENGTH)) as [number, number, number];
  const random = createRandom(3);
  const fill = () => Float32Array.from({ length: LENGTH }, (_, i) => (i % 100 === 0 ? 0 : random.normal()));
  const [g0, y0] = [fill(), fill().map((v) => v || 1)];
  kernel.view(gradient, LENGTH).set(g0);
  kernel.view(y, LENGTH).set(y0);
  kernel.step({
    formula: kernel.load(compilePropose(formula, ["y"], [])),
    ...{ parameter, gradient, states: [y], anchor: 0, length: LENGTH, mode: "plain" },
    ...{ gradientScale: 1, coupling: 0, pull: 0, coefficients: [] },
  });
  // Float32 of an operation in float64 is the operation in float32, and each of these has at most one that rounds.
  const expected = g0.map((g, i) => -operation(numbers, g, y0[i]!));
  const got = kernel.view(parameter, LENGTH);
  for (let i = 0; i < LENGTH; i++) expect(got[i]! + 0).toBe(expected[i]! + 0);
  expect(kernel.view(y, LENGTH).every((v) => v === 7)).toBe(true);
});

it("keeps coefficients apart, and reads them at each step", () => {
  const names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
  const formula = {
    kind: "element" as const,
    propose: <T>(a: Arithmetic<T>, e: { g: T; c: Readonly<Record<string, T>> }) => ({
      step: names.reduce((sum, name, k) => a.add(sum, a.mul(a.constant(2 ** k), e.c[name]!)), e.g),
      states: {},
    }),
  };
  const kernel = new Kernel(module, 4 * 64);
  const [parameter, gradient] = [kernel.allocate(4), kernel.allocate(4)];
  const step = (coefficients: readonly number[]) =>
    kernel.step({
      formula: kernel.load(compilePropose(formula, [], names)),
      ...{ parameter, gradient, states: [], anchor: 0, length: 4, mode: "plain" },
      ...{ gradientScale: 1, coupling: 0, pull: 0, coefficients },
    });
  step(names.map(() => 1));
  expect([...kernel.view(parameter, 4)]).toEqual(new Array(4).fill(-4095));
  step(names.map((_, k) => (k === 11 ? 1 : 0)));
  expect([...kernel.view(parameter, 4)]).toEqual(new Array(4).fill(-4095 - 2048));
});
