import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { makeDouble, toDouble } from "../../../test/support/double-model.ts";
import { graphOf, modelOf } from "../../../test/support/graph-of.ts";
import { lossNames } from "../../config/losses.ts";
import { decodeModel } from "../../onnx/decode.ts";
import { encodeModel } from "../../onnx/encode.ts";
import type { Model } from "../../onnx/model.ts";
import { lower } from "../../passes/lower.ts";
import { loweredModel } from "../../passes/lowered-model.ts";
import { openRuntime } from "../../runtime/runtime.ts";
import type { Session } from "../../runtime/session.ts";
import { type Tensor, tensor, toNumbers } from "../../tensor/tensor.ts";
import { createEvaluator } from "../../training/constant-evaluator.ts";
import type { LossOptions } from "./loss.ts";
import { appendLoss, type LossName, losses } from "./registry.ts";

/** Ours is float32, PyTorch's figures are float64 of the same numbers: some ten roundings. */
const TOLERANCE = 3e-6;
/** Of central differences in float64 with a step of 1e-5. */
const DIFFERENCE_TOLERANCE = 1e-7;
const STEP = 1e-5;

/** What scripts/goldens/losses.py writes. */
interface Golden {
  readonly loss: LossName;
  readonly options: LossOptions;
  readonly dims: readonly number[];
  readonly output: readonly number[];
  readonly targets: readonly (number | null)[];
  readonly weights: readonly number[] | null;
  readonly value: number;
  readonly gradient: readonly number[];
}

const file = new URL("goldens/losses.json", import.meta.url);
const goldens = JSON.parse(readFileSync(file, "utf8")) as Golden[]; // written by the script
const runtime = await openRuntime({ prefer: "native", threads: 1 });

/** A model with the output `x` itself, the loss on it, and its gradient `dx`; and which examples count. */
async function lossModel({ loss, options, dims }: Pick<Golden, "loss" | "options" | "dims">): Promise<Model> {
  const source = modelOf(
    graphOf({
      inputs: { x: { dtype: "float32", dims } },
      nodes: [["Identity", ["x"], ["y"]]],
      outputs: ["y"],
    }),
  );
  const evaluate = createEvaluator(runtime);
  const lowered = await lower(source, { inputShapes: new Map([["x", dims]]), parameters: [], evaluate });
  const nodes = appendLoss(lowered.b, lowered.outputs.get("y")!, loss, options);
  const outputs = { loss: nodes.loss, dx: nodes.gradient(), rows: nodes.rows() };
  lowered.graph.outputs = Object.entries(outputs).map(([name, value]) => {
    value.name = name;
    return value;
  });
  return loweredModel(source, lowered);
}

function feedsOf({ loss, dims, output, targets, weights, options }: Golden): Map<string, Tensor> {
  const axis = options.classAxis ?? -1;
  const others = dims.filter((_, i) => i !== axis && i !== axis + dims.length);
  const rest = loss === "contrastive" ? [dims[0]!] : others; // one for each example, whatever lies behind
  const feeds = new Map<string, Tensor>([["x", tensor("float32", dims, Float32Array.from(output))]]);
  const isOfEntries = targets.length === output.length;
  feeds.set(
    "targets",
    isOfEntries
      ? tensor(
          "float32",
          dims,
          Float32Array.from(targets, (t) => t ?? Number.NaN),
        )
      : tensor(
          "int64",
          rest,
          BigInt64Array.from(targets, (t) => BigInt(t ?? 0)),
        ),
  );
  if (weights) feeds.set("target_weights", tensor("float32", [weights.length], Float32Array.from(weights)));
  return feeds;
}

async function run(model: Model, feeds: ReadonlyMap<string, Tensor>): Promise<Map<string, Tensor>> {
  const session = await runtime.createSession(encodeModel(model), { name: "loss" });
  const results = await session.run(feeds);
  await session.release();
  return results;
}

function expectClose(got: readonly number[], want: readonly number[], tolerance: number): void {
  expect(got).toHaveLength(want.length);
  const scale = Math.max(1e-3, ...want.map(Math.abs));
  for (const [i, w] of want.entries()) expect(Math.abs(w - got[i]!) / scale).toBeLessThan(tolerance);
}

/** Derivatives of the loss by each entry of `x`, by central differences. */
async function differences(session: Session, feeds: ReadonlyMap<string, Tensor>): Promise<number[]> {
  const { dims, data } = feeds.get("x")!; // feedsOf has put it there
  const lossAt = async (i: number, step: number) => {
    const moved = Float64Array.from(data as Float64Array); // toDouble has made it float64
    moved[i]! += step;
    const results = await session.run(new Map([...feeds, ["x", tensor("float64", dims, moved)]]), {
      outputs: ["loss"],
    });
    return Number(results.get("loss")!.data[0]);
  };
  const slopes: number[] = [];
  for (const i of data.keys()) slopes.push(((await lossAt(i, STEP)) - (await lossAt(i, -STEP))) / (2 * STEP));
  return slopes;
}

const rows = goldens.map((golden) => {
  const { loss, dims, options } = golden;
  return { title: `${loss} [${dims}] ${JSON.stringify(options)}`, golden };
});

