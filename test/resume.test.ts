import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createRandom } from "../src/tensor/random.ts";
import { type Ended, holdfast, writeTinyProblem } from "./support/tiny-run.ts";

// A real process, killed for real: what a run that was interrupted ends in must be what the unbroken run ends in.
let folder: string;
const settings = [
  ..."--model model.onnx --data data --shift noise=corruption:gaussian-noise:2 --epochs 15 --batchSize 6".split(
    " ",
  ),
  ..."--optimizer.lr 0.01 --evaluation.every 30 --checkpoint.every 10 --runtime.threads 1 --no-report".split(
    " ",
  ),
];
const model = (run: string) => readFileSync(join(folder, run, "model/onnx/model.onnx"));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-resume-"));
  await writeTinyProblem(folder);
  expectOk(await holdfast(folder, ["finetune", ...settings, "--out", "unbroken"]));
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function expectOk({ code, stderr }: Ended): void {
  expect(code, stderr).toBe(0);
}

/** Sends a signal at the n-th step event of a run. */
function signalAtStep(signal: NodeJS.Signals, steps: number) {
  let sent = false;
  return (text: string, child: { kill: (signal: NodeJS.Signals) => void }) => {
    if (sent || text.split('"kind":"step"').length <= steps) return;
    sent = true;
    child.kill(signal);
  };
}

it("a run that is killed again and again ends bit for bit like one that was not", {
  timeout: 120_000,
}, async () => {
  const random = createRandom(Date.now());
  let steps = 1 + random.integer(30);
  let ended = await holdfast(
    folder,
    ["finetune", ...settings, "--out", "killed", "--json"],
    signalAtStep("SIGKILL", steps),
  );
  expect(ended.signal, ended.stderr).toBe("SIGKILL");
  for (let kill = 0; kill < 2; kill++) {
    steps = 1 + random.integer(30);
    ended = await holdfast(folder, ["resume", "killed", "--json"], signalAtStep("SIGKILL", steps));
    expect(ended.signal, ended.stderr).toBe("SIGKILL");
  }
  expectOk(await holdfast(folder, ["resume", "killed"]));
  expect(model("killed").equals(model("unbroken"))).toBe(true);
});

it("Ctrl-C saves first and exits with 130, and the run goes on from there", {
  timeout: 120_000,
}, async () => {
  const ended = await holdfast(
    folder,
    ["finetune", ...settings, "--out", "stopped", "--json"],
    signalAtStep("SIGINT", 20),
  );
  expect(ended.code, ended.stderr).toBe(130);
  expect(ended.stderr).toContain("saving after this step");
  expect(ended.stderr).toContain("holdfast resume stopped");
  const summary = JSON.parse(readFileSync(join(folder, "stopped/summary.json"), "utf8"));
  expect(summary.status).toBe("stopped");
  const checkpoint = JSON.parse(readFileSync(join(folder, "stopped/checkpoint/latest.json"), "utf8"));
  expect(checkpoint.step).toBe(summary.steps);
  expectOk(await holdfast(folder, ["resume", "stopped"]));
  expect(model("stopped").equals(model("unbroken"))).toBe(true);
});
