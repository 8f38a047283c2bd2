import { describe, expect, it } from "vitest";
import { createRandom } from "../../tensor/random.ts";
import { sizeOf } from "../../tensor/shape.ts";
import { none } from "../anchors/none.ts";
import { numbers } from "../arithmetic.ts";
import { createOptimizer } from "../create-optimizer.ts";
import { stepTensor } from "../oracle.ts";
import type { Role } from "../role.ts";
import type { Hyperparameters } from "../update-rule.ts";
import { findUpdateRule } from "./registry.ts";

/** What follows by hand from each rule. */
const optimizer = (
  rule: string,
  shape: readonly number[],
  role: Role = "other",
  hyperparameters: Hyperparameters = {},
) =>
  createOptimizer({
    parameters: [{ name: "w", shape, role, initial: normals(1, sizeOf(shape)) }],
    update: { rule, hyperparameters },
    anchor: { rule: "none" },
  });

describe("lion", () => {
  it("moves every element by lr, and none that has no gradient", async () => {
    const o = await optimizer("lion", [3]);
    const before = o.parameters.get("w")!.slice();
    o.gradients.get("w")!.set([1e-12, -1e6, 0]);
    o.step({ lr: 0.25 });
    const moved = [...o.parameters.get("w")!].map((x, i) => x - before[i]!);
    expect(moved.map((x) => x.toFixed(5))).toEqual(["-0.25000", "0.25000", "0.00000"]);
  });
});

describe("radam", () => {
  it("is momentum without a second moment for its first five steps, and not at the sixth", () => {
    const update = findUpdateRule("radam")
      .bind({})
      .forParameter({ shape: [1], role: "other" });
    const parameter = Float64Array.of(0);
    const states = [new Float64Array(1), new Float64Array(1)];
    let m = 0;
    for (let step = 1; step <= 6; step++) {
      const before = parameter[0]!;
      m = 0.9 * m + 0.1 * 1e-3;
      const gradient = Float64Array.of(1e-3);
      stepTensor({
        ...{ update, rule: none.bind({}), strength: 0, parameter, gradient, states, anchor: null },
        ...{ lr: 1, step },
      });
      const plain = m / (1 - 0.9 ** step);
      if (step <= 5) expect(before - parameter[0]!).toBeCloseTo(plain, 12);
      else expect((before - parameter[0]!) / plain).toBeGreaterThan(2);
    }
  });
});

describe("nadam", () => {
  it("has coefficients after a million steps, where its product of decays has vanished", () => {
    const { coefficients } = findUpdateRule("nadam")
      .bind({})
      .forParameter({ shape: [1], role: "other" });
    const c = coefficients(numbers, { lr: 1, step: 1e6 });
    // β1 is warmed up: u = (1 − β1) g + β1 m over the root.
    expect(c.own).toBeCloseTo(0.1, 6);
    expect(c.ahead).toBeCloseTo(0.9, 6);
  });
});

describe("adafactor", () => {
  it("keeps a number for each row and column of a matrix, and far less than one copy of it", async () => {
    const o = await optimizer("adafactor", [2, 30, 40]);
    const states = [...o.saveState().tensors].filter(([key]) => !key.startsWith("parameter/"));
    expect(states.map(([key, data]) => [key, data.length])).toEqual([
      ["rowVar/w", 2 * 30],
      ["colVar/w", 2 * 40],
    ]);
  });

  it("steps by no more than its clip, relative to the size of the weight", async () => {
    const shape = [30, 40];
    const o = await optimizer("adafactor", shape);
    const size = Math.hypot(...o.parameters.get("w")!) / Math.sqrt(sizeOf(shape));
    // One element has all the gradient: its step would be √1200 times as long as the mean one.
    o.gradients.get("w")!.set([1e3]);
    const report = o.step({ lr: 1e-2 });
    expect(report.tensors[0]!.stepNorm / Math.sqrt(sizeOf(shape))).toBeLessThanOrEqual(1e-2 * size * 1.0001);
  });

  it("leaves a matrix without a gradient where it is", async () => {
    const o = await optimizer("adafactor", [5, 3]);
    const before = o.parameters.get("w")!.slice();
    o.step({ lr: 1 });
    expect(o.parameters.get("w")).toEqual(before);
  });
});

