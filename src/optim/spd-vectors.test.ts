import { describe, expect, it } from "vitest";
import { spd } from "./anchors/spd.ts";
import { createOptimizer } from "./create-optimizer.ts";
// Trajectories of the authors' float64 optimizer (GT-RIPL/Selective-Projection-Decay, adamSPD.py).
import vectors from "./fixtures/spd-vectors.json" with { type: "json" };
import { stepTensor } from "./oracle.ts";
import { findUpdateRule } from "./updates/registry.ts";

/** Official trajectories are float64: only the order of operations differs. */
const FLOAT64_TOLERANCE = 1e-9;
/** A few roundings of float32 (6e-8 each, of values below 1) a step, over at most 40 steps. */
const FLOAT32_TOLERANCE = 3e-6;

interface Hyper {
  readonly lr: number;
  readonly weight_decay: number;
  readonly amsgrad?: boolean;
}

for (const v of vectors) {
  const hyper: Hyper = v.hyper;
  const rule = hyper.amsgrad === true ? "amsgrad" : "adam";

  describe(`official trajectory ${v.name}`, () => {
    it("the float64 oracle follows to 1e-9", () => {
      const parameter = Float64Array.from(v.p0);
      const update = findUpdateRule(rule)
        .bind({})
        .forParameter({ shape: [parameter.length], role: "other" });
      const states = update.states.map(() => new Float64Array(parameter.length));
      for (const [t, gradient] of v.grads.entries()) {
        stepTensor({
          update,
          rule: spd.bind({}),
          strength: hyper.weight_decay,
          parameter,
          gradient: Float64Array.from(gradient),
          states,
          anchor: v.pre === null ? null : Float64Array.from(v.pre),
          lr: hyper.lr,
          step: t + 1,
        });
        expect(largestDifference(parameter, v.traj[t]!)).toBeLessThan(FLOAT64_TOLERANCE);
      }
    });

    it("the float32 kernel follows to 3e-6", async () => {
      const optimizer = await createOptimizer({
        parameters: [
          {
            name: "w",
            shape: [v.p0.length],
            role: "other",
            initial: Float32Array.from(v.p0),
            anchor: v.pre === null ? "zero" : Float32Array.from(v.pre),
          },
        ],
        update: { rule },
        anchor: { rule: "spd", strength: hyper.weight_decay },
      });
      for (const [t, gradient] of v.grads.entries()) {
        optimizer.gradients.get("w")!.set(gradient);
        optimizer.step({ lr: hyper.lr });
        expect(largestDifference(optimizer.parameters.get("w")!, v.traj[t]!)).toBeLessThan(FLOAT32_TOLERANCE);
      }
    });
  });
}

function largestDifference(a: ArrayLike<number>, b: readonly number[]): number {
  return Math.max(...b.map((x, i) => Math.abs(a[i]! - x)));
}
