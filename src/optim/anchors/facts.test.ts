import { describe, expect, it } from "vitest";
import { createRandom } from "../../tensor/random.ts";
import type { AnchorOptionValues } from "../anchor-options.ts";
import { createOptimizer } from "../create-optimizer.ts";
import type { Optimizer } from "../optimizer.ts";
import type { UnitAxis } from "../row-layout.ts";

// What follows from each rule's formula by hand, on the SIMD kernels.

const SHAPE = [5, 6];
const normals = (seed: number, n = 30) => {
  const random = createRandom(seed);
  return Float32Array.from({ length: n }, () => random.normal());
};

interface Given {
  readonly rule: string;
  readonly options?: AnchorOptionValues;
  readonly units?: UnitAxis;
  readonly initial?: Float32Array;
  readonly anchor?: Float32Array | "zero";
  readonly shape?: readonly number[];
  readonly strength?: number;
}

function open(given: Given): Promise<Optimizer> {
  const { rule, options = {}, units, initial = normals(1), anchor = "init", shape = SHAPE, strength } = given;
  return createOptimizer({
    parameters: [{ ...{ name: "w", shape, role: "other", initial, anchor }, ...(units ? { units } : {}) }],
    update: { rule: "sgd", hyperparameters: { momentum: 0 } },
    anchor: { rule, options, ...(strength === undefined ? {} : { strength }) },
  });
}

function step(optimizer: Optimizer, gradient: Float32Array, lr = 0.1) {
  optimizer.gradients.get("w")!.set(gradient);
  return optimizer.step({ lr }).tensors[0]!;
}

/** Σ |w − w0| of each row; rows are columns where the units lie on axis 1. */
function distances(w: Float32Array, w0: Float32Array, axis: number): number[] {
  const sums = new Array<number>(SHAPE[axis]!).fill(0);
  for (const [i, x] of w.entries()) sums[axis === 0 ? Math.floor(i / 6) : i % 6]! += Math.abs(x - w0[i]!);
  return sums;
}

describe("MARS-SP", () => {
  it.each([0, 1])(
    "lets no row beyond its radius, units on axis %d, and leaves others alone",
    async (axis) => {
      const w0 = normals(1);
      const optimizer = await open({ rule: "mars-sp", options: { radius: 0.25 }, units: { axis } });
      const plain = await open({ rule: "none" });
      // One row in seven moves a hundred times less.
      const gradient = normals(2).map((x, i) =>
        (axis === 0 ? Math.floor(i / 6) : i % 6) === 2 ? x / 100 : x,
      );
      const report = step(optimizer, gradient);
      step(plain, gradient);
      const [w, free] = [optimizer.parameters.get("w")!, plain.parameters.get("w")!];
      const [held, wanted] = [distances(w, w0, axis), distances(free, w0, axis)];
      for (const [r, s] of held.entries()) expect(s).toBeCloseTo(Math.min(0.25, wanted[r]!), 5);
      expect(held[2]).toBeLessThan(0.05);
      expect(report).toMatchObject({ fired: true });
      expect(report.deviation).toBeCloseTo(Math.hypot(...w.map((x, i) => x - w0[i]!)), 5);
    },
  );

  it("is the plain step, bit for bit, while every row is inside", async () => {
    const [held, plain] = [
      await open({ rule: "mars-sp", options: { radius: 1e6 } }),
      await open({ rule: "none" }),
    ];
    expect(step(held, normals(2))).toMatchObject({ fired: false, ratio: 0 });
    step(plain, normals(2));
    expect(held.parameters.get("w")).toEqual(plain.parameters.get("w"));
  });
});

describe("SPD by row", () => {
  it("keeps every row at its former distance at strength 1, where the gradient asks to come back", async () => {
    const w0 = new Float32Array(30);
    const w = normals(3);
    const optimizer = await open({ rule: "spd-rows", initial: w, anchor: w0 });
    // Half of each row is pushed far beyond the anchor, so that its distance grows against the gradient's advice.
    const gradient = w.map((x, i) => (i % 2 === 0 ? 25 * x : 0.01 * x));
    const before = distances(w, w0, 0);
    const report = step(optimizer, gradient);
    expect(report.condition).toBeLessThan(0);
    expect(report.fired).toBe(true);
    for (const [r, s] of distances(optimizer.parameters.get("w")!, w0, 0).entries())
      expect(s).toBeCloseTo(before[r]!, 4);
  });

  it("does nothing where the gradient leads away, however far the step goes", async () => {
    const w = normals(3);
    const optimizer = await open({ rule: "spd-rows", initial: w, anchor: "zero" });
    expect(
      step(
        optimizer,
        w.map((x) => -x),
      ),
    ).toMatchObject({ fired: false });
  });
});

