import { describe, expect, it } from "vitest";
import { sizeOf } from "../tensor/shape.ts";
import { findAnchorRule } from "./anchors/registry.ts";
import { createOptimizer } from "./create-optimizer.ts";
// PyTorch's own trajectories in float64; scripts/goldens/optim.py writes them.
import golden from "./fixtures/pytorch.json" with { type: "json" };
import { stepTensor } from "./oracle.ts";
import type { Role } from "./role.ts";
import { createSchedule } from "./schedules.ts";
import type { Hyperparameters } from "./update-rule.ts";
import { findUpdateRule } from "./updates/registry.ts";

/** Float64 against float64: only the order of operations differs, over 60 steps. */
const FLOAT64_TOLERANCE = 1e-12;
/** Float32 kernel against float64: a rounding of 1e-7 a step and element of size 1, over 60 steps. */
const FLOAT32_TOLERANCE = 4e-6;

const problems: Readonly<Record<string, Problem>> = golden.problems;
interface Problem {
  readonly shape: readonly number[];
  readonly start: readonly number[];
  readonly gradients: readonly (readonly number[])[];
}

// "adam betas eps" and the like hold other keys than their neighbours; each is a valid set of hyperparameters.
const cases = golden.cases.map((c) => ({
  ...c,
  hyperparameters: c.hyperparameters as Hyperparameters,
  problem: problems[c.problem]!, // the script writes both
}));

describe.each(cases)("PyTorch's $name", (c) => {
  const { shape, start, gradients } = c.problem;

  it("is followed by the float64 oracle to 1e-12", () => {
    const update = findUpdateRule(c.update).bind(c.hyperparameters).forParameter({ shape, role: "other" });
    const parameter = Float64Array.from(start);
    const states = update.states.map((s) => new Float64Array(sizeOf(s.shape)));
    for (const [t, gradient] of gradients.entries()) {
      const norm = Math.hypot(...gradient);
      stepTensor({
        update,
        rule: findAnchorRule(c.anchorRule).bind({}),
        strength: c.strength,
        parameter,
        gradient: Float64Array.from(gradient),
        states,
        anchor: null,
        lr: c.lr,
        step: t + 1,
        gradientScale: c.clipNorm === null ? 1 : Math.min(1, c.clipNorm / (norm + 1e-6)),
      });
      expectAt(t, parameter, c.trajectory, FLOAT64_TOLERANCE);
    }
  });

  it("is followed by the float32 kernel to 4e-6", async () => {
    const role: Role = "other";
    const initial = Float32Array.from(start);
    const optimizer = await createOptimizer({
      parameters: [{ name: "w", shape, role, initial }],
      update: { rule: c.update, hyperparameters: c.hyperparameters },
      anchor: { rule: c.anchorRule, strength: c.strength, at: c.at === "zero" ? "zero" : "none" },
    });
    for (const [t, gradient] of gradients.entries()) {
      optimizer.gradients.get("w")!.set(gradient);
      optimizer.step({ lr: c.lr, ...(c.clipNorm === null ? {} : { clipNorm: c.clipNorm }) });
      expectAt(t, optimizer.parameters.get("w")!, c.trajectory, FLOAT32_TOLERANCE);
    }
  });
});

it.each(golden.schedules)("the $name schedule gives PyTorch's factors", ({ name, floor, factors }) => {
  const schedule = createSchedule(name, { totalSteps: 12, floor });
  for (const [step, factor] of factors.entries()) expect(schedule(step)).toBeCloseTo(factor, 12);
});

function expectAt(
  t: number,
  parameter: ArrayLike<number>,
  trajectory: readonly (readonly number[])[],
  tolerance: number,
): void {
  if ((t + 1) % golden.keepEvery !== 0) return;
  const expected = trajectory[(t + 1) / golden.keepEvery - 1]!;
  for (const [i, x] of expected.entries()) {
    expect(Math.abs(parameter[i]! - x) / Math.max(1, Math.abs(x))).toBeLessThan(tolerance);
  }
}
