import { beforeAll, describe, expect, it } from "vitest";
import { ConfigError } from "../../errors.ts";
import { updateRules } from "../../optim/updates/registry.ts";
import { openRuntime, type Runtime } from "../../runtime/runtime.ts";
import { buildOptimizerGraph, type OptimizerGraphOptions } from "./build-optimizer-graph.ts";
import { openGraphOptimizer } from "./run-graph.fixtures.ts";

const w = { name: "w", shape: [2], role: "other" } as const;
const adamSpd = { update: { rule: "adam" }, anchor: { rule: "spd", at: "init" } } as const;

let native: Runtime;
let wasm: Runtime;
beforeAll(async () => {
  native = await openRuntime();
  wasm = await openRuntime({ prefer: "wasm", threads: 1 });
});

const open = (options: OptimizerGraphOptions, initial: Readonly<Record<string, Float32Array>>) =>
  openGraphOptimizer(native, options, { initial });

describe("an optimizer's graph", () => {
  it("takes and gives tensors under the names that the artifacts promise", async () => {
    const graph = await open(
      { ...adamSpd, parameters: [w, { ...w, name: "b", anchor: "zero" }] },
      { w: new Float32Array(2), b: new Float32Array(2) },
    );
    expect(graph.session.inputs.map((v) => `${v.name} ${v.dtype} [${v.dims}]`)).toEqual([
      ...["lr float32 []", "step int64 []"],
      ...["w float32 [2]", "w_grad float32 [2]", "w_exp_avg float32 [2]", "w_exp_avg_sq float32 [2]"],
      "w_anchor float32 [2]",
      ...["b float32 [2]", "b_grad float32 [2]", "b_exp_avg float32 [2]", "b_exp_avg_sq float32 [2]"],
    ]);
    expect(graph.session.outputs.map((v) => v.name)).toEqual(
      ["w", "w_exp_avg", "w_exp_avg_sq", "b", "b_exp_avg", "b_exp_avg_sq"].map((name) => `${name}_next`),
    );
  });

  it("gives groups their own learning rate and rule, and leaves frozen parameters out", async () => {
    const graph = await open(
      {
        update: { rule: "sgd", hyperparameters: { momentum: 0 } },
        anchor: { rule: "none" },
        parameters: [w, { ...w, name: "slow" }, { ...w, name: "ice" }],
        groups: [
          { name: "slow", match: "slow", lrScale: 0.5, rule: "weight-decay", strength: 0.1 },
          { name: "ice", match: "ice", frozen: true },
        ],
      },
      { w: Float32Array.of(1, 2), slow: Float32Array.of(1, 2) },
    );
    await graph.step({ w: Float32Array.of(1, 1), slow: Float32Array.of(1, 1) }, 1);
    expect([...graph.values.keys()]).toEqual(["w", "slow"]);
    expect([...graph.values.get("w")!]).toEqual([0, 1]);
    // 1 − 0.5 · 1 − 0.5 · 0.1 · 1 and 2 − 0.5 · 1 − 0.5 · 0.1 · 2
    expect([...graph.values.get("slow")!].map((x) => x.toFixed(6))).toEqual(["0.450000", "1.400000"]);
  });

  it("takes and gives what an anchor rule remembers, and refuses a rule that learns on held-out data", async () => {
    const options = (rule: string) => ({
      ...{ update: { rule: "lion" }, anchor: { rule, at: "init" } as const, parameters: [w] },
    });
    const graph = await open(options("ftp"), { w: new Float32Array(2) });
    expect(graph.session.inputs.map((v) => `${v.name} [${v.dims}]`).slice(2)).toEqual([
      ...["w [2]", "w_grad [2]", "w_exp_avg [2]", "w_anchor [2]", "w_ftp_direction [2]", "w_ftp_numbers [4]"],
    ]);
    expect(graph.session.outputs.map((v) => v.name)).toEqual(
      ["w", "w_exp_avg", "w_ftp_numbers", "w_ftp_direction"].map((name) => `${name}_next`),
    );
    expect(() => buildOptimizerGraph(options("tpgm"))).toThrow(
      'anchor rule "tpgm", which holds parameter "w", has no form as an ONNX graph',
    );
  });

  it("stays finite where both norms vanish although the gradient asks to come back", async () => {
    const graph = await openGraphOptimizer(
      native,
      { ...adamSpd, parameters: [w] },
      { initial: { w: Float32Array.of(1e-30, 1e-30) }, anchors: { w: new Float32Array(2) } },
    );
    await graph.step({ w: Float32Array.of(1, 1) }, 0);
    expect([...graph.values.get("w")!]).toEqual([...Float32Array.of(1e-30, 1e-30)]);
  });

  it("sees the growth of a large tensor by a step far below the rounding of its norms", async () => {
    const shape = [100, 1000];
    const ones = new Float32Array(100_000).fill(1);
    // Orthogonal to the deviation but for a little: the gradient asks to come back, momentum moves outward.
    const graph = await openGraphOptimizer(
      native,
      { update: { rule: "sgd" }, anchor: { rule: "spd", at: "init" }, parameters: [{ ...w, shape }] },
      { initial: { w: ones.map((x) => 2 * x) }, anchors: { w: ones } },
    );
    graph.values.set(
      "w_momentum_buffer",
      ones.map((x) => -x),
    );
    await graph.step({ w: ones.map((x) => 0.1 * x) }, 1e-5);
    // u = 1e-5 · (0.9 · −1 + 0.1): strength 1 takes the whole growth back, to the former radius.
    const after = graph.values.get("w")!;
    expect(after.reduce((far, x) => Math.max(far, Math.abs(x - 2)), 0)).toBeLessThan(5e-7);
  });

  it.each(updateRules)(
    "of $name runs in the WebAssembly runtime, and gives what the native one gives",
    async (rule) => {
      const matrix = { ...w, shape: [2, 2] };
      const options = { ...adamSpd, update: { rule: rule.name }, parameters: [matrix] };
      const initial = { w: Float32Array.of(1, -2, 0.5, 3) };
      const [a, c] = [
        await openGraphOptimizer(native, options, { initial }),
        await openGraphOptimizer(wasm, options, { initial }),
      ];
      for (const g of [-1, -1, -1, 1, 1]) {
        for (const graph of [a, c]) await graph.step({ w: Float32Array.of(g, 2 * g, -g, g / 2) }, 0.1);
      }
      for (const [i, x] of a.values.get("w")!.entries()) expect(c.values.get("w")![i]!).toBeCloseTo(x, 6);
    },
  );

  it("refuses parameters whose names collide with each other's inputs", () => {
    const parameters = [w, { ...w, name: "w_grad" }, { ...w, name: "lr" }];
    expect(() => buildOptimizerGraph({ ...adamSpd, parameters })).toThrow(ConfigError);
    expect(() => buildOptimizerGraph({ ...adamSpd, parameters })).toThrow('called "w_grad", "lr"');
  });

  it("refuses what the optimizer itself refuses", () => {
    expect(() => buildOptimizerGraph({ ...adamSpd, anchor: { rule: "spd" }, parameters: [w] })).toThrow(
      'parameter "w" (role other, group "default") has no anchor',
    );
  });
});
