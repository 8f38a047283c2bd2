import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sizeOf } from "../../tensor/shape.ts";
import { numbers } from "../arithmetic.ts";
import { createOptimizer } from "../create-optimizer.ts";
import { motionOf } from "../motion.ts";
import type { Optimizer } from "../optimizer.ts";
import { stepTensor } from "../oracle.ts";
import { updateRules } from "../updates/registry.ts";
import { spd } from "./spd.ts";

const vectors = (n: number) =>
  fc.array(fc.float({ min: -4, max: 4, noNaN: true }), { minLength: n, maxLength: n });

describe("selective projection decay", () => {
  it.each([
    [0, 0.5512851353],
    [0.5, 0.5066292087],
    [1, 0.4619732821],
    [2, 0.3726614289],
    [3, 0.2833495756],
  ])(
    "ends a reversed gradient, at strength %d, where the official optimizer does: %d",
    async (strength, end) => {
      const optimizer = await adam({ initial: new Float32Array(1), strength });
      const seen: number[] = [];
      for (let t = 0; t < 10; t++) {
        optimizer.gradients.get("w")![0] = t < 5 ? -1 : 1;
        optimizer.step({ lr: 0.1 });
        seen.push(optimizer.parameters.get("w")![0]!);
      }
      expect(seen.at(-1)).toBeCloseTo(end, 6);
      // Projection onto the previous radius holds the value for three steps.
      if (strength === 1) for (const x of seen.slice(5, 8)) expect(x).toBeCloseTo(0.5, 6);
    },
  );

  it("lets a constant gradient go the same way, bit for bit, at every strength", async () => {
    await fc.assert(
      fc.asyncProperty(
        vectors(5),
        vectors(5),
        fc.double({ min: 0, max: 3, noNaN: true }),
        async (start, g, λ) => {
          const initial = Float32Array.from(start);
          const [plain, held] = [await adam({ initial, strength: 0 }), await adam({ initial, strength: λ })];
          for (let t = 0; t < 12; t++) {
            for (const optimizer of [plain, held]) {
              optimizer.gradients.get("w")!.set(g);
              optimizer.step({ lr: 0.01 });
            }
          }
          expect(held.parameters.get("w")).toEqual(plain.parameters.get("w"));
        },
      ),
      { numRuns: 30 },
    );
  });

  it.each(updateRules)("never lets the radius grow where it fires at strength 1, with $name", (rule) => {
    fc.assert(
      fc.property(fc.array(vectors(3), { minLength: 2, maxLength: 20 }), vectors(3), (gradients, start) => {
        const update = rule.bind({}).forParameter({ shape: [3], role: "other" });
        const parameter = Float64Array.from(start);
        const anchor = new Float64Array(3);
        const states = update.states.map(({ shape }) => new Float64Array(sizeOf(shape)));
        for (const [t, g] of gradients.entries()) {
          const before = Math.hypot(...parameter);
          const gradient = Float64Array.from(g);
          const at = { lr: 0.1, step: t + 1 };
          const step = stepTensor({
            update,
            rule: spd.bind({}),
            strength: 1,
            parameter,
            gradient,
            states,
            anchor,
            ...at,
          });
          // Rounding is relative to the radius that was cut back, which can exceed the former one by far.
          const rounding = 1e-14 * step.motion.nNext;
          if (step.fired) expect(Math.hypot(...parameter)).toBeLessThanOrEqual(before + rounding);
        }
      }),
    );
  });

  it("never lets the kernel's radius grow beyond float32 rounding where it fires at strength 1", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(vectors(6), { minLength: 2, maxLength: 20 }), async (gradients) => {
        const optimizer = await adam({ initial: new Float32Array(6), strength: 1 });
        let before = 0;
        for (const g of gradients) {
          optimizer.gradients.get("w")!.set(g);
          const [report] = optimizer.step({ lr: 0.1 }).tensors;
          const after = optimizer.deviations().get("w")!;
          const rounding = 1e-6 * (before + report!.stepNorm);
          if (report!.fired) expect(after).toBeLessThanOrEqual(before + rounding);
          before = after;
        }
      }),
      { numRuns: 50 },
    );
  });

  it("is Adam at the first step, where the deviation and so the condition are zero", async () => {
    const optimizer = await adam({ initial: Float32Array.of(1, -2), strength: 3 });
    optimizer.gradients.get("w")!.set([1, 1]);
    const [report] = optimizer.step({ lr: 0.1 }).tensors;
    expect(report).toMatchObject({ fired: false, ratio: 0 });
    expect(Math.abs(report!.condition!)).toBe(0);
  });

  it("stays finite where both norms vanish although the gradient asks to come back", () => {
    const { ratio } = spd.bind({});
    expect(ratio!(numbers, { gd: 1, n: 0, nNext: 0, growth: 0 })).toBe(0);
    expect(ratio!(numbers, { gd: 1, n: 0, nNext: 1e-40, growth: 1e-40 })).toBe(0);
    expect(ratio!(numbers, { gd: 1, n: 1, nNext: 0, growth: -1 })).toBe(0);
    expect(ratio!(numbers, { gd: Number.NaN, n: 1, nNext: 2, growth: 1 })).toBe(0);
  });

  it("does not flip a deviation to the far side at strengths that exceed 1 / r", async () => {
    const optimizer = await adam({ initial: Float32Array.of(0.01), strength: 3, anchor: "zero" });
    // A first step outward builds momentum; the second gradient asks to come back.
    for (const g of [-1, 0.01]) {
      optimizer.gradients.get("w")![0] = g;
      optimizer.step({ lr: 0.3 });
    }
    expect(optimizer.parameters.get("w")![0]).toBeGreaterThanOrEqual(0);
  });
});

it("growth has the right sign where the difference of two float32 norms has not", () => {
  // 1,000 elements, a step of 1e-6 across them: growth ‖u‖² / (n̂ + n) with ⟨u,d⟩ = 0.
  const [d, u, n] = [1, 1e-6, 1000];
  const { growth } = motionOf(numbers, { gd: 1, dd: n * d * d, ud: 0, uu: n * u * u });
  expect(growth).toBeCloseTo((n * u * u) / (2 * Math.sqrt(n)), 20);
  expect(growth).toBeGreaterThan(0);
});

function adam(given: {
  initial: Float32Array;
  strength: number;
  anchor?: "zero" | "init";
}): Promise<Optimizer> {
  const { initial, strength, anchor = "init" } = given;
  return createOptimizer({
    parameters: [{ name: "w", shape: [initial.length], role: "other", initial, anchor }],
    update: { rule: "adam" },
    anchor: { rule: "spd", strength },
  });
}
