import { spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { npzOf } from "../../src/data/npz.fixtures.ts";
import { createRandom } from "../../src/tensor/random.ts";
import { createTinyModel } from "../../src/training/tiny-model.fixtures.ts";

const main = resolve(import.meta.dirname, "../../dist/cli/main.js");
const SIZE = 8;
const CLASSES = 3;

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

/** An `.npz` of grey images with upright, lying or no stripes under noise. */
function stripes(count: number, seed: number): Uint8Array {
  const random = createRandom(seed);
  const images = new Uint8Array(count * SIZE * SIZE);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % CLASSES);
  images.forEach((_, at) => {
    const label = labels[Math.floor(at / SIZE ** 2)];
    const [row, column] = [Math.floor(at / SIZE) % SIZE, at % SIZE];
    const ink = label === 0 ? column % 2 : label === 1 ? row % 2 : 0;
    images[at] = 40 + 140 * ink + random.integer(60);
  });
  return npzOf({
    images: { descr: "|u1", shape: [count, SIZE, SIZE], bytes: images },
    labels: { descr: "|u1", shape: [count], bytes: labels },
  });
}