describe("FTP", () => {
  it("returns to the anchor in its first step, since its radius starts at 1e-8", async () => {
    const w0 = normals(1);
    const optimizer = await open({ rule: "ftp", initial: normals(2), anchor: w0 });
    expect(step(optimizer, normals(3)).fired).toBe(true);
    for (const [i, x] of optimizer.parameters.get("w")!.entries())
      expect(Math.abs(x - w0[i]!)).toBeLessThan(5e-7);
  });

  it("widens its radius by its learning rate where the gradient leads on along the last step", async () => {
    const w0 = new Float32Array(4);
    const optimizer = await open({ rule: "ftp", shape: [1, 4], initial: w0, options: { radiusLr: 0.01 } });
    const gradient = Float32Array.of(-1, -1, -1, -1);
    const sizes = [0, 1, 2, 3].map(() => {
      step(optimizer, gradient);
      return optimizer.parameters.get("w")!.reduce((sum, x) => sum + x, 0);
    });
    // γ is 1e-8, and then Adam's steps of equal gradients: radiusLr each. θ̃ is ahead of it each time.
    expect(sizes.map((s) => s.toFixed(4))).toEqual(["0.0000", "0.0100", "0.0200", "0.0300"]);
  });

  it("never narrows with k = 0", async () => {
    const state = async (k: number) => {
      const optimizer = await open({ rule: "ftp", options: { k, radiusLr: 0.01 }, initial: normals(2) });
      for (const sign of [1, 1, 1, -1, -1, -1])
        step(
          optimizer,
          normals(3).map((x) => sign * x),
          0.5,
        );
      return optimizer.saveState().tensors.get("ftp.numbers/w")![0]!;
    };
    expect(await state(0)).toBeGreaterThan(await state(1));
  });
});

describe("DiGraP", () => {
  /** Steps until ω is 0.5 or so, then one step with a given gradient from w = w0 + d. */
  async function taken(projects: string, toward: 1 | -1): Promise<Float32Array> {
    const w0 = new Float32Array(2);
    const start = Float32Array.of(1, 0);
    const optimizer = await open({
      ...{ rule: "digrap", shape: [1, 2], initial: start, anchor: w0 },
      options: { projects, omegaLr: 0.5 },
    });
    // Two gradients against each other along d: ω grows by its learning rate.
    step(optimizer, Float32Array.of(1e-4, 0));
    step(optimizer, Float32Array.of(-1e-4, 0));
    const before = optimizer.parameters.get("w")!.slice();
    step(optimizer, Float32Array.of(toward * 0.1, 0.1), 1);
    return optimizer.parameters.get("w")!.map((x, i) => before[i]! - x);
  }

  it("takes part of what leads away from the anchor, and nothing of what leads across", async () => {
    const [along, across] = await taken("conflicting", -1);
    expect(across).toBeCloseTo(0.1, 6);
    expect(along).toBeGreaterThan(-0.1);
    expect(along).toBeLessThan(0);
    const [back] = await taken("conflicting", 1);
    expect(back).toBeCloseTo(0.1, 5);
  });

  it("read the other way takes part of what leads back", async () => {
    const [back] = await taken("agreeing", 1);
    expect(back).toBeLessThan(0.1);
    expect((await taken("agreeing", -1))[0]).toBeCloseTo(-0.1, 5);
  });
});

describe("cautious weight decay", () => {
  it("decays an element whose step leads toward zero, and no other", async () => {
    const optimizer = await open({
      ...{ rule: "cautious", strength: 0.5, shape: [4], initial: Float32Array.of(1, 1, -1, -1) },
    });
    step(optimizer, Float32Array.of(1, -1, 1, -1), 0.1);
    const expected = [1 - 0.1 - 0.05, 1 + 0.1, -1 - 0.1, -1 + 0.1 + 0.05];
    for (const [i, x] of optimizer.parameters.get("w")!.entries()) expect(x).toBeCloseTo(expected[i]!, 6);
  });
});

describe("TPGM", () => {
  it("starts at half of the smallest distance, and moves its radius against the held-out gradient", async () => {
    const w0 = new Float32Array(4);
    const optimizer = await open({
      ...{ rule: "tpgm", shape: [2, 2], initial: Float32Array.of(1, 1, 2, 2), anchor: w0 },
      options: { radiusLr: 0.25 },
    });
    const report = optimizer.step({ lr: 0 });
    expect(optimizer.projectionDue(false)).toBe(true);
    const seen: number[][] = [];
    await optimizer.project(report, {
      isLast: false,
      // A loss that falls outward: both rows' radius should grow.
      gradients: async () => {
        seen.push([...optimizer.parameters.get("w")!]);
        optimizer.gradients.get("w")!.fill(-1);
      },
    });
    // Rows have distances 2 and 4: γ is 1 at first, and 1.25 after Adam's step.
    expect(seen[0]!.map((x) => x.toFixed(4))).toEqual(["0.5000", "0.5000", "0.5000", "0.5000"]);
    expect([...optimizer.parameters.get("w")!].map((x) => x.toFixed(4))).toEqual([
      "0.6250",
      "0.6250",
      "0.6250",
      "0.6250",
    ]);
  });

  it("puts the parameters back where a held-out gradient is not finite", async () => {
    const initial = Float32Array.of(1, 2, 3, 4);
    const optimizer = await open({ rule: "tpgm", shape: [2, 2], initial, anchor: "zero" });
    const report = optimizer.step({ lr: 0 });
    const gradients = async () => void optimizer.gradients.get("w")!.fill(Number.NaN);
    await expect(optimizer.project(report, { isLast: false, gradients })).rejects.toThrow(
      'the gradient of "w" on validation data is not finite',
    );
    expect(optimizer.parameters.get("w")).toEqual(initial);
  });

  it("is due every N steps, or once after the last", async () => {
    const due = async (every: number) => {
      const optimizer = await open({ rule: "tpgm", options: { every } });
      return [1, 2, 3, 4].map((t) => {
        step(optimizer, normals(2));
        return optimizer.projectionDue(t === 4);
      });
    };
    expect(await due(1)).toEqual([true, true, true, true]);
    expect(await due(2)).toEqual([false, true, false, true]);
    expect(await due(0)).toEqual([false, false, false, true]);
  });
});
