import { describe, expect, it } from "vitest";
import { ConfigError, RunError } from "../errors.ts";
import { createOptimizer, type OptimizerOptions, type ParameterSpec } from "./create-optimizer.ts";
import type { Optimizer } from "./optimizer.ts";

const spec = (name: string, values: readonly number[], more: Partial<ParameterSpec> = {}): ParameterSpec => ({
  name,
  shape: [values.length],
  role: "other",
  initial: Float32Array.from(values),
  ...more,
});

const create = (parameters: readonly ParameterSpec[], more: Partial<OptimizerOptions> = {}) =>
  createOptimizer({
    parameters,
    update: { rule: "sgd", hyperparameters: { momentum: 0 } },
    anchor: { rule: "none" },
    ...more,
  });

const fill = (o: Optimizer, values: Readonly<Record<string, readonly number[]>>) => {
  for (const [name, data] of Object.entries(values)) o.gradients.get(name)!.set(data);
};
const values = (o: Optimizer, name: string) => [...o.parameters.get(name)!];

describe("an optimizer's memory", () => {
  it("holds copies of the initial values, and views that stay valid over steps", async () => {
    const initial = Float32Array.of(1, 2, 3);
    const optimizer = await create([spec("w", [], { shape: [3], initial })]);
    const [w, g] = [optimizer.parameters.get("w")!, optimizer.gradients.get("w")!];
    g.set([1, 1, 1]);
    optimizer.step({ lr: 0.5 });
    expect([...w]).toEqual([0.5, 1.5, 2.5]);
    expect([...initial]).toEqual([1, 2, 3]);
    expect(w.buffer).toBe(g.buffer);
  });

  it("is not shared between threads, since ONNX Runtime refuses shared memory", async () => {
    const optimizer = await create([spec("w", [1])]);
    expect(optimizer.parameters.get("w")!.buffer).toBeInstanceOf(ArrayBuffer);
  });

  it("spreads over several kernels when one is too small, each parameter with its companions", async () => {
    const parameters = ["a", "b", "c"].map((name) => spec(name, new Array(16).fill(1)));
    const update = { rule: "adam" };
    const whole = await create(parameters, { update });
    const sharded = await create(parameters, { update, shardBytes: 2 * 4 * 64 });
    const buffers = (o: Optimizer) => new Set([...o.parameters.values()].map((p) => p.buffer)).size;
    expect([buffers(whole), buffers(sharded)]).toEqual([1, 2]);
    for (const optimizer of [whole, sharded]) {
      for (const g of optimizer.gradients.values()) g.fill(0.25);
      optimizer.step({ lr: 0.1, clipNorm: 1 });
    }
    for (const name of ["a", "b", "c"]) expect(values(sharded, name)).toEqual(values(whole, name));
    await expect(create(parameters, { update, shardBytes: 128 })).rejects.toThrow(
      'parameter "a" has 16 elements and needs 4 float32 arrays, 0.00 GiB in all',
    );
  });

  it("steps parameters beyond 2 GiB, where addresses no longer fit a signed number", async () => {
    const far = spec("far", [1, 2, 3]);
    const filler = { name: "filler", shape: [560_000_000], role: "other" as const };
    // Frozen, so only its own values take room: pages never touched. An empty array that claims the length stands for them.
    const initial = Object.defineProperty(new Float32Array(0), "length", { value: 560_000_000 });
    const ice = [{ name: "ice", match: "filler", frozen: true }];
    const optimizer = await create([{ ...filler, initial }, far], { groups: ice });
    expect(optimizer.parameters.get("far")!.byteOffset).toBeGreaterThan(2 ** 31);
    fill(optimizer, { far: [1, 1, 1] });
    const report = optimizer.step({ lr: 1 });
    expect(values(optimizer, "far")).toEqual([0, 1, 2]);
    expect(report.gradientNorm).toBeCloseTo(Math.sqrt(3), 6);
    for (const rule of ["adafactor", "muon"]) {
      const matrix = spec("matrix", [1, 2, 3, 4, 5, 6], { shape: [2, 3] });
      const near = await create([matrix], { update: { rule } });
      const away = await create([{ ...filler, initial }, matrix], { update: { rule }, groups: ice });
      for (const o of [near, away]) {
        fill(o, { matrix: [1, -2, 3, 1, 1, 0] });
        o.step({ lr: 0.1 });
      }
      expect(values(away, "matrix")).toEqual(values(near, "matrix"));
    }
  });

  it("takes nothing for zero anchors, and keeps given and initial ones apart", async () => {
    const optimizer = await create(
      [
        spec("zero", [1], { anchor: "zero" }),
        spec("given", [1], { anchor: Float32Array.of(4) }),
        spec("init", [1], { anchor: "init" }),
      ],
      { anchor: { rule: "spd" } },
    );
    expect([...optimizer.anchors].map(([name, data]) => [name, ...data])).toEqual([
      ["given", 4],
      ["init", 1],
    ]);
    expect([...optimizer.deviations().values()]).toEqual([1, 3, 0]);
  });
});

