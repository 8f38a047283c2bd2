import { spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { loadModel } from "../../src/onnx/load.ts";
import { nodeFiles } from "../../src/platform/node-files.ts";
import { stripes } from "../../src/training/tiny-data.fixtures.ts";
import { createTinyModel } from "../../src/training/tiny-model.fixtures.ts";

const main = resolve(import.meta.dirname, "../../dist/cli/main.js");

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the built command. @param onOutput sees everything so far each time more is said */
export function holdfast(
  folder: string,
  argv: readonly string[],
  onOutput: (text: string, child: { kill: (signal: NodeJS.Signals) => void }) => void = () => undefined,
): Promise<Ended> {
  const child = spawn(process.execPath, [main, ...argv], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: "1" },
    timeout: 120_000,
  });
  let [stdout, stderr] = ["", ""];
  const told = () => onOutput(stdout + stderr, { kill: (signal) => child.kill(signal) });
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk;
    told();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk;
    told();
  });
  return new Promise((done) => child.on("close", (code, signal) => done({ code, signal, stdout, stderr })));
}

/** Writes `model.onnx`, `data/train.npz` and `data/test.npz` of a problem that is learnt in a few steps. */
export async function writeTinyProblem(folder: string): Promise<void> {
  await mkdir(join(folder, "data"), { recursive: true });
  await writeFile(join(folder, "model.onnx"), createTinyModel());
  await writeFile(join(folder, "data/train.npz"), stripes(60, 1));
  await writeFile(join(folder, "data/test.npz"), stripes(30, 2));
}

/** The float32 initializers of a model file by name, as numbers. */
export async function weightsOf(path: string): Promise<Map<string, number[]>> {
  const { graph } = await loadModel(path, nodeFiles);
  return new Map(graph.initializers.map((v) => [v.name, Array.from(v.constant!.data as Float32Array)]));
}
