// Takes one model through load, save, inspect and artifacts, and compares sampled derivatives of the training model with
// finite differences of the evaluation model.
//
//     node scripts/real-models/check-file.mjs MODEL [SETTINGS as JSON] [--python PYTHON]
//
// Prints a line of JSON.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { logitsOf } from "../../dist/heads/find-head.js";
import { loadModel } from "../../dist/onnx/load.js";
import { opsetOf } from "../../dist/onnx/model.js";
import { saveModel } from "../../dist/onnx/save.js";
import { fixInputs } from "../../dist/passes/fix-inputs.js";
import { createMemoryFiles } from "../../dist/platform/memory-files.js";
import { nodeFiles } from "../../dist/platform/node-files.js";
import { openRuntime } from "../../dist/runtime/runtime.js";
import { inFloat32, narrowed } from "../../dist/tensor/half-tensor.js";
import { createRandom } from "../../dist/tensor/random.js";
import { decodeSafetensors, encodeSafetensors } from "../../dist/tensor/safetensors.js";
import { writeArtifacts } from "../../dist/training/artifacts.js";
import { fedInputs } from "../../dist/training/input-shapes.js";
import { inspectModel } from "../../dist/training/inspect.js";
import { sampleInputs, sampleTargets } from "./samples.mjs";

const SEED = 20;

async function checkFile(path, settings, { folder, python }) {
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const model = await loadModel(path, nodeFiles);
  const facts = {
    bytes: statSync(path).size,
    opset: opsetOf(model),
    producer: `${model.producerName} ${model.producerVersion}`.trim(),
    nodes: model.graph.nodes.length,
    saved: await savesTheSame(model, path),
  };
  const runtime = await openRuntime({ prefer: "native", threads: 1 });
  const random = createRandom(SEED);
  const sizes = new Map(Object.entries(settings.dims ?? {}));
  fixInputs(model, new Map(Object.entries(settings.fixed ?? {})), sizes);
  const fixed = model.graph.inputs.filter((v) => v.constant !== null).map((v) => [v.name, v.constant]);
  const inputs = sampleInputs(fedInputs(model), settings, random);
  const inputShapes = new Map([...inputs].map(([name, tensor]) => [name, tensor.dims]));
  const inspection = await inspectModel(model, { runtime, inputShapes });
  Object.assign(facts, { nodes: inspection.summary.nodes, problem: inspection.problem });
  // The loss reads logits: the sigmoid of noise lies so near 0 that float32 has no digits for its derivative.
  const { logits } = logitsOf(
    model.graph.outputs.find((v) => !settings.output || v.name === settings.output),
  );
  if (!model.graph.outputs.includes(logits)) model.graph.outputs.push(logits);
  const output = logits.name;
  const whole = join(folder, "model.onnx");
  await saveModel(model, whole, nodeFiles);
  const { graph } = await writeArtifacts(model, {
    files: nodeFiles,
    runtime,
    out: folder,
    inputShapes,
    loss: "mse",
    logits: output,
    trainable: settings.trainable ?? "all",
  });
  const built = seconds();
  const weights = decodeSafetensors(
    readFileSync(join(folder, "checkpoint.safetensors")),
    "checkpoint",
  ).tensors;
  const given = await run(runtime, whole, new Map([...inputs, ...fixed]), [output], "disabled");
  const targets = sampleTargets(given.get(output), random);
  const feeds = new Map([...inputs, ["targets", targets], ...weights]);
  const names = graph.parameters.map((p) => `${p.name}_grad`);
  const got = await run(runtime, join(folder, "training_model.onnx"), feeds, [output, "loss", ...names]);
  const gradients = new Map(graph.parameters.map((p) => [p.name, got.get(`${p.name}_grad`)]));
  for (const [name, { data }] of gradients)
    if (!data.every(Number.isFinite)) throw new Error(`the gradient of "${name}" is not finite`);
  writeFileSync(join(folder, "feeds.safetensors"), encodeSafetensors(feeds));
  writeFileSync(join(folder, "gradients.safetensors"), encodeSafetensors(gradients));
  const differences = spawnSync(python, [join(import.meta.dirname, "differences.py"), folder], {
    encoding: "utf8",
  });
  if (differences.status !== 0) throw new Error(`differences.py: ${lastLine(differences.stderr)}`);
  return {
    ...facts,
    weights: graph.parameters.length,
    elements: graph.parameters.reduce((sum, p) => sum + p.type.dims.reduce((a, b) => a * b, 1), 0),
    unreachable: graph.unreachable.length,
    forward: largestDifference(given.get(output).data, got.get(output).data),
    ...JSON.parse(lastLine(differences.stdout)),
    built,
    seconds: seconds(),
  };
}

/** Outputs of a model as float32. */
async function run(runtime, path, feeds, outputs, optimization = "all") {
  const session = await runtime.createSession({ path }, { name: path, optimization });
  const wanted = new Map(session.inputs.map(({ name, dtype }) => [name, narrowed(feeds.get(name), dtype)]));
  const results = await session.run(wanted, { outputs });
  await session.release();
  return new Map([...results].map(([name, t]) => [name, inFloat32(t)]));
}

function lastLine(text) {
  return text.trim().split("\n").at(-1);
}

/** Relative to the largest finite value; equal infinities do not differ. */
function largestDifference(want, got) {
  const scale = want.reduce((m, v) => (Number.isFinite(v) ? Math.max(m, Math.abs(v)) : m), 0) || 1;
  return want.reduce((m, v, i) => Math.max(m, v === got[i] ? 0 : Math.abs(v - got[i])), 0) / scale;
}

/** Whether saving an untouched model gives the bytes that were read. */
async function savesTheSame(model, path) {
  const files = createMemoryFiles();
  await saveModel(model, "copy.onnx", files);
  return Buffer.from(await files.read("copy.onnx")).equals(readFileSync(path));
}

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { python: { type: "string", default: process.env.PYTHON ?? "python3" } },
});
const [path, settings = "{}"] = positionals;
const folder = mkdtempSync(join(tmpdir(), "real-model-"));
try {
  console.log(JSON.stringify(await checkFile(path, JSON.parse(settings), { folder, python: flags.python })));
} catch (error) {
  console.log(JSON.stringify({ error: `${error.name}: ${error.message}` }));
} finally {
  rmSync(folder, { recursive: true });
}