describe("a step", () => {
  it("scales a long gradient down to the global norm over all trainable parameters", async () => {
    const optimizer = await create([spec("a", [0, 0]), spec("b", [0])]);
    fill(optimizer, { a: [6, 0], b: [8] });
    const report = optimizer.step({ lr: 1, gradientScale: 0.5, clipNorm: 1 });
    expect(report.gradientNorm).toBeCloseTo(5, 6);
    expect(report.clipFactor).toBeCloseTo(0.2, 6);
    expect(values(optimizer, "a")[0]).toBeCloseTo(-0.6, 6);
    expect(values(optimizer, "b")[0]).toBeCloseTo(-0.8, 6);
    expect(report.tensors.map((t) => t.gradientNorm)[1]).toBeCloseTo(0.8, 6);
  });

  it("reports the same norm whether or not it is needed beforehand", async () => {
    const optimizer = await create([spec("a", [0, 0]), spec("b", [0])]);
    fill(optimizer, { a: [3, 0], b: [4] });
    expect(optimizer.step({ lr: 1, guard: false }).gradientNorm).toBeCloseTo(5, 6);
    expect(optimizer.step({ lr: 1 }).gradientNorm).toBeCloseTo(5, 6);
  });

  it("gives groups their own learning rate and leaves frozen parameters alone", async () => {
    const groups = [
      { name: "slow", match: "slow", lrScale: 0.1 },
      { name: "ice", match: "ice", frozen: true },
    ];
    const optimizer = await create([spec("slow", [0]), spec("ice", [7]), spec("fast", [0])], { groups });
    expect([...optimizer.gradients.keys()]).toEqual(["slow", "fast"]);
    fill(optimizer, { slow: [1], fast: [1] });
    const report = optimizer.step({ lr: 1 });
    expect(report.tensors.map((t) => t.name)).toEqual(["slow", "fast"]);
    expect([..."slow ice fast".split(" ")].map((n) => values(optimizer, n)[0]!.toFixed(2))).toEqual([
      "-0.10",
      "7.00",
      "-1.00",
    ]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])(
    "refuses a gradient with %d and changes nothing",
    async (bad) => {
      const optimizer = await create([spec("a", [1, 1]), spec("b", [1, 1, 1, 1, 1])]);
      fill(optimizer, { a: [1, 1], b: [0, 0, 0, bad, 0] });
      expect(optimizer.findNonFinite()).toEqual({ name: "b", index: 3, value: bad });
      expect(() => optimizer.step({ lr: 1 })).toThrow(RunError);
      expect(() => optimizer.step({ lr: 1, guard: false, clipNorm: 1 })).toThrow(
        `step 1: gradient of "b" is ${bad} at element 3; the parameters are untouched.`,
      );
      expect([optimizer.steps, ...values(optimizer, "a"), ...values(optimizer, "b")]).toEqual([
        0, 1, 1, 1, 1, 1, 1, 1,
      ]);
    },
  );

  it("refuses settings that would poison the parameters", async () => {
    const optimizer = await create([spec("a", [1])]);
    expect(() => optimizer.step({ lr: Number.NaN, gradientScale: 0, clipNorm: -1 })).toThrow(
      "step: lr is NaN, expected a finite number of at least 0. gradientScale is 0, expected a positive number. clipNorm is -1",
    );
  });
});

it("a pull beyond the anchor is refused before anything changes", async () => {
  const optimizer = await create([spec("w", [1])], { anchor: { rule: "weight-decay", strength: 0.5 } });
  fill(optimizer, { w: [0] });
  expect(() => optimizer.step({ lr: 3 })).toThrow(
    'anchor rule "weight-decay" would subtract 1.5 times the deviation of "w" in one step (lr × strength), expected at most 1',
  );
  expect([optimizer.steps, ...values(optimizer, "w")]).toEqual([0, 1]);
});

describe("accumulated gradients", () => {
  it("step as the mean of their micro-batches", async () => {
    const optimizer = await create([spec("w", [0, 0])], { accumulate: true });
    for (const g of [
      [1, 2],
      [3, 6],
    ]) {
      fill(optimizer, { w: g });
      optimizer.accumulate();
    }
    expect(optimizer.step({ lr: 1, gradientScale: 1 / 2 }).gradientNorm).toBeCloseTo(Math.hypot(2, 4), 6);
    expect(values(optimizer, "w")).toEqual([-2, -4]);
    // The next step starts afresh, from the gradients themselves.
    fill(optimizer, { w: [1, 0] });
    optimizer.step({ lr: 1 });
    expect(values(optimizer, "w")).toEqual([-3, -4]);
  });

  it("may be weighted, and find their NaN", async () => {
    const optimizer = await create([spec("w", [0])], { accumulate: true });
    fill(optimizer, { w: [2] });
    optimizer.accumulate(0.25);
    optimizer.accumulate(0.5);
    expect(() => optimizer.saveState()).toThrow(RunError);
    optimizer.step({ lr: 1 });
    expect(values(optimizer, "w")).toEqual([-1.5]);
    fill(optimizer, { w: [Number.NaN] });
    optimizer.accumulate();
    fill(optimizer, { w: [0] });
    expect(optimizer.findNonFinite()?.name).toBe("w");
  });

  it("need their room from the start", async () => {
    const optimizer = await create([spec("w", [0])]);
    expect(() => optimizer.accumulate()).toThrow(ConfigError);
  });
});

describe("a saved state", () => {
  it("names parameters and states, and refuses what does not fit", async () => {
    const adam = await create([spec("w", [1])], { update: { rule: "adam" } });
    const state = adam.saveState();
    expect([...state.tensors.keys()]).toEqual(["parameter/w", "expAvg/w", "expAvgSq/w"]);
    const wrong = { update: "sgd", step: 3, tensors: new Map([["expAvg/v", new Float32Array(1)]]) };
    for (const part of [
      'it belongs to update rule "sgd", and this optimizer is "adam".',
      '"parameter/w" is missing.',
      '"expAvg/v" belongs to no trainable parameter here.',
    ]) {
      expect(() => adam.loadState(wrong)).toThrow(part);
    }
    expect(adam.steps).toBe(0);
  });

  it("leaves the anchor where it was, so that a resumed run still knows where it came from", async () => {
    const parameters = [spec("w", [1])];
    const options = { anchor: { rule: "spd", at: "init" } } as const;
    const first = await create(parameters, options);
    fill(first, { w: [1] });
    first.step({ lr: 0.5 });
    const second = await create(parameters, options);
    second.loadState(first.saveState());
    expect(second.deviations().get("w")).toBe(0.5);
  });
});

describe("creation refuses", () => {
  it("data of the wrong size and names given twice", async () => {
    const parameters = [spec("w", [1, 2], { shape: [3] }), spec("w", [1], { anchor: new Float32Array(2) })];
    for (const part of [
      'parameter "w" [3] has 3 elements, and its initial values 2.',
      'parameter "w" is given twice.',
      'parameter "w" [1] has 1 elements, and its anchor 2.',
    ]) {
      await expect(create(parameters)).rejects.toThrow(part);
    }
  });

  it.each([
    [
      { rule: "adamw" },
      'optimizer "adamw" is unknown; did you mean "adam"? choose one of sgd, adam, amsgrad,',
    ],
    [{ rule: "adam", hyperparameters: { beta1: 0.9 } }, 'has no hyperparameter "beta1"; it has betas, eps.'],
    [{ rule: "adam", hyperparameters: { betas: 0.9 } }, "betas is 0.9, expected a list of 2 numbers."],
    [{ rule: "adam", hyperparameters: { betas: [0.9, 1] } }, "expected two numbers in [0, 1)."],
    [{ rule: "adam", hyperparameters: { eps: 0 } }, "eps is 0, expected a positive number"],
    [{ rule: "sgd", hyperparameters: { momentum: 1 } }, "momentum is 1, expected a number in [0, 1)."],
    [{ rule: "sgd", hyperparameters: { momentum: 0, nesterov: true } }, "nesterov needs a momentum above 0."],
  ])("the update rule %j", async (update, message) => {
    await expect(create([spec("w", [1])], { update })).rejects.toThrow(message);
  });
});
