// Compares Hessian–vector products of exported networks, by all of their weights, with differences of their gradients.
//
//   node scripts/hessian-check.mjs [--cases FOLDER] [--only REGEX]      after a build
//
// A case is a folder of scripts/goldens/make_conformance.py. Along a random direction t of all weights, of their own size, H t is
// set beside (∇L(w + h t) − ∇L(w − h t)) / 2h for falling h. Differences cross the kinks of Relu where h is large and drown in
// float32's rounding where it is small, so the smallest distance of all h counts: ‖difference‖ / ‖H t‖.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { hessianVectorModel } from "../dist/autodiff/index.js";
import { readNpz } from "../dist/data/formats/npy.js";
import { createEvaluator, loadModel, nodeFiles, openRuntime } from "../dist/index.js";
import { encodeModel } from "../dist/onnx/index.js";
import { createRandom, sizeOf, tensor } from "../dist/tensor/index.js";

const STEPS = [3e-3, 3e-4, 3e-5, 1e-5];
/** What float32 leaves of a difference at the best of these steps. */
const TOLERANCE = 0.02;

const { values: flags } = parseArgs({
  options: {
    cases: { type: "string", default: "../shared/conformance/cases" },
    only: { type: "string", default: "" },
  },
});
const runtime = await openRuntime({ prefer: "native", threads: 1 });
const evaluate = createEvaluator(runtime);
const distances = [];
for (const name of readdirSync(flags.cases).filter((n) => new RegExp(flags.only).test(n))) {
  const distance = await check(join(flags.cases, name));
  distances.push(distance);
  console.log(`${distance <= TOLERANCE ? "ok  " : "FAIL"} ${name.padEnd(30)} ${distance.toExponential(1)}`);
}
const passed = distances.filter((d) => d <= TOLERANCE).length;
console.log(`${passed} of ${distances.length} networks within ${TOLERANCE}`);
process.exitCode = passed === distances.length ? 0 : 1;

async function check(folder) {
  const { loss } = JSON.parse(readFileSync(join(folder, "meta.json"), "utf8"));
  const inputs = await readNpz(nodeFiles, join(folder, "inputs.npz"));
  const source = await loadModel(join(folder, "model.onnx"), nodeFiles);
  const hessian = await hessianVectorModel(source, {
    inputShapes: new Map([...inputs].map(([name, t]) => [name, t.dims])),
    evaluate,
    wrt: "weights",
    weights: "fed",
    output: loss.output ?? source.graph.outputs[0].name,
    loss: loss.kind === "cross_entropy" ? "cross-entropy" : "mse",
    lossOptions: { classAxis: loss.class_axis ?? -1, ignoreIndex: loss.ignore_index ?? -100 },
  });
  const session = await runtime.createSession(encodeModel(hessian));
  const { feeds, weights, tangents } = feedsOf(session, inputs, source);
  const at = (h) => session.run(new Map([...feeds, ...moved(weights, tangents, h)]));
  const here = await at(0);
  let least = Number.POSITIVE_INFINITY;
  for (const h of STEPS)
    least = Math.min(least, distance(here, await at(h), await at(-h), [...weights.keys()], h));
  await session.release();
  return least;
}

/** The inputs of a Hessian model: the case's own, any targets, the weights of the file, and a direction for each. */
function feedsOf(session, inputs, source) {
  const random = createRandom(3);
  const constants = [
    ...source.graph.initializers,
    ...source.graph.nodes.flatMap((n) => (n.opType === "Constant" ? n.outputs : [])),
  ];
  const stored = new Map(constants.filter((v) => v?.constant).map((v) => [v.name, v.constant]));
  const [feeds, weights, tangents] = [new Map(inputs), new Map(), new Map()];
  for (const { name, dims, dtype } of session.inputs) {
    if (name === "targets") feeds.set(name, targets(dtype, dims));
    else if (!inputs.has(name) && stored.has(name)) {
      const w = stored.get(name);
      const size = Math.sqrt(w.data.reduce((sum, x) => sum + x * x, 0) / w.data.length) || 0.02;
      weights.set(name, w);
      tangents.set(
        name,
        filled(w.dims, () => size * (2 * random.next() - 1)),
      );
      feeds.set(`${name}_tangent`, tangents.get(name));
    }
  }
  return {
    feeds: new Map([...feeds].filter(([n]) => session.inputs.some((i) => i.name === n))),
    weights,
    tangents,
  };
}

function targets(dtype, dims) {
  if (dtype !== "int64") return filled(dims, (i) => Math.sin(i));
  return tensor(
    "int64",
    dims,
    BigInt64Array.from({ length: sizeOf(dims) }, (_, i) => BigInt(i % 2)),
  );
}

function moved(weights, tangents, h) {
  return [...weights].map(([name, w]) => {
    const { data } = tangents.get(name);
    return [name, filled(w.dims, (i) => w.data[i] + h * data[i])];
  });
}

function filled(dims, at) {
  return tensor(
    "float32",
    dims,
    Float32Array.from({ length: sizeOf(dims) }, (_, i) => at(i)),
  );
}

function distance(here, up, down, names, h) {
  let [off, size] = [0, 0];
  for (const name of names) {
    const [product, ahead, behind] = [
      here.get(`${name}_hvp`),
      up.get(`${name}_grad`),
      down.get(`${name}_grad`),
    ];
    product.data.forEach((p, i) => {
      off += (p - (ahead.data[i] - behind.data[i]) / (2 * h)) ** 2;
      size += p * p;
    });
  }
  return Math.sqrt(off / size);
}
