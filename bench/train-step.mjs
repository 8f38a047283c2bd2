/**
 * Time and memory of a whole training step (forward, backward, AdamW) against PyTorch's, on the same model and batch.
 *
 *     PYTHON=/path/to/python npm run bench                      bert-6x384, resnet-18, vit-s and mlp
 *     PYTHON=/path/to/python npm run bench -- --models vit-b --rounds 5 --threads 4
 *
 * Python needs torch, transformers and onnx. The two processes take turns step by step, so that whatever else the
 * machine does slows both. Before the first step their gradients are compared, tensor by tensor.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/** PyTorch's own float32 gradient of ResNet-18's first convolution is 1e-3 from its float64 one. */
const TOLERANCE = 5e-3;
const { values: options } = parseArgs({
  options: {
    models: { type: "string", default: "mlp,bert-6x384,resnet-18,vit-s" },
    rounds: { type: "string", default: "7" },
    threads: { type: "string", default: String(availableParallelism()) },
  },
});
const python = process.env.PYTHON;
if (!python) throw new Error("set PYTHON to an interpreter with torch, transformers and onnx");
const cache = fileURLToPath(new URL("../.cache/bench", import.meta.url));
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

console.log(`${options.threads} threads; ms per step, median / min of ${options.rounds}; peak resident MiB`);
console.log(
  "| model | ours: step (of it optimizer) | PyTorch | ours / PyTorch | ours MiB | PyTorch MiB | worst gradient error |",
);
console.log("|---|---|---|---|---|---|---|");
for (const name of options.models.split(",")) {
  if (!existsSync(`${cache}/${name}/parameters.json`)) exportModel(name);
  await bench(name);
}

function exportModel(name) {
  const { status, stderr } = spawnSync(python, [here("./rivals/export_models.py"), cache, name], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
}

async function bench(name) {
  const theirs = open(python, [here("./rivals/train_step.py"), cache, name, options.threads]);
  const ours = open(process.execPath, [here("./train-step/ours.mjs"), cache, name, options.threads]);
  const gradients = await theirs.ask({ do: "gradients" });
  const compared = await ours.ask({ ...gradients, do: "compare" });
  if (!(compared.error < TOLERANCE)) {
    throw new Error(
      `${name}: the gradient of "${compared.key}" differs by ${compared.error} of its largest element`,
    );
  }
  const rows = { ours: [], theirs: [] };
  // The first two rounds meet cold code and untouched pages.
  for (let round = -2; round < Number(options.rounds); round++) {
    const both = [await ours.ask({ do: "step" }), await theirs.ask({ do: "step" })];
    if (round < 0) continue;
    rows.ours.push(both[0]);
    rows.theirs.push(both[1]);
  }
  const memory = [await ours.ask({ do: "memory" }), await theirs.ask({ do: "memory" })];
  ours.close();
  theirs.close();
  const [a, b] = [summary(rows.ours), summary(rows.theirs)];
  const cells = [
    name,
    `${a.text} (${a.optimizer.toFixed(1)})`,
    `${b.text} (${b.optimizer.toFixed(1)})`,
    `${(a.median / b.median).toFixed(2)}; min ${(a.min / b.min).toFixed(2)}`,
    ...memory.map((m) => m.mib.toFixed(0)),
    `${compared.error.toExponential(0)} of ${compared.tensors} tensors`,
  ];
  console.log(`| ${cells.join(" | ")} |`);
}

/** A child that answers one line of JSON to each line of JSON. */
function open(command, args) {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`${command} ${args.join(" ")} ended early`);
      return JSON.parse(value);
    },
    close: () => child.stdin.end(),
  };
}

function summary(steps) {
  const totals = steps.map((s) => s.backward + s.optimizer).sort((x, y) => x - y);
  const optimizers = steps.map((s) => s.optimizer).sort((x, y) => x - y);
  const middle = totals.length >> 1;
  const [median, min] = [totals[middle], totals[0]];
  return { median, min, optimizer: optimizers[middle], text: `${digits(median)} / ${digits(min)}` };
}

function digits(ms) {
  return ms < 100 ? ms.toFixed(1) : ms.toFixed(0);
}