describe("muon", () => {
  it.each([
    [2, 50],
    [50, 2],
  ])("brings the singular values of a step of a %d by %d matrix near 1", async (rows, columns) => {
    const o = await optimizer("muon", [rows, columns]);
    const before = o.parameters.get("w")!.slice();
    // Two directions, one a hundred times as strong as the other.
    const g = normals(3, rows * columns).map(
      (x, i) => x * ((rows === 2 ? i < columns : i % 2 === 0) ? 100 : 1),
    );
    o.gradients.get("w")!.set(g);
    o.step({ lr: 1 });
    const scale = 0.2 * Math.sqrt(50);
    const u = [...o.parameters.get("w")!].map((x, i) => (before[i]! - x) / scale);
    const line = (k: number) => u.filter((_, i) => (rows === 2 ? Math.floor(i / columns) : i % 2) === k);
    const dot = (x: readonly number[], y: readonly number[]) => x.reduce((s, v, i) => s + v * y[i]!, 0);
    const [a, b] = [line(0), line(1)];
    const [aa, bb, ab] = [dot(a, a), dot(b, b), dot(a, b)];
    const root = Math.sqrt(((aa - bb) / 2) ** 2 + ab ** 2);
    for (const squared of [(aa + bb) / 2 - root, (aa + bb) / 2 + root]) {
      expect(Math.sqrt(squared)).toBeGreaterThan(0.6);
      expect(Math.sqrt(squared)).toBeLessThan(1.3);
    }
  });

  it("steps like Adam, bit for bit, where a parameter is no matrix inside the network", async () => {
    const cases: readonly (readonly [readonly number[], Role])[] = [
      ...([
        [[12], "bias"],
        [[3, 4], "embedding"],
        [[3, 4], "head"],
        [[1, 12], "other"],
      ] as const),
      [[2, 2, 3], "other"],
    ];
    for (const [shape, role] of cases) {
      const pair = [await optimizer("muon", shape, role), await optimizer("adam", shape, role)];
      for (const o of pair) {
        for (let t = 0; t < 3; t++) {
          o.gradients.get("w")!.set(normals(t, 12));
          o.step({ lr: 0.1 });
        }
      }
      expect(pair[0]!.parameters.get("w")).toEqual(pair[1]!.parameters.get("w"));
    }
  });

  it.each([true, false])(
    "steps a matrix stored the other way round the same way, matchRms %s",
    async (matchRms) => {
      const update = { rule: "muon", hyperparameters: { matchRms } };
      const anchor = { rule: "none" };
      const base = { name: "w", role: "other" as const, initial: new Float32Array(15) };
      const [tall, wide] = [
        await createOptimizer({ update, anchor, parameters: [{ ...base, shape: [5, 3] }] }),
        await createOptimizer({
          update,
          anchor,
          parameters: [{ ...base, shape: [3, 5], units: { axis: 1 } }],
        }),
      ];
      const g = normals(7, 15);
      tall.gradients.get("w")!.set(g);
      wide.gradients.get("w")!.set(g.map((_, i) => g[(i % 5) * 3 + Math.floor(i / 5)]!));
      for (const o of [tall, wide]) o.step({ lr: 1 });
      const turned = wide.parameters.get("w")!;
      for (const [i, x] of tall.parameters.get("w")!.entries()) {
        expect(turned[(i % 3) * 5 + Math.floor(i / 3)]).toBeCloseTo(x, 5);
      }
    },
  );

  it("sees filters as a matrix with a row for each", async () => {
    const [filters, matrix] = [await optimizer("muon", [4, 2, 3, 3]), await optimizer("muon", [4, 18])];
    for (const o of [filters, matrix]) {
      o.gradients.get("w")!.set(normals(5, 72));
      o.step({ lr: 0.1 });
    }
    expect(filters.parameters.get("w")).toEqual(matrix.parameters.get("w"));
  });
});

it.each([
  ["adafactor", { clip: 0.5 }, "clip is 0.5, expected a number of at least 1."],
  ["adafactor", { beta2Decay: 0.8 }, "beta2Decay is 0.8, expected a negative number such as -0.8."],
  ["muon", { nsSteps: 2.5 }, "nsSteps is 2.5, expected a whole number from 1 to 99."],
  ["lion", { betas: [0.9, 1] }, "betas are [0.9, 1], expected two numbers in [0, 1)."],
  ["nadam", { momentumDecay: -1 }, "momentumDecay is -1, expected a number of at least 0."],
  ["sgd", { nesterov: true, dampening: 0.5 }, "nesterov goes without dampening."],
])("%s refuses %o", (rule, given, message) => {
  expect(() => findUpdateRule(rule).bind(given)).toThrow(message);
});

function normals(seed: number, n: number): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from({ length: n }, () => random.normal());
}
