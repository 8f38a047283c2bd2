import { describe, expect, it } from "vitest";
import type { AnchorOptionValues } from "../anchor-options.ts";
import { createOptimizer } from "../create-optimizer.ts";
// Trajectories of a second implementation in float64 numpy; scripts/goldens/anchors.py writes them.
import golden from "../fixtures/anchors.json" with { type: "json" };
import { stepTensor } from "../oracle.ts";
import { projectTensors } from "../projection.ts";
import { rowLayout } from "../row-layout.ts";
import { scalarTensor } from "../scalar-tensor.ts";
import type { FloatArray } from "../update-rule.ts";
import { findUpdateRule } from "../updates/registry.ts";
import { anchorRules, findAnchorRule } from "./registry.ts";

/** Float64 against float64: the order of operations differs, and a learned radius carries that on over 60 steps. */
const FLOAT64_TOLERANCE = 1e-9;
/** Float32 kernel against float64: a rounding of 1e-7 a step and element of size 1, over 60 steps. */
const FLOAT32_TOLERANCE = 1e-5;

// "radius", "k" and the like stand in some cases alone; each case is a valid set of options.
const cases = golden.cases.map((c) => ({ ...c, options: c.options as AnchorOptionValues }));

describe.each(cases)("$rule $strength $options with $update, units on axis $axis", (c) => {
  const shape = c.axis === null ? [golden.start.length] : golden.shape;
  const units = { axis: c.axis ?? 0 };

  it("is followed by the scalar form to 1e-9", async () => {
    const update = findUpdateRule(c.update)
      .bind({})
      .forParameter({ shape: [golden.start.length], role: "other" });
    const rule = findAnchorRule(c.rule).bind(c.options);
    const zeros = () => new Float64Array(golden.start.length);
    const parameter = Float64Array.from(golden.start);
    const anchor = rule.toward === "zero" ? null : Float64Array.from(golden.anchor);
    const states = update.states.map(zeros);
    const held = {
      arrays: [rule.memory?.array ?? []].flat().map(zeros),
      numbers: new Float64Array(rule.memory?.numbers.length ?? 0),
    };
    const { strength, lr } = c;
    const layout = rowLayout(shape, units);
    for (const [t, given] of golden.gradients.entries()) {
      const gradient = Float64Array.from(given);
      stepTensor({
        ...{ update, rule, strength, parameter, gradient, states, anchor, held, layout, lr, step: t + 1 },
      });
      if (rule.projection && (t + 1) % rule.projection.every === 0) {
        const arrays = [...held.arrays, zeros()];
        const tensor = scalarTensor({
          ...{
            parameter,
            gradient,
            gradientScale: 1,
            anchor,
            arrays,
            numbers: held.numbers,
            layout,
            step: t,
          },
        });
        await projectTensors([{ name: "w", strength, projection: rule.projection, tensor }], async () =>
          gradient.set(heldOutGradient(parameter)),
        );
      }
      expectAt(t, parameter, c.trajectory, FLOAT64_TOLERANCE);
    }
  });

  it("is followed by the float32 kernel to 1e-5", async () => {
    const anchor = Float32Array.from(golden.anchor);
    const optimizer = await createOptimizer({
      parameters: [
        { ...{ name: "w", shape, units, role: "other", anchor }, initial: Float32Array.from(golden.start) },
      ],
      update: { rule: c.update },
      anchor: { rule: c.rule, strength: c.strength, options: c.options },
    });
    const [w, g] = [optimizer.parameters.get("w")!, optimizer.gradients.get("w")!];
    for (const [t, gradient] of golden.gradients.entries()) {
      g.set(gradient);
      const report = optimizer.step({ lr: c.lr });
      if (optimizer.projectionDue(false)) {
        const gradients = async () => g.set(heldOutGradient(w));
        await optimizer.project(report, { isLast: false, gradients });
      }
      expectAt(t, w, c.trajectory, FLOAT32_TOLERANCE);
    }
  });
});

it("every anchor rule beyond those that PyTorch or the authors of SPD have has a trajectory", () => {
  const elsewhere = ["none", "weight-decay", "l2-sp-coupled", "l2-sp-decoupled", "spd"];
  const covered = new Set([...elsewhere, ...golden.cases.map((c) => c.rule)]);
  expect(anchorRules.map((r) => r.name).filter((name) => !covered.has(name))).toEqual([]);
});

/** Of ½ ‖w − target‖². */
function heldOutGradient(w: FloatArray): Float64Array {
  return Float64Array.from(w, (x, i) => x - golden.target[i]!);
}

function expectAt(
  t: number,
  parameter: FloatArray,
  trajectory: readonly (readonly number[])[],
  tolerance: number,
): void {
  if ((t + 1) % golden.keepEvery !== 0) return;
  for (const [i, x] of trajectory[(t + 1) / golden.keepEvery - 1]!.entries())
    expect(Math.abs(parameter[i]! - x), `element ${i} after step ${t + 1}`).toBeLessThan(tolerance);
}
