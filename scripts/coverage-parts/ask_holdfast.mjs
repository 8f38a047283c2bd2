// Asks Holdfast for a gradient model: gradientModel of holdfast/autodiff, as it is built in dist/.
import { writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { gradientModel } from "../../dist/autodiff/index.js";
import { readNpz } from "../../dist/data/formats/npy.js";
import { createEvaluator, loadModel, nodeFiles, openRuntime } from "../../dist/index.js";
import { encodeModel } from "../../dist/onnx/index.js";

const runtime = await openRuntime({ prefer: "native", threads: 1 });
const evaluate = createEvaluator(runtime);

async function answer({ model: file, output, wrt, feeds }) {
  const model = await loadModel(file, nodeFiles);
  const given = await readNpz(nodeFiles, feeds);
  const inputShapes = new Map([...given].map(([name, tensor]) => [name, tensor.dims]));
  const gradient = await gradientModel(model, { inputShapes, evaluate, output, wrt });
  const derivative = file.replace(/\.onnx$/, ".holdfast.onnx");
  writeFileSync(derivative, encodeModel(gradient));
  const gradients = Object.fromEntries(wrt.map((name) => [name, `${name}_grad`]));
  return { derivative, cotangent: `${output}_cotangent`, gradients };
}

for await (const line of createInterface({ input: process.stdin })) {
  let reply;
  try {
    reply = await answer(JSON.parse(line));
  } catch (error) {
    reply = { why: `${error.name}: ${error.message}`.split("\n")[0].slice(0, 200) };
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
