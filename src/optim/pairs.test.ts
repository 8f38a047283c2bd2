import { describe, expect, it } from "vitest";
import { createRandom } from "../tensor/random.ts";
import { sizeOf } from "../tensor/shape.ts";
import type { AnchorOptionValue, AnchorOptionValues } from "./anchor-options.ts";
import type { AnchorRule } from "./anchor-rule.ts";
import { anchorRules } from "./anchors/registry.ts";
import { createOptimizer } from "./create-optimizer.ts";
import type { Held } from "./hold.ts";
import type { Optimizer } from "./optimizer.ts";
import { stepTensor } from "./oracle.ts";
import type { AnchorPlace } from "./param-groups.ts";
import { projectTensors } from "./projection.ts";
import type { StepReport } from "./report.ts";
import { rowLayout } from "./row-layout.ts";
import { scalarTensor } from "./scalar-tensor.ts";
import { updateRules } from "./updates/registry.ts";

// Two blocks of the kernel and a part of a vector, so that every loop meets its end; rows that end inside a vector.
const SHAPE = [13, 79];
const LENGTH = 13 * 79;
/** Float32 kernel against the float64 arithmetic of the oracle on float32 arrays, relative to 1, over ten steps. */
const KERNEL_TOLERANCE = 2e-6;

/** Factors on the learning rate of a descent, where a rule's steps are longer or shorter than Adam's. */
const peaks: Readonly<Record<string, number>> = { radam: 4, lion: 0.6, muon: 2 };
const fixedLength = ["lion", "muon"];

const pairs = updateRules.flatMap((update) => anchorRules.map((anchor) => ({ update, anchor })));

it("registered names are unique", () => {
  for (const registry of [updateRules, anchorRules]) {
    expect(new Set(registry.map((rule) => rule.name)).size).toBe(registry.length);
  }
});

describe.each(pairs)("$update.name with $anchor.name", ({ update, anchor }) => {
  // Large enough that one step of a few hundredths is seen, and within what the rule's own help suggests.
  const strength = Math.max(...anchor.strength.search);
  const lr = update.name === "sgd" ? 0.02 : 0.01;
  const peak = 0.05 * (peaks[update.name] ?? 1);

  // The largest options where a test asks for a minimum far from the anchor, the defaults elsewhere.
  const create = (given: { strength: number; rule?: string; at?: AnchorPlace; axis?: number; wide?: true }) =>
    createOptimizer({
      parameters: [
        {
          ...{ name: "w", shape: SHAPE, role: "other", initial: normals(1, LENGTH) },
          units: { axis: given.axis ?? 0 },
        },
      ],
      update: { rule: update.name },
      anchor: {
        rule: given.rule ?? anchor.name,
        strength: given.strength,
        at: given.at ?? "init",
        options: given.wide ? largest(anchor) : {},
      },
    });

  it("is the plain update rule, bit for bit, at strength 0", async () => {
    const plain = await create({ strength: 0, rule: "none", at: "none" });
    const held = await create({ strength: 0 });
    for (let t = 0; t < 20; t++) {
      await noisyStep(plain, t, lr);
      await noisyStep(held, t, lr);
    }
    expect(bits(held)).toEqual(bits(plain));
  });

  it("comes near the minimum of a quadratic", async () => {
    const optimizer = await create({ strength: anchor.strength.default, wide: true });
    const target = normals(2, LENGTH);
    const [w, g] = [optimizer.parameters.get("w")!, optimizer.gradients.get("w")!];
    const distance = () => Math.hypot(...w.map((x, i) => x - target[i]!));
    const before = distance();
    const gradient = () => g.set(w.map((x, i) => x - target[i]!));
    for (let t = 0; t < 400; t++) await stepAt(optimizer, gradient, peak * (1 - t / 400));
    // Where a step does not shrink with the gradient, the learning rate alone brings it to rest.
    expect(distance() / before).toBeLessThan(fixedLength.includes(update.name) ? 0.2 : 0.06);
  });

  it("descends into Rosenbrock's valley", async () => {
    const optimizer = await createOptimizer({
      parameters: [{ name: "w", shape: [2, 1], role: "other", initial: Float32Array.of(-1.2, 1) }],
      update: { rule: update.name },
      anchor: {
        rule: anchor.name,
        strength: anchor.strength.default,
        at: "init",
        options: largest(anchor),
      },
    });
    const [w, g] = [optimizer.parameters.get("w")!, optimizer.gradients.get("w")!];
    const value = () => (1 - w[0]!) ** 2 + 100 * (w[1]! - w[0]! ** 2) ** 2;
    const gradient = () => {
      const [x, y] = [w[0]!, w[1]!];
      g.set([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)]);
    };
    const before = value();
    for (let t = 0; t < 1500; t++) await stepAt(optimizer, gradient, (peak / 5) * (1 - t / 1500));
    expect(value() / before).toBeLessThan(0.25);
  });

  it("resumes from a saved state bit for bit", async () => {
    const unbroken = await create({ strength });
    const first = await create({ strength });
    for (let t = 0; t < 7; t++) for (const o of [unbroken, first]) await noisyStep(o, t, lr);
    const state = first.saveState();
    const copied = new Map([...state.tensors].map(([key, data]) => [key, data.slice()]));
    const second = await create({ strength });
    second.loadState({ ...state, tensors: copied });
    for (let t = 7; t < 20; t++) for (const o of [unbroken, second]) await noisyStep(o, t, lr);
    expect(second.steps).toBe(20);
    expect(bits(second)).toEqual(bits(unbroken));
  });

  it.each([
    ["init", 0],
    ["zero", 1],
  ] as const)("gives what the scalar oracle gives, anchor at %s, units on axis %d", async (at, axis) => {
    const optimizer = await create({ strength, at, axis });
    const bound = update.bind({}).forParameter({ shape: SHAPE, role: "other" });
    const rule = anchor.bind({});
    const layout = rowLayout(SHAPE, { axis });
    const held = {
      arrays: [rule.memory?.array ?? []].flat().map(() => new Float32Array(LENGTH)),
      numbers: new Float32Array(rule.memory?.numbers.length ?? 0),
    };
    const parameter = normals(1, LENGTH);
    const theta0 = at === "init" && anchor.toward === "anchor" ? parameter.slice() : null;
    const states = bound.states.map((s) => new Float32Array(sizeOf(s.shape)));
    const projected = async (t: number): Promise<Held | undefined> => {
      if (!rule.projection) return undefined;
      const gradient = new Float32Array(LENGTH);
      const tensor = scalarTensor({
        ...{ parameter, gradient, gradientScale: 1, anchor: theta0, layout, step: t + 1 },
        ...{ arrays: [...held.arrays, new Float32Array(LENGTH)], numbers: held.numbers },
      });
      const one = { name: "w", strength, projection: rule.projection, tensor };
      return (await projectTensors([one], async () => gradient.set(noise(t + 50)))).get("w");
    };
    for (let t = 0; t < 10; t++) {
      const [report] = (await noisyStep(optimizer, t, lr)).tensors;
      const stepped = stepTensor({
        update: bound,
        rule,
        strength,
        held,
        layout,
        parameter,
        gradient: noise(t),
        states,
        anchor: theta0,
        lr,
        step: t + 1,
        gradientScale: 0.5,
      });
      const expected = { ...stepped, ...(await projected(t)) };
      expect(largestDifference(optimizer.parameters.get("w")!, parameter)).toBeLessThan(KERNEL_TOLERANCE);
      expect(report!.fired).toBe(expected.fired);
      expect(report!.ratio).toBeCloseTo(expected.ratio, 5);
      expect(report!.stepNorm / Math.sqrt(expected.sums.uu)).toBeCloseTo(1, 4);
      expect(report!.gradientNorm / Math.sqrt(expected.sums.gg)).toBeCloseTo(1, 5);
      if (report!.condition !== null) {
        const size = Math.sqrt(expected.sums.gg * expected.sums.dd);
        // A tensor that was put back on its anchor is as far from it as float32 rounds its elements and its share.
        const rounding = 2e-8 + 1e-7 * (Math.hypot(...parameter) + expected.motion.nNext);
        const gRounding = rounding * Math.sqrt(expected.sums.gg);
        expect(Math.abs(report!.condition + expected.sums.gd)).toBeLessThanOrEqual(1e-6 * size + gRounding);
        const after = expected.deviation;
        expect(Math.abs(report!.deviation! - after)).toBeLessThanOrEqual(1e-5 * after + rounding);
        expect(Math.abs(optimizer.deviations().get("w")! - after)).toBeLessThanOrEqual(
          1e-4 * after + rounding,
        );
      }
    }
  });

  it("leaves the padding behind a tensor at zero", async () => {
    const optimizer = await create({ strength });
    for (let t = 0; t < 3; t++) await noisyStep(optimizer, t, lr);
    for (const data of [...optimizer.saveState().tensors.values(), ...optimizer.gradients.values()]) {
      if (data.length < 79) continue; // few numbers lie elsewhere
      const padding = new Float32Array(data.buffer, data.byteOffset + 4 * data.length, -data.length & 3);
      expect(padding.every((x) => x === 0)).toBe(true);
    }
  });
});

