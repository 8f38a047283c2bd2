import { beforeAll, describe, expect, test } from "vitest";
import { parseConfig } from "../config/parse.ts";
import type { ConfigInput } from "../config/schema.ts";
import { decodeModel } from "../onnx/decode.ts";
import { openRuntime } from "../runtime/runtime.ts";
import { tasks } from "../tasks/registry.ts";
import { createEvaluator } from "./constant-evaluator.ts";
import { type Network, type NetworkOptions, prepareNetwork } from "./prepare-network.ts";
import { createTinyModel } from "./tiny-model.fixtures.ts";

let evaluate: NetworkOptions["evaluate"];
beforeAll(async () => {
  evaluate = createEvaluator(await openRuntime({ prefer: "native", threads: 1 }));
});

/** The tiny model has 3 outputs. */
function prepare(
  classes: readonly string[],
  labels: readonly string[] | null,
  settings: Partial<ConfigInput> = {},
): Promise<Network> {
  const config = parseConfig({ model: "m", data: "d", out: "o", ...settings });
  const inputShapes = new Map([["image", [2, 1, 8, 8]]]);
  return prepareNetwork(decodeModel(createTinyModel()), {
    ...{ config, task: tasks.classification, labels, evaluate },
    data: { classes, width: classes.length, inputShapes, targetDims: [] },
  });
}

describe("a classifier is kept", () => {
  test("where it has as many outputs as the data has classes, and nobody named them", async () => {
    const network = await prepare(["a", "b", "c"], null);
    expect(network.head).toBe("kept");
    expect(network.notes.join()).toMatch(/taken in this order: a, b, c/);
    expect([...network.headParameters].map((v) => v.name)).toEqual(["fc.weight", "fc.bias"]);
  });

  test("where its classes are the data's", async () => {
    expect((await prepare(["a", "b", "c"], ["a", "b", "c"])).head).toBe("kept");
  });

  test("where the user says so", async () => {
    const network = await prepare(["a", "b", "c"], null, { head: { mode: "keep" } });
    expect(network.head).toBe("kept");
  });
});

describe("a classifier is replaced", () => {
  test("where the data has another number of classes", async () => {
    const network = await prepare(["a", "b"], null);
    expect(network.head).toBe("new");
    expect(network.notes.join()).toMatch(/is \[batch, 3\], the data has 2 classes/);
  });

  test("where its classes bear other names", async () => {
    const network = await prepare(["a", "b", "c"], ["x", "y", "z"]);
    expect(network.head).toBe("new");
    expect(network.notes.join()).toMatch(/for x, y, z, the data's classes are a, b, c. Rename/);
    expect(network.trainable.map((t) => t.name)).toEqual([
      "conv.weight",
      "conv.bias",
      "head.weight",
      "head.bias",
    ]);
  });

  test("where the user names what a new one shall read", async () => {
    const network = await prepare(["a", "b", "c"], null, { head: { from: "image" } });
    expect(network.head).toBe("new");
    expect(network.notes.join()).toMatch(/reads "image" \[2, 1, 8, 8\], pooled: mean over 8×8/);
  });
});

test("a classifier of another width cannot be kept", async () => {
  await expect(prepare(["a", "b"], null, { head: { mode: "keep" } })).rejects.toThrow(
    /has 3 classes, the data 2; use --head.mode new/,
  );
});
