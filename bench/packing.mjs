/**
 * Short texts packed into rows against the same texts filled up to a few lengths, and to one: the same model, data, seed and adapters,
 * steps in turns, so that whatever else the machine does slows all. What counts is tokens of texts a second, not what rows
 * are filled up with.
 *
 *     npm run build && node bench/packing.mjs --model .cache/commonsense/model --data examples/commonsense/data/train.json
 *
 * Other options: --batch 8 (rows of the packed side; the others have batches of --texts 16), --row 128, --steps 12, --threads 1.
 * Texts that are longer than a row are left out. The first step of a length opens its session and is in no figure.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parseConfig } from "../dist/config/parse.js";
import { nodeFiles } from "../dist/platform/node-files.js";
import { openRuntime } from "../dist/runtime/runtime.js";
import { prepareRun } from "../dist/training/prepare-run.js";

const { values: options } = parseArgs({
  options: {
    model: { type: "string" },
    data: { type: "string" },
    batch: { type: "string", default: "8" },
    texts: { type: "string", default: "16" },
    row: { type: "string", default: "128" },
    steps: { type: "string", default: "12" },
    threads: { type: "string", default: "1" },
  },
});
if (!options.model || !options.data) throw new Error("give --model and --data");
const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
const runtime = await openRuntime({ prefer: "native", threads: Number(options.threads) });

const speed = ({ tokens, ms }) => (1000 * tokens) / ms;

/** One of them, ready to step. */
async function prepare(name, batchSize, preprocess) {
  const config = parseConfig({
    ...{ task: "causal-lm", model: options.model, data: options.data, out: join(folder, name), seed: 1 },
    ...{ method: "lora", batchSize, preprocess, report: false, dataset: { onBroken: "skip" } },
  });
  const notes = [];
  const onEvent = (event) => event.kind === "note" && notes.push(event.text);
  const { sessions, optimizer, data } = await prepareRun(config, {
    files: nodeFiles,
    runtime,
    resume: false,
    onEvent,
  });
  const batches = data.train.from({ epoch: 0, batch: 0 });
  const opened = new Set();
  const { size } = data.train.dataset;
  const rate = { tokens: 0, filled: 0, ms: 0 };
  const step = async () => {
    const { value: batch } = await batches.next();
    const [rows, length] = [...batch.inputs.values()][0].dims;
    const begin = performance.now();
    await sessions.step(batch);
    optimizer.step({ lr: 1e-5 });
    const ms = performance.now() - begin;
    if (!opened.has(length)) {
      opened.add(length);
      return step();
    }
    const tokens = batch.indices.reduce((sum, i) => sum + (size(i) ?? length), 0);
    rate.tokens += tokens;
    rate.filled += rows * length;
    rate.ms += ms;
    return (1000 * tokens) / ms;
  };
  return { name, notes, rate, step };
}

try {
  const maxLength = Number(options.row);
  const texts = Number(options.texts);
  const packed = await prepare("packed", Number(options.batch), {
    packing: maxLength,
    maxLength,
    buckets: 1,
  });
  const rivals = [
    await prepare("a few lengths", texts, { maxLength }),
    await prepare("one length", texts, { maxLength, buckets: 1 }),
  ];
  const ratios = new Map(rivals.map((rival) => [rival, []]));
  for (let step = 0; step < Number(options.steps); step++) {
    const ours = await packed.step();
    for (const [rival, list] of ratios) list.push(ours / (await rival.step()));
  }
  for (const { name, rate, notes } of [packed, ...rivals]) {
    const share = Math.round((100 * rate.tokens) / rate.filled);
    console.log(`${name}: ${Math.round(speed(rate))} tokens/s; ${share} % of what is computed is text`);
    for (const note of notes.filter((text) => /packing|buckets/.test(text))) console.log(`  ${note}`);
  }
  for (const [rival, list] of ratios) {
    list.sort((a, b) => a - b);
    const at = (share) => list[Math.round(share * (list.length - 1))].toFixed(2);
    const whole = (speed(packed.rate) / speed(rival.rate)).toFixed(2);
    console.log(
      `packed / ${rival.name}: ${whole} (half of ${list.length} steps: ${at(0.25)} to ${at(0.75)})`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