/** The largest values of a rule's options: the widest radius, or the fastest to learn one. */
function largest(rule: AnchorRule): AnchorOptionValues {
  const tried = Object.entries(rule.options).map(([key, { search = [] }]) => [key, search.at(-1)] as const);
  return Object.fromEntries(tried.filter((t): t is [string, AnchorOptionValue] => t[1] !== undefined));
}

/** Gradients that turn often, so that conditional rules meet both of their cases. Each is made once, for all pairs. */
function noise(t: number): Float32Array {
  const known = noises.get(t);
  if (known) return known;
  const sign = t % 4 < 2 ? 1 : -1;
  const made = normals(100 + (t >> 1), LENGTH).map((x) => sign * x);
  noises.set(t, made);
  return made;
}

const noises = new Map<number, Float32Array>();

async function noisyStep(optimizer: Optimizer, t: number, lr: number): Promise<StepReport> {
  const gradient = optimizer.gradients.get("w")!;
  gradient.set(noise(t));
  const report = optimizer.step({ lr, gradientScale: 0.5 });
  const heldOut = async () => gradient.set(noise(t + 50));
  return optimizer.projectionDue(false)
    ? optimizer.project(report, { isLast: false, gradients: heldOut })
    : report;
}

/** One step of a loss whose gradients are those of held-out data too. */
async function stepAt(optimizer: Optimizer, gradient: () => void, lr: number): Promise<void> {
  gradient();
  const report = optimizer.step({ lr, clipNorm: 100 });
  if (!optimizer.projectionDue(false)) return;
  await optimizer.project(report, { isLast: false, gradients: async () => gradient() });
}

function normals(seed: number, n: number): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from({ length: n }, () => random.normal());
}

/** Every bit of an optimizer's state. */
function bits(optimizer: Optimizer): readonly (readonly [string, Uint32Array])[] {
  const { tensors } = optimizer.saveState();
  return [...tensors].map(([key, data]) => [
    key,
    new Uint32Array(data.buffer, data.byteOffset, data.length).slice(),
  ]);
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((largest, x, i) => Math.max(largest, Math.abs(x - b[i]!) / Math.max(1, Math.abs(x))), 0);
}
