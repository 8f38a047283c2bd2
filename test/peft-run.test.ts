import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { decodeModel } from "../src/onnx/decode.ts";
import { decodeSafetensors } from "../src/tensor/safetensors.ts";
import { type Ended, holdfast, writeTinyProblem } from "./support/tiny-run.ts";

// Adapters through the whole command: trained with dropout, stopped, resumed, written as a model and as an adapter.
let folder: string;
const settings =
  "--model model.onnx --data data --method lora --peft.targets conv|fc --peft.rank 2 --peft.dropout 0.3 --epochs 8 --batchSize 6 --optimizer.lr 0.02 --evaluation.every 30 --checkpoint.every 10 --runtime.threads 1 --no-report".split(
    " ",
  );
const read = (path: string) => readFileSync(join(folder, path));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-peft-"));
  await writeTinyProblem(folder);
  expectOk(await holdfast(folder, ["finetune", ...settings, "--out", "lora"]));
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function expectOk({ code, stderr }: Ended): void {
  expect(code, stderr).toBe(0);
}

it("writes the original graph with new weights, and the adapter beside it", () => {
  const before = decodeModel(read("model.onnx"));
  const after = decodeModel(read("lora/model/onnx/model.onnx"));
  expect(after.graph.nodes.map((n) => n.describe())).toEqual(before.graph.nodes.map((n) => n.describe()));
  const changed = after.graph.initializers.filter((v, i) =>
    differs(v.constant?.data, before.graph.initializers[i]?.constant?.data),
  );
  expect(changed.map((v) => v.name)).toEqual(["conv.weight", "fc.weight"]);
  const { tensors } = decodeSafetensors(read("lora/adapter/adapter_model.safetensors"), "adapter");
  expect([...tensors].map(([name, { dims }]) => `${name} ${dims}`)).toEqual([
    "base_model.model.conv.lora_A.weight 2,1,3,3",
    "base_model.model.conv.lora_B.weight 4,2,1,1",
    "base_model.model.fc.lora_A.weight 2,4",
    "base_model.model.fc.lora_B.weight 3,2",
  ]);
});

it("a run with dropout that is killed ends bit for bit like one that was not", {
  timeout: 120_000,
}, async () => {
  let sent = false;
  const ended = await holdfast(
    folder,
    ["finetune", ...settings, "--out", "killed", "--json"],
    (text, child) => {
      if (sent || text.split('"kind":"step"').length <= 25) return;
      sent = true;
      child.kill("SIGKILL");
    },
  );
  expect(ended.signal, ended.stderr).toBe("SIGKILL");
  expectOk(await holdfast(folder, ["resume", "killed"]));
  for (const file of ["model/onnx/model.onnx", "adapter/adapter_model.safetensors"])
    expect(read(`killed/${file}`).equals(read(`lora/${file}`)), file).toBe(true);
});

it("targets that match nothing are refused, with the layers that could be meant", async () => {
  const { code, stderr } = await holdfast(folder, [
    "finetune",
    ...settings,
    "--peft.targets",
    "query",
    "--out",
    "none",
  ]);
  expect(code).toBe(2);
  expect(stderr).toContain('peft.targets "query" matches no layer for LoRA');
  expect(stderr).toContain("conv (conv), fc (linear)");
});

function differs(a: unknown, b: unknown): boolean {
  return (
    JSON.stringify(Array.from((a ?? []) as ArrayLike<number>)) !==
    JSON.stringify(Array.from((b ?? []) as ArrayLike<number>))
  );
}
