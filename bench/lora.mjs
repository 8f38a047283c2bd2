/**
 * LoRA on LLaMA-shaped language models with random weights in external data: time and memory of a training step, with
 * PyTorch and PEFT on the same shape in the same run.
 *
 *     npm run build && PYTHON=… node bench/lora.mjs [--sizes 0.5b,1.1b] [--length 256] [--rows 1] [--rank 8] [--steps 3] [--threads 2]
 *
 * PYTHON has numpy and onnx; with torch, transformers and peft, the rival runs too. Writes 2 to 5 GB into .cache/lora and
 * deletes them unless --keep is given.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values: flags } = parseArgs({
  options: {
    sizes: { type: "string", default: "0.5b,1.1b" },
    length: { type: "string", default: "256" },
    rows: { type: "string", default: "1" },
    rank: { type: "string", default: "8" },
    steps: { type: "string", default: "3" },
    threads: { type: "string", default: String(availableParallelism()) },
    keep: { type: "boolean", default: false },
  },
});
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const python = process.env.PYTHON ?? "python3";
const run = (program, ...args) =>
  execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
const last = (text) => JSON.parse(text.trim().split("\n").at(-1));
const settings = [flags.rows, flags.length, flags.rank, flags.steps, flags.threads];
const middle = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

console.log(
  `| model | trained | who | ready s | step s (least … most) | peak GB |\n|---|---|---|---|---|---|`,
);
for (const size of flags.sizes.split(",")) {
  const folder = here(`../.cache/lora/${size}`);
  if (!existsSync(`${folder}/shape.json`))
    process.stderr.write(run(python, here("lora/write_llama.py"), folder, "--size", size));
  const { parameters, vocabulary } = JSON.parse(readFileSync(`${folder}/shape.json`, "utf8"));
  const rows = [
    ["holdfast", last(run(process.execPath, here("lora/step.mjs"), folder, ...settings, String(vocabulary)))],
  ];
  try {
    rows.push(["PyTorch + PEFT", last(run(python, here("lora/torch_lora.py"), folder, ...settings))]);
  } catch {
    process.stderr.write("PyTorch, Transformers and PEFT did not run; see above\n");
  }
  for (const [who, { ready, seconds, trained, peakBytes }] of rows) {
    const rest = seconds.slice(1); // the first step allocates
    const range = `${middle(rest).toFixed(1)} (${Math.min(...rest).toFixed(1)} … ${Math.max(...rest).toFixed(1)})`;
    const name = `${(parameters / 1e6).toFixed(0)} M`;
    console.log(
      `| ${name} | ${(trained / 1e6).toFixed(2)} M | ${who} | ${ready.toFixed(0)} | ${range} | ${(peakBytes / 2 ** 30).toFixed(1)} |`,
    );
  }
  if (rows.length > 1) {
    const [ours, theirs] = rows.map(([, r]) => middle(r.seconds.slice(1)));
    const [a, b] = rows.map(([, r]) => r.peakBytes);
    console.log(`| | | ratio | | ${(ours / theirs).toFixed(2)} | ${(a / b).toFixed(2)} |`);
  }
  if (!flags.keep) rmSync(folder, { recursive: true, force: true });
}
