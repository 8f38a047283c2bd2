import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { methods } from "../src/config/methods.ts";
import { parseConfig } from "../src/config/parse.ts";
import type { ConfigInput } from "../src/config/schema.ts";
import { ConfigError, DataError } from "../src/errors.ts";
import { type FinetuneOptions, finetune, resume } from "../src/finetune.ts";
import { loadModel } from "../src/onnx/load.ts";
import { anchorRules } from "../src/optim/anchors/registry.ts";
import { updateRules } from "../src/optim/updates/registry.ts";
import { nodeFiles } from "../src/platform/node-files.ts";
import { readRun } from "../src/run/run-reader.ts";
import { openRuntime, type Runtime } from "../src/runtime/runtime.ts";
import { encodeSafetensors } from "../src/tensor/safetensors.ts";
import { type Tensor, tensor } from "../src/tensor/tensor.ts";
import { writeTinyProblem } from "./support/tiny-run.ts";

let folder: string;
let runtime: Runtime;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-anchors-"));
  await writeTinyProblem(folder);
  runtime = await openRuntime({ prefer: "native", threads: 1 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const settings = (out: string, more: Partial<ConfigInput>): ConfigInput => ({
  ...{ model: join(folder, "model.onnx"), data: join(folder, "data"), out: join(folder, out) },
  ...{ steps: 24, batchSize: 6, evaluation: { every: 12, metric: "loss" }, report: false },
  ...more,
});

async function weights(path: string): Promise<Map<string, Float32Array>> {
  const { graph } = await loadModel(path, nodeFiles);
  return new Map(graph.initializers.map((v) => [v.name, (v.constant!.data as Float32Array).slice()]));
}

const lr = 0.01;
const runs: readonly (readonly [string, Partial<ConfigInput>])[] = [
  ["mars-sp", { method: "mars-sp", optimizer: { lr, anchorOptions: { radius: 0.05 } } }],
  ["ftp", { method: "ftp", optimizer: { lr } }],
  ["tpgm", { method: "tpgm", optimizer: { lr, rule: "sgd" } }],
  ["tpgm every 5", { method: "tpgm", optimizer: { lr, anchorOptions: { every: 5, iterations: 3 } } }],
  ["tpgm-posthoc", { method: "tpgm-posthoc", optimizer: { lr, anchorOptions: { iterations: 7 } } }],
  ["digrap", { method: "digrap", optimizer: { lr } }],
  ["cautious", { method: "cautious", optimizer: { lr, strength: 0.5 } }],
  ["spd-depth", { method: "spd-depth", optimizer: { lr, holdVectors: false } }],
];

describe("a run held by an anchor rule", () => {
  test.each(runs)("%s, stopped and resumed, ends bit for bit like the unbroken one", async (name, more) => {
    const unbroken = await finetune(settings(`${name} whole`, more), { files: nodeFiles, runtime });
    let steps = 0;
    const stopping: FinetuneOptions = {
      ...{ files: nodeFiles, runtime, shouldStop: () => steps === 17 },
      onEvent: (e) => void (e.kind === "step" && steps++),
    };
    const first = await finetune(settings(`${name} broken`, more), stopping);
    expect(first.summary).toMatchObject({ status: "stopped", steps: 17 });
    const config = parseConfig(settings(`${name} broken`, more));
    const second = await resume(config, { files: nodeFiles, runtime });
    expect(await weights(second.model!)).toEqual(await weights(unbroken.model!));
    const { layers } = await readRun(nodeFiles, join(folder, `${name} whole`));
    expect(layers.some((l) => l.deviation > 0)).toBe(true);
    const rules = ["mars-sp", "ftp", "tpgm", "tpgm every 5", "tpgm-posthoc", "digrap"];
    if (rules.includes(name)) expect(layers.some((l) => l.fired > 0 && l.ratio > 0)).toBe(true);
  });

  test("anchors come from a file by name, and a resume with other ones is refused", async () => {
    const pretrained = await loadModel(join(folder, "model.onnx"), nodeFiles);
    const write = (name: string, shift: number, reshape = false) => {
      const tensors = new Map<string, Tensor>(
        pretrained.graph.initializers.map((v) => {
          const { dims, data } = v.constant!;
          const moved = (data as Float32Array).map((x) => x + shift);
          return [
            v.name,
            tensor("float32", reshape && v.name === "fc.weight" ? [...dims].reverse() : dims, moved),
          ];
        }),
      );
      writeFileSync(join(folder, name), encodeSafetensors(tensors));
      return join(folder, name);
    };
    const base = write("base.safetensors", 0.25);
    const anchored = (anchorAt: string): Partial<ConfigInput> => ({
      optimizer: { lr, anchorAt, anchor: "l2-sp-decoupled", strength: 50 },
    });
    const options = { files: nodeFiles, runtime };
    const toward = await finetune(settings("toward", anchored(base)), options);
    const before = await weights(join(folder, "model.onnx"));
    const after = await weights(toward.model!);
    // A pull this strong ends near the anchors, whatever the gradients say.
    for (const [name, x] of before)
      expect(Math.abs(after.get(name)![0]! - x[0]! - 0.25), name).toBeLessThan(0.1);

    await expect(
      finetune(settings("wrong", anchored(write("turned.safetensors", 0, true))), options),
    ).rejects.toThrow(
      /anchor of parameter "fc.weight" from .*turned.safetensors: it is \[4, 3\] there, expected \[3, 4\]/,
    );

    let steps = 0;
    await finetune(settings("moved", anchored(base)), {
      ...options,
      shouldStop: () => steps === 5,
      onEvent: (e) => void (e.kind === "step" && steps++),
    });
    write("base.safetensors", 0.5);
    const again = resume(parseConfig(settings("moved", anchored(base))), options);
    await expect(again).rejects.toThrow(DataError);
  });

  test("options of another rule, and settings that hold nothing, are refused before anything is written", async () => {
    const start = (more: Partial<ConfigInput>) =>
      finetune(settings("refused", more), { files: nodeFiles, runtime });
    await expect(start({ method: "spd", optimizer: { anchorOptions: { radius: 1 } } })).rejects.toThrow(
      'anchor rule "spd": it has no option "radius"; it has none.',
    );
    await expect(
      start({ groups: [{ name: "x", match: "fc", anchor: "none", strength: 1 }] }),
    ).rejects.toThrow('parameter "fc.weight" (role other, group "x") has no anchor');
    await expect(start({ optimizer: { anchorAt: join(folder, "nowhere.onnx") } })).rejects.toThrow(
      "nowhere.onnx",
    );
    await expect(start({ method: "spdd" as "spd" })).rejects.toThrow(ConfigError);
    expect(await nodeFiles.exists(join(folder, "refused"))).toBe(false);
  });
});

test("every method names rules and options that exist", () => {
  for (const { name, rule, anchor, anchorOptions = {} } of methods) {
    expect(
      updateRules.map((r) => r.name),
      name,
    ).toContain(rule);
    const found = anchorRules.find((r) => r.name === anchor);
    expect(() => found!.bind(anchorOptions), name).not.toThrow();
  }
  expect(new Set(methods.map((m) => m.name)).size).toBe(methods.length);
});
