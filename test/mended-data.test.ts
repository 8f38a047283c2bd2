import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { holdfast, writeTinyProblem } from "./support/tiny-run.ts";

// Data that breaks and is mended again, before a run begins and in the middle of one.
let folder: string;
const settings =
  "--model model.onnx --data data --epochs 6 --batchSize 6 --checkpoint.every 5 --runtime.threads 1 --no-report";
const argv = (out: string) => ["finetune", ...settings.split(" "), "--out", out];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-mended-"));
  await writeTinyProblem(folder);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("a run whose data cannot be read writes nothing, and a stopped one goes on once its data is mended", {
  timeout: 240_000,
}, async () => {
  const path = join(folder, "data/train.npz");
  const whole = readFileSync(path);
  writeFileSync(path, whole.subarray(0, whole.length / 2));
  const refused = await holdfast(folder, argv("run"));
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain("data/train.npz: not a readable zip archive");
  expect(existsSync(join(folder, "run"))).toBe(false);

  writeFileSync(path, whole);
  let stopped = false;
  const ended = await holdfast(folder, [...argv("run"), "--json"], (text, child) => {
    if (stopped || text.split('"kind":"step"').length < 8) return;
    stopped = true;
    child.kill("SIGINT");
  });
  expect(existsSync(join(folder, "run/config.yaml")), ended.stderr).toBe(true);

  writeFileSync(path, whole.subarray(0, whole.length / 2));
  const broken = await holdfast(folder, ["resume", "run"]);
  expect(broken.code).not.toBe(0);
  expect(broken.stderr).toContain("data/train.npz: not a readable zip archive");

  writeFileSync(path, whole);
  const mended = await holdfast(folder, ["resume", "run"]);
  expect(mended.code, mended.stderr).toBe(0);
  expect(JSON.parse(readFileSync(join(folder, "run/summary.json"), "utf8"))).toMatchObject({
    status: "finished",
  });
  expect(existsSync(join(folder, "run/model/onnx/model.onnx"))).toBe(true);
});
