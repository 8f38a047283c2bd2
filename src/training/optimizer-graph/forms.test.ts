import { beforeAll, describe, expect, it } from "vitest";
import { anchorRules } from "../../optim/anchors/registry.ts";
import { createOptimizer } from "../../optim/create-optimizer.ts";
// Trajectories of the authors' float64 optimizer (GT-RIPL/Selective-Projection-Decay, adamSPD.py).
import vectors from "../../optim/fixtures/spd-vectors.json" with { type: "json" };
import { stepTensor } from "../../optim/oracle.ts";
import { rowLayout } from "../../optim/row-layout.ts";
import { updateRules } from "../../optim/updates/registry.ts";
import { openRuntime, type Runtime } from "../../runtime/runtime.ts";
import { createRandom } from "../../tensor/random.ts";
import { sizeOf } from "../../tensor/shape.ts";
import { openGraphOptimizer } from "./run-graph.fixtures.ts";

const SHAPE = [23, 9];
/** Float32 nodes against float64 arithmetic on float32 arrays, relative to 1, over ten steps. */
const GRAPH_TOLERANCE = 2e-6;
/** As for the kernel: a few roundings of float32 (6e-8 each, of values below 1) a step, over at most 40 steps. */
const VECTOR_TOLERANCE = 3e-6;

let runtime: Runtime;
beforeAll(async () => {
  runtime = await openRuntime();
});

// A rule that needs gradients on held-out data has no graph form; build-optimizer-graph.test.ts sees it refused.
const formulas = anchorRules.filter((r) => !r.bind({}).projection);
const pairs = updateRules.flatMap((update) => formulas.map((anchor) => ({ update, anchor })));

describe.each(pairs)("the graph of $update.name with $anchor.name", ({ update, anchor }) => {
  // The strongest but one: at the strongest SPD removes a whole deviation, and its rounding decides the next step.
  const strength = anchor.strength.search.at(-2) ?? anchor.strength.default;
  const lr = update.name === "sgd" ? 0.02 : 0.01;

  it.each(["init", "zero"] as const)("steps as oracle and kernel do, anchor at %s", async (at) => {
    const length = sizeOf(SHAPE);
    const initial = normals(1, length);
    const spec = { name: "w", shape: SHAPE, role: "other" as const };
    const options = { update: { rule: update.name }, anchor: { rule: anchor.name, strength, at } };
    const graph = await openGraphOptimizer(
      runtime,
      { ...options, parameters: [spec] },
      { initial: { w: initial } },
    );
    const kernel = await createOptimizer({ ...options, parameters: [{ ...spec, initial }] });
    const bound = update.bind({}).forParameter({ shape: SHAPE, role: "other" });
    const oracle = initial.slice();
    const states = bound.states.map((s) => new Float32Array(sizeOf(s.shape)));
    const rule = anchor.bind({});
    const held = {
      arrays: [rule.memory?.array ?? []].flat().map(() => new Float32Array(length)),
      numbers: new Float32Array(rule.memory?.numbers.length ?? 0),
    };
    for (let t = 0; t < 10; t++) {
      const gradient = noise(t, length);
      await graph.step({ w: gradient }, lr);
      kernel.gradients.get("w")!.set(gradient);
      kernel.step({ lr });
      stepTensor({
        update: bound,
        rule,
        held,
        layout: rowLayout(SHAPE),
        strength,
        parameter: oracle,
        gradient,
        states,
        anchor: at === "init" && anchor.toward === "anchor" ? initial : null,
        lr,
        step: t + 1,
      });
      const next = graph.values.get("w")!;
      expect(largestDifference(next, oracle)).toBeLessThan(GRAPH_TOLERANCE);
      expect(largestDifference(next, kernel.parameters.get("w")!)).toBeLessThan(GRAPH_TOLERANCE);
    }
  });
});

interface Hyper {
  readonly lr: number;
  readonly weight_decay: number;
  readonly amsgrad?: boolean;
}

it.each(vectors)("the graph follows the official trajectory $name to 3e-6", async (v) => {
  const hyper: Hyper = v.hyper;
  const graph = await openGraphOptimizer(
    runtime,
    {
      parameters: [
        { name: "w", shape: [v.p0.length], role: "other", anchor: v.pre === null ? "zero" : "init" },
      ],
      update: { rule: hyper.amsgrad === true ? "amsgrad" : "adam" },
      anchor: { rule: "spd", strength: hyper.weight_decay },
    },
    {
      initial: { w: Float32Array.from(v.p0) },
      ...(v.pre === null ? {} : { anchors: { w: Float32Array.from(v.pre) } }),
    },
  );
  for (const [t, gradient] of v.grads.entries()) {
    await graph.step({ w: Float32Array.from(gradient) }, hyper.lr);
    const expected = v.traj[t]!;
    const differences = expected.map((x, i) => Math.abs(graph.values.get("w")![i]! - x));
    expect(Math.max(...differences)).toBeLessThan(VECTOR_TOLERANCE);
  }
});

/** Gradients that turn often, so that conditional rules meet both of their cases. */
function noise(t: number, length: number): Float32Array {
  const sign = t % 4 < 2 ? 1 : -1;
  return normals(100 + (t >> 1), length).map((x) => sign * x);
}

function normals(seed: number, n: number): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from({ length: n }, () => random.normal());
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((largest, x, i) => Math.max(largest, Math.abs(x - b[i]!) / Math.max(1, Math.abs(x))), 0);
}
