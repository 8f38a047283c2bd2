/**
 * Training on texts that are filled up to lengths chosen from the data, against one length for all batches: the same
 * model, data, seed and batch size, steps in turns, so that whatever else the machine does slows both.
 *
 *     npm run build && node bench/buckets.mjs --model examples/sentiment/cache/minilm --data examples/sentiment/cache/data/amazon
 *
 * Other options: --batch 16, --steps 24, --threads 1, and --shift name=path as for a run. The first step of a length opens
 * its session; it is reported by itself and in no ratio. Memory is the most that a process of one of the two
 * holds (Linux), without the copies that judging and the best model so far would add.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { parseConfig } from "../dist/config/parse.js";
import { nodeFiles } from "../dist/platform/node-files.js";
import { openRuntime } from "../dist/runtime/runtime.js";
import { prepareRun } from "../dist/training/prepare-run.js";

const { values: options } = parseArgs({
  options: {
    model: { type: "string" },
    data: { type: "string" },
    shift: { type: "string", multiple: true, default: [] },
    batch: { type: "string", default: "16" },
    steps: { type: "string", default: "24" },
    threads: { type: "string", default: "1" },
    only: { type: "string" },
  },
});
if (!options.model || !options.data) throw new Error("give --model and --data");
const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
const runtime = await openRuntime({ prefer: "native", threads: Number(options.threads) });

/** One of the two, ready to step. */
async function prepare(name, preprocess) {
  const start = performance.now();
  const config = parseConfig({
    model: options.model,
    data: options.data,
    shifts: Object.fromEntries(options.shift.map((text) => text.split(/=(.*)/s).slice(0, 2))),
    out: join(folder, name),
    batchSize: Number(options.batch),
    seed: 1,
    preprocess,
    report: false,
  });
  const run = await prepareRun(config, {
    files: nodeFiles,
    runtime,
    resume: false,
    onEvent: () => undefined,
  });
  const { sessions, optimizer, data } = run;
  const batches = data.train.from({ epoch: 0, batch: 0 });
  const opened = new Set();
  const side = { name, data, steps: [], opening: 0, prepared: (performance.now() - start) / 1000 };
  return {
    ...side,
    async step() {
      const { value: batch } = await batches.next();
      const length = [...batch.inputs.values()][0].dims[1];
      const begin = performance.now();
      await sessions.step(batch);
      optimizer.step({ lr: 1e-5 });
      const ms = performance.now() - begin;
      const isFirst = !opened.has(length);
      opened.add(length);
      return { length, ms, isFirst };
    },
    /** A step on the first batch of every length. */
    async visit() {
      for await (const batch of data.train.epoch(0)) {
        const length = [...batch.inputs.values()][0].dims[1];
        if (opened.has(length)) continue;
        opened.add(length);
        await sessions.step(batch);
        optimizer.step({ lr: 1e-5 });
      }
    },
    /** Seconds for the validation set, from its first batches; all go by once before, which opens the sessions. */
    async evaluate() {
      const { loader } = data.sets[0];
      const count = Math.min(loader.batchesPerEpoch, Number(options.steps));
      let begin = 0;
      for (const isMeasured of [false, true]) {
        begin = performance.now();
        let seen = 0;
        for await (const batch of loader.epoch(0)) {
          await sessions.predict(batch);
          if (++seen === count) break;
        }
        if (isMeasured) break;
      }
      return ((performance.now() - begin) / 1000 / count) * loader.batchesPerEpoch;
    },
  };
}

const kinds = { "chosen lengths": {}, "one length": { buckets: 1 } };
try {
  if (options.only) await measureMemory(options.only);
  else await measureTime();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function measureMemory(name) {
  const side = await prepare(name, kinds[name]);
  await side.visit();
  // Not resourceUsage: its maximum begins with what the parent held when it forked.
  console.log(Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) / 1024);
}

async function measureTime() {
  const sides = [];
  for (const [name, preprocess] of Object.entries(kinds)) sides.push(await prepare(name, preprocess));
  const [chosen, one] = sides;
  const ours = { chosen: [], one: [], opening: 0, lengths: new Map() };
  // One batch goes by unmeasured on each side: it meets cold code and untouched pages.
  for (const side of sides) await side.step();
  for (let step = 0; step < Number(options.steps); step++) {
    const a = await chosen.step();
    const b = await one.step();
    if (a.isFirst) ours.opening += a.ms / 1000;
    else ours.chosen.push(a.ms);
    ours.one.push(b.ms);
    ours.lengths.set(a.length, (ours.lengths.get(a.length) ?? 0) + 1);
  }
  const perEpoch = chosen.data.train.batchesPerEpoch;
  const memory = Object.keys(kinds).map((name) =>
    Number(
      execFileSync(process.execPath, [
        fileURLToPath(import.meta.url),
        ...process.argv.slice(2),
        "--only",
        name,
      ]),
    ),
  );
  const [mean, meanOne] = [ours.chosen, ours.one].map(average);
  const quarters = Array.from(
    { length: 4 },
    (_, q) => average(quarter(ours.one, q)) / average(quarter(ours.chosen, q)),
  );
  console.log(
    `${options.threads} thread, batches of ${options.batch}, ${options.steps} steps each in turns; ${chosen.data.notes.find((note) => note.includes("filled up"))}`,
  );
  console.log(
    "| | ms per step | steps/s | epoch, s | validation, s | most memory, MiB |\n|---|---|---|---|---|---|",
  );
  for (const [i, [side, ms]] of [
    [chosen, mean],
    [one, meanOne],
  ].entries())
    console.log(
      `| ${side.name} | ${ms.toFixed(0)} | ${(1000 / ms).toFixed(2)} | ${((perEpoch * ms) / 1000).toFixed(0)} | ${(await side.evaluate()).toFixed(1)} | ${memory[i].toFixed(0)} |`,
    );
  console.log(
    `one length takes ${(meanOne / mean).toFixed(2)} times as long; by quarters of the steps ${Math.min(...quarters).toFixed(2)} to ${Math.max(...quarters).toFixed(2)}. ` +
      `Opening the other sessions: ${ours.opening.toFixed(1)} s, once. Steps by length: ${[...ours.lengths].map(([l, n]) => `${l}: ${n}`).join(", ")}.`,
  );
}

function quarter(list, q) {
  return list.slice(Math.floor((q * list.length) / 4), Math.floor(((q + 1) * list.length) / 4));
}

function average(list) {
  return list.reduce((a, b) => a + b, 0) / list.length;
}