describe("value and gradient", () => {
  test.each(rows)("are PyTorch's: $title", async ({ golden }) => {
    const results = await run(await lossModel(golden), feedsOf(golden));
    expectClose(toNumbers(results.get("loss")!), [golden.value], TOLERANCE);
    expectClose(toNumbers(results.get("dx")!), golden.gradient, TOLERANCE);
  });

  test.each(rows)("agree with central differences in float64: $title", async ({ golden }) => {
    const model = decodeModel(encodeModel(await lossModel(golden)));
    makeDouble(model);
    const feeds = new Map([...feedsOf(golden)].map(([name, t]) => [name, toDouble(t)]));
    const session = await runtime.createSession(encodeModel(model), { name: "loss in float64" });
    const gradient = toNumbers((await session.run(feeds)).get("dx")!);
    expectClose(gradient, await differences(session, feeds), DIFFERENCE_TOLERANCE);
    await session.release();
  });
});

describe("every loss", () => {
  const names = Object.keys(losses) as LossName[]; // its own keys

  test("has a name in the settings, and goldens with and without weights of examples", () => {
    expect(names).toEqual([...lossNames]);
    for (const name of names) {
      const kinds = goldens.filter((g) => g.loss === name).map((g) => g.weights !== null);
      expect(new Set(kinds), name).toEqual(new Set([true, false]));
    }
  });

  test.each(names)("%s has a golden for each of its options", (name) => {
    const used = goldens.filter((g) => g.loss === name).flatMap((g) => Object.keys(g.options));
    const shared = ["classAxis", "ignoreIndex"]; // of all losses of classes, which read them in one place
    expect(used).toEqual(
      expect.arrayContaining(losses[name].options.filter((option) => !shared.includes(option))),
    );
  });

  test.each(names)("%s of a batch in which nothing counts is 0, and so is its gradient", async (name) => {
    const { dims, output, targets, options } = goldens.find((g) => g.loss === name)!; // each has one
    const isOfEntries = targets.length === output.length;
    const none = targets.map(() => (isOfEntries ? null : (options.ignoreIndex ?? -100)));
    const golden = {
      loss: name,
      dims,
      output,
      options,
      targets: none,
      weights: null,
      value: 0,
      gradient: [],
    };
    const results = await run(await lossModel(golden), feedsOf(golden));
    for (const value of results.values()) expect(toNumbers(value).every((v) => v === 0)).toBe(true);
  });

  // Two equal examples would be each other's negatives in the contrastive one.
  const additive = names.filter((name) => name !== "contrastive");
  test.each(additive)("%s takes an example of weight 2 for two", async (name) => {
    const golden = goldens.find((g) => g.loss === name && g.dims.length === 2 && g.weights === null)!; // each has one
    const { dims, output, targets } = golden;
    const [batch = 0, width = 0] = dims;
    const perRow = targets.length / batch;
    const weighted = {
      ...golden,
      options: { ...golden.options, weighted: true },
      weights: Array.from({ length: batch }, (_, i) => (i === 0 ? 2 : 1)),
    };
    const twice = {
      ...golden,
      dims: [batch + 1, width],
      output: [...output, ...output.slice(0, width)],
      targets: [...targets, ...targets.slice(0, perRow)],
    };
    const [a, b] = [
      await run(await lossModel(weighted), feedsOf(weighted)),
      await run(await lossModel(twice), feedsOf(twice)),
    ];
    expectClose(toNumbers(a.get("loss")!), toNumbers(b.get("loss")!), TOLERANCE);
  });
});

test("which examples count is told, whatever the shape of the targets", async () => {
  const rowsOf = async (loss: LossName) => {
    const golden = goldens.find((g) => g.loss === loss && g.targets.some((t) => t === null || t < 0))!; // each has one
    const results = await run(await lossModel(golden), feedsOf(golden));
    return { golden, counts: toNumbers(results.get("rows")!) };
  };
  const classes = await rowsOf("cross-entropy");
  expect(classes.counts).toEqual(classes.golden.targets.map((t) => (t === -100 ? 0 : 1)));
  // One entry of an example is unknown, the others are not.
  const entries = await rowsOf("bce");
  expect(entries.counts).toEqual([1, 0, 1, 1]);
});

describe("what a loss cannot take is said", () => {
  const dims = [4, 3];
  test.each<[LossName, LossOptions, readonly number[], RegExp]>([
    [
      "mse",
      { gamma: 1 },
      dims,
      /loss mse has no option gamma; it has none\. Losses that do: focal, binary-focal/,
    ],
    ["bce", { delta: 1 }, dims, /it takes labelSmoothing, positiveWeight\. Losses that do: huber/],
    ["cross-entropy", { labelSmoothing: 1 }, dims, /labelSmoothing is 1, expected 0 or more and below 1/],
    ["huber", { delta: 0 }, dims, /delta is 0, expected above 0/],
    ["focal", { gamma: Number.NaN }, dims, /gamma is NaN, expected 0 or more/],
    ["cross-entropy", { classWeights: [1, -1, 1] }, dims, /classWeights is -1/],
    [
      "cross-entropy",
      { classWeights: [1, 2] },
      dims,
      /classWeights: 2 numbers for output "y" float32\[4, 3\], expected 3, one for each class/,
    ],
    ["bce", { positiveWeight: [1] }, dims, /positiveWeight: 1 numbers for output "y"/],
    ["cross-entropy", { classAxis: 2 }, dims, /class axis 2 is out of range for output "y" float32\[4, 3\]/],
    ["contrastive", {}, dims, /contrastive: output "y" is float32\[4, 3\], expected \[B, B\]/],
  ])("%s %j", async (loss, options, shape, message) => {
    await expect(lossModel({ loss, options, dims: shape })).rejects.toThrow(message);
  });
});
