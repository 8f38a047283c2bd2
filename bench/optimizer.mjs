/**
 * Time of one optimizer step over all parameters of a model.
 *
 *     npm run bench:optimizer                       ours against a plain JavaScript loop
 *     PYTHON=/path/to/python npm run bench:optimizer      and against PyTorch, in the same run
 *
 * "fires" makes every tensor meet SPD's condition, so that each is passed over twice; "holds" makes none.
 * Then every update rule with SPD, on the parameters of MiniLM, its matrices inside the network as Muon has them.
 * GB/s counts what must move: p, g, m, v and the anchor read, p, m and v written; p and anchor again where SPD fires.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { createOptimizer } from "../dist/optim/create-optimizer.js";
import { updateRules } from "../dist/optim/updates/registry.js";
import { miniLm, vitB } from "./shapes.mjs";

const ROUNDS = 12;
const LR = 1e-4;

for (const [title, shapes] of [
  ["MiniLM (W1)", miniLm],
  ["ViT-B/16 (W2)", vitB],
]) {
  const count = shapes.reduce((sum, shape) => sum + sizeOf(shape), 0);
  console.log(
    `\n${title}: ${(count / 1e6).toFixed(2)} M parameters in ${shapes.length} tensors; ms, median / min of ${ROUNDS}`,
  );
  const adamw = await optimizer(shapes, { rule: "weight-decay", strength: 0.01 }, true);
  const spd = await optimizer(shapes, { rule: "spd", strength: 1, at: "init" }, true);
  const firing = await optimizer(shapes, { rule: "spd", strength: 1, at: "zero" }, false);
  const rows = {
    AdamW: [28, () => adamw.step({ lr: LR, guard: false })],
    "Adam + SPD, holds": [32, () => spd.step({ lr: LR, guard: false })],
    "Adam + SPD, holds, clipped": [36, () => spd.step({ lr: LR, clipNorm: 1 })],
    "Adam + SPD at zero, fires": [36, () => firing.step({ lr: LR, guard: false })],
    "plain JavaScript, Adam + SPD": [32, naive(shapes)],
  };
  const times = Object.fromEntries(Object.keys(rows).map((name) => [name, []]));
  for (let round = -2; round < ROUNDS; round++) {
    for (const [name, [, step]] of Object.entries(rows)) {
      const start = performance.now();
      step();
      // The first rounds meet cold code and untouched pages.
      if (round >= 0) times[name].push(performance.now() - start);
    }
  }
  const fired = firing.step({ lr: LR }).tensors.filter((t) => t.fired).length;
  if (fired !== shapes.length) throw new Error(`only ${fired} of ${shapes.length} tensors fired`);
  for (const [name, [bytes]] of Object.entries(rows)) print(name, times[name], bytes * count);
  const ratio = median(times["plain JavaScript, Adam + SPD"]) / median(times["Adam + SPD, holds"]);
  console.log(`  plain JavaScript / ours: ${ratio.toFixed(1)}`);
  if (process.env.PYTHON) rival(shapes, median(times.AdamW), median(times["Adam + SPD, holds"]));
}

console.log(`\nEvery update rule with SPD, MiniLM; ms, median / min`);
for (const { name } of updateRules) {
  const random = (n, from) => Float32Array.from({ length: n }, () => Math.random() + from);
  const parameters = miniLm.map((shape, i) => {
    // Tables of words, positions and segments, and the classifier: all wide by 384 and no square or its fourfold.
    const isTable = shape.length === 2 && shape.some((n) => n % 384 !== 0);
    return { name: `p${i}`, shape, role: isTable ? "embedding" : "other", initial: random(sizeOf(shape), 0) };
  });
  const anchor = { rule: "spd", strength: 1, at: "init" };
  const optimizer = await createOptimizer({ parameters, update: { rule: name }, anchor });
  for (const g of optimizer.gradients.values()) g.set(random(g.length, -0.5));
  const times = [];
  // Muon's matrix products take seconds, so that three rounds say enough.
  for (let round = -1; round < (name === "muon" ? 3 : ROUNDS); round++) {
    const start = performance.now();
    optimizer.step({ lr: LR, guard: false });
    if (round >= 0) times.push(performance.now() - start);
  }
  print(name, times);
}

/** A run in its steady state. Gradients all point one way; the moments go with them (`along`) or against them. */
async function optimizer(shapes, anchor, along) {
  const parameters = shapes.map((shape, i) => {
    const initial = new Float32Array(sizeOf(shape)).fill(1);
    return { name: `p${i}`, shape, role: "other", initial };
  });
  const created = await createOptimizer({ parameters, update: { rule: "adam" }, anchor });
  for (const g of created.gradients.values()) g.fill(1e-3);
  for (const [key, data] of created.saveState().tensors) {
    if (key.startsWith("expAvg/")) data.fill(along ? 1e-3 : -1);
    if (key.startsWith("expAvgSq/")) data.fill(along ? 1e-6 : 1);
  }
  return created;
}

/** What one would write without a kernel. */
function naive(shapes) {
  const make = (value) => shapes.map((shape) => new Float32Array(sizeOf(shape)).fill(value));
  const [P, G, M, V, A] = [make(1), make(1e-3), make(1e-3), make(1e-6), make(1)];
  let t = 0;
  return () => {
    t++;
    const size = LR / (1 - 0.9 ** t);
    const correction = 1 / Math.sqrt(1 - 0.999 ** t);
    for (let k = 0; k < P.length; k++) {
      const [p, g, m, v, a] = [P[k], G[k], M[k], V[k], A[k]];
      let [gd, before, after] = [0, 0, 0];
      for (let i = 0; i < p.length; i++) {
        const d = p[i] - a[i];
        m[i] = 0.9 * m[i] + 0.1 * g[i];
        v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
        p[i] -= (size * m[i]) / (Math.sqrt(v[i]) * correction + 1e-8);
        gd += g[i] * d;
        before += d * d;
        after += (p[i] - a[i]) ** 2;
      }
      const [n, next] = [Math.sqrt(before), Math.sqrt(after)];
      if (gd > 0 && next > n) {
        const share = (next - n) / next;
        for (let i = 0; i < p.length; i++) p[i] -= share * (p[i] - a[i]);
      }
    }
  };
}

function rival(shapes, adamw, spd) {
  const script = fileURLToPath(new URL("./rivals/optimizer.py", import.meta.url));
  const input = JSON.stringify({ shapes, rounds: ROUNDS });
  const { status, stdout, stderr } = spawnSync(process.env.PYTHON, [script], { input, encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  for (const { name, times, own } of JSON.parse(stdout)) {
    print(name, times);
    const ours = own === "spd" ? spd : adamw;
    console.log(`    theirs / ours: ${(median(times) / ours).toFixed(2)}`);
  }
}

function print(name, times, bytes) {
  const speed = bytes === undefined ? "" : `  ${(bytes / median(times) / 1e6).toFixed(1)} GB/s`;
  console.log(`  ${name.padEnd(34)} ${median(times).toFixed(1)} / ${Math.min(...times).toFixed(1)}${speed}`);
}

function median(times) {
  const sorted = [...times].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function sizeOf(shape) {
  return shape.reduce((a, b) => a * b, 1);
}
