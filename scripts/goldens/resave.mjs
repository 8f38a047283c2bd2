// Loads models and saves each in several ways, for scripts/goldens/onnx_saved.py, which runs the results in Python.
//
//     node scripts/goldens/resave.mjs OUT MODEL.onnx…     # after npm run build
//
// OUT/<n>/untouched: as loaded. rewritten: every float weight replaced by a copy of itself. spilled: weights in a file
// of their own. moved: external data laid out again, because one tensor grew.

import { dirname, join } from "node:path";
import { loadModel } from "../../dist/onnx/load.js";
import { allNodes } from "../../dist/onnx/model.js";
import { saveModel } from "../../dist/onnx/save.js";
import { Value } from "../../dist/onnx/value.js";
import { nodeFiles } from "../../dist/platform/node-files.js";

const [out, ...paths] = process.argv.slice(2);
for (const [n, path] of paths.entries()) {
  const save = async (name, change, options) => {
    const model = await loadModel(path, nodeFiles);
    change(model.graph);
    await saveModel(model, join(out, String(n), name, "model.onnx"), nodeFiles, options);
  };
  await save("untouched", () => {});
  await save("rewritten", copyWeights);
  await save("spilled", copyWeights, { maxInlineBytes: 0 });
  const { external } = await loadModel(path, nodeFiles);
  if (external) await save("moved", growOne);
  console.log(`${n} ${dirname(path)}`);
}

function copyWeights(graph) {
  for (const value of graph.initializers) {
    const { dtype, dims, data } = value.constant;
    if (dtype !== "string") value.constant = { dtype, dims, data: data.slice() };
  }
  for (const node of allNodes(graph)) node.origin = null;
}

// A vector that no node reads may have any length; it takes the place of the first tensor that lies outside.
function growOne(graph) {
  const first = graph.initializers.find((v) => v.stored?.proto.externalData.length > 0);
  const extra = new Value("unread");
  extra.constant = { dtype: "float32", dims: [5000], data: new Float32Array(5000) };
  extra.stored = first.stored;
  graph.initializers.unshift(extra);
}
