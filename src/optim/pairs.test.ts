import { describe, expect, it } from "vitest";
import { createRandom } from "../tensor/random.ts";
import type { AnchorOptionValue, AnchorOptionValues } from "./anchor-options.ts";
import type { AnchorRule } from "./anchor-rule.ts";
import { anchorRules } from "./anchors/registry.ts";
import { createOptimizer } from "./create-optimizer.ts";
import type { Optimizer } from "./optimizer.ts";
import { stepTensor } from "./oracle.ts";
import type { AnchorPlace } from "./param-groups.ts";
import { rowLayout } from "./row-layout.ts";
import { updateRules } from "./updates/registry.ts";

// Two blocks of the kernel and a part of a vector, so that every loop meets its end; rows that end inside a vector.
const SHAPE = [13, 79];
const LENGTH = 13 * 79;
/** Float32 kernel against the float64 arithmetic of the oracle on float32 arrays, relative to 1, over ten steps. */
const KERNEL_TOLERANCE = 2e-6;

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

  // The loosest options where a test asks for a minimum far from the anchor, the defaults elsewhere.
  const create = (given: {
    strength: number;
    rule?: string;
    at?: AnchorPlace;
    axis?: number;
    loose?: true;
  }) =>
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
        options: given.loose ? loosest(anchor) : {},
      },
    });

  it("is the plain update rule, bit for bit, at strength 0", async () => {
    const plain = await create({ strength: 0, rule: "none", at: "none" });
    const held = await create({ strength: 0 });
    for (let t = 0; t < 20; t++) {
      noisyStep(plain, t, lr);
      noisyStep(held, t, lr);
    }
    expect(bits(held)).toEqual(bits(plain));
  });

  it("comes near the minimum of a quadratic", async () => {
    const optimizer = await create({ strength: anchor.strength.default, loose: true });
    const target = normals(2, LENGTH);
    const [w, g] = [optimizer.parameters.get("w")!, optimizer.gradients.get("w")!];
    const distance = () => Math.hypot(...w.map((x, i) => x - target[i]!));
    const before = distance();
    for (let t = 0; t < 400; t++) {
      for (let i = 0; i < LENGTH; i++) g[i] = w[i]! - target[i]!;
      optimizer.step({ lr: 0.05 * (1 - t / 400) });
    }
    expect(distance() / before).toBeLessThan(0.02);
  });

  it("resumes from a saved state bit for bit", async () => {
    const unbroken = await create({ strength });
    const first = await create({ strength });
    for (let t = 0; t < 7; t++) for (const o of [unbroken, first]) noisyStep(o, t, lr);
    const state = first.saveState();
    const copied = new Map([...state.tensors].map(([key, data]) => [key, data.slice()]));
    const second = await create({ strength });
    second.loadState({ ...state, tensors: copied });
    for (let t = 7; t < 20; t++) for (const o of [unbroken, second]) noisyStep(o, t, lr);
    expect(second.steps).toBe(20);
    expect(bits(second)).toEqual(bits(unbroken));
  });

  it.each([
    ["init", 0],
    ["zero", 1],
  ] as const)("gives what the scalar oracle gives, anchor at %s, units on axis %d", async (at, axis) => {
    const optimizer = await create({ strength, at, axis });
    const bound = update.bind({});
    const rule = anchor.bind({});
    const held = {
      arrays: (rule.memory?.arrays ?? []).map(() => new Float32Array(LENGTH)),
      numbers: new Float32Array(rule.memory?.numbers.length ?? 0),
    };
    const parameter = normals(1, LENGTH);
    const theta0 = at === "init" && anchor.toward === "anchor" ? parameter.slice() : null;
    const states = bound.states.map(() => new Float32Array(LENGTH));
    for (let t = 0; t < 10; t++) {
      const [report] = noisyStep(optimizer, t, lr).tensors;
      const expected = stepTensor({
        update: bound,
        rule,
        strength,
        held,
        layout: rowLayout(SHAPE, { axis }),
        parameter,
        gradient: noise(t),
        states,
        anchor: theta0,
        lr,
        step: t + 1,
        gradientScale: 0.5,
      });
      expect(largestDifference(optimizer.parameters.get("w")!, parameter)).toBeLessThan(KERNEL_TOLERANCE);
      expect(report!.fired).toBe(expected.fired);
      expect(report!.ratio).toBeCloseTo(expected.ratio, 5);
      expect(report!.stepNorm / Math.sqrt(expected.sums.uu)).toBeCloseTo(1, 5);
      expect(report!.gradientNorm / Math.sqrt(expected.sums.gg)).toBeCloseTo(1, 5);
      if (report!.condition !== null) {
        const size = Math.sqrt(expected.sums.gg * expected.sums.dd);
        expect(Math.abs(report!.condition + expected.sums.gd)).toBeLessThanOrEqual(1e-6 * size);
        const after = expected.deviation;
        expect(Math.abs(report!.deviation! - after)).toBeLessThanOrEqual(1e-5 * after);
        expect(optimizer.deviations().get("w")! / after).toBeCloseTo(1, 4);
      }
    }
  });

  it("leaves the padding behind a tensor at zero", async () => {
    const optimizer = await create({ strength });
    for (let t = 0; t < 3; t++) noisyStep(optimizer, t, lr);
    for (const data of [...optimizer.saveState().tensors.values(), ...optimizer.gradients.values()]) {
      expect([...new Float32Array(data.buffer, data.byteOffset + 4 * LENGTH, 1)]).toEqual([0]);
    }
  });
});

/** The values of a rule's options that hold a tensor least. */
function loosest(rule: AnchorRule): AnchorOptionValues {
  const tried = Object.entries(rule.options).map(([key, { search = [] }]) => [key, search.at(-1)] as const);
  return Object.fromEntries(tried.filter((t): t is [string, AnchorOptionValue] => t[1] !== undefined));
}

/** Gradients that turn often, so that conditional rules meet both of their cases. */
function noise(t: number): Float32Array {
  const sign = t % 4 < 2 ? 1 : -1;
  return normals(100 + (t >> 1), LENGTH).map((x) => sign * x);
}

function noisyStep(optimizer: Optimizer, t: number, lr: number) {
  optimizer.gradients.get("w")!.set(noise(t));
  return optimizer.step({ lr, gradientScale: 0.5 });
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
