/**
 * `holdfast predict` on a folder of JPEGs against a Python script (Pillow and onnxruntime), whole commands.
 *
 *     npm run build && PYTHON=/path/to/python node bench/predict.mjs
 *     PYTHON=… node bench/predict.mjs --models resnet-18 --images 300 --rounds 5 --threads 1
 *
 * Python needs torch, transformers, onnx and Pillow for the models and images, onnxruntime and Pillow for the race. The
 * commands take turns, so that whatever else the machine does slows all. What they say is compared before.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({
  options: {
    models: { type: "string", default: "mobilenet-v2,resnet-18" },
    images: { type: "string", default: "300" },
    rounds: { type: "string", default: "5" },
    threads: { type: "string", default: String(availableParallelism()) },
  },
});
const python = process.env.PYTHON;
if (!python) throw new Error("set PYTHON to an interpreter with Pillow and onnxruntime");
const { threads } = options;
const count = Number(options.images);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const cache = here("../.cache/bench");
const photos = `${cache}/photos-${count}`;

if (!existsSync(photos)) run([python, here("./rivals/make_photos.py"), photos, String(count)]);
console.log(`${readdirSync(photos).length} JPEGs of 640x480, ${threads} threads, ${options.rounds} rounds`);
console.log(
  "| model | who | images/s, median (least … most) | processor time, ms an image | first probability from ours, at most |",
);
console.log("|---|---|---|---|---|");
for (const name of options.models.split(",")) {
  const model = `${cache}/${name}/model.onnx`;
  if (!existsSync(model)) run([python, here("./rivals/export_models.py"), cache, name]);
  race(name, model);
}

function race(name, model) {
  const ours = [
    process.execPath,
    here("../dist/cli/main.js"),
    "predict",
    model,
    photos,
    "--threads",
    threads,
  ];
  const theirs = (decoders) => [
    python,
    here("./rivals/predict.py"),
    model,
    photos,
    threads,
    String(decoders),
  ];
  const runners = [
    { who: "holdfast predict", command: ours, times: [] },
    { who: "Python, one thread beside the model's", command: theirs(0), times: [] },
    { who: `Python, decoding on ${threads} threads ahead`, command: theirs(Number(threads)), times: [] },
  ];
  // The first round warms the page cache, and is where the answers are compared.
  const answers = runners.map(({ command }) => firstAnswers(run(command).output));
  for (let round = 0; round < Number(options.rounds); round++)
    for (const runner of runners) runner.times.push(run(runner.command));
  for (const [i, { who, times }] of runners.entries()) {
    const rates = times.map(({ wall }) => count / wall).sort((a, b) => a - b);
    const processor = median(times.map((t) => (1000 * t.processor) / count));
    const cells = [name, who, spread(rates), processor.toFixed(1), farthest(answers[i], answers[0])];
    console.log(`| ${cells.join(" | ")} |`);
  }
  for (const [i, what] of [
    [1, "one thread"],
    [2, "threads"],
  ]) {
    const ratios = runners[i].times.map(({ wall }, round) => wall / runners[0].times[round].wall);
    const processor = runners[i].times.map((t, round) => t.processor / runners[0].times[round].processor);
    console.log(
      `| | ours / Python, ${what} | ${spread(
        ratios.sort((a, b) => a - b),
        2,
      )} | ${median(processor).toFixed(2)} times | |`,
    );
  }
}

/** A command's output, and its seconds of wall clock and of processor. */
function run(command) {
  const timed = ["-c", 'TIMEFORMAT="%R %U %S"; time "$@"', "bash", ...command];
  const { status, stdout, stderr } = spawnSync("bash", timed, {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    env: { ...process.env, LC_ALL: "C" },
  });
  if (status !== 0) throw new Error(stderr);
  const [wall, user, system] = stderr.trim().split("\n").at(-1).split(" ").map(Number);
  return { output: stdout, wall, processor: user + system };
}

/** Path of each input, with its first class and probability. */
function firstAnswers(csv) {
  const rows = csv
    .trim()
    .split("\n")
    .map((line) => line.split(","));
  return new Map(rows.filter(([, , p]) => Number(p) >= 0).map(([input, c, p]) => [input, [c, Number(p)]]));
}

/** The largest relative difference of a first probability; a difference of classes is an error. */
function farthest(answers, ours) {
  const apart = [...ours].map(([input, [c, p]]) => {
    const [otherClass, q] = answers.get(input) ?? [];
    if (otherClass !== c) throw new Error(`${input}: ours says ${c}, Python ${otherClass}`);
    return Math.abs(p - q) / p;
  });
  return `${(100 * Math.max(...apart)).toFixed(1)} %`;
}

function spread(sorted, digits = 1) {
  const [least, most] = [sorted[0], sorted.at(-1)];
  return `${median(sorted).toFixed(digits)} (${least.toFixed(digits)} … ${most.toFixed(digits)})`;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
