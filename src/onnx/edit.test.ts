import { expect, test } from "vitest";
import { modelOf } from "../../test/support/graph-of.ts";
import { openRuntime } from "../runtime/runtime.ts";
import { createRandom } from "../tensor/random.ts";
import { sizeOf } from "../tensor/shape.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { decodeModel } from "./decode.ts";
import {
  checkOrder,
  cutAt,
  removeDead,
  removeNode,
  renameValue,
  replaceAllUses,
  valueNamed,
} from "./edit.ts";
import { encodeModel } from "./encode.ts";
import { Graph } from "./graph.ts";
import type { Model } from "./model.ts";
import { Node } from "./node.ts";
import { Value } from "./value.ts";

/** y = relu(x · w + b), and aside = x · other, which needs an input and a weight of its own. */
function smallModel(): Model {
  const graph = new Graph("small");
  const x = new Value("x");
  x.declared = { dtype: "float32", dims: ["batch", 4] };
  const extra = new Value("extra");
  extra.declared = { dtype: "float32", dims: [3] };
  graph.inputs = [x, extra];
  const weight = (name: string, dims: readonly number[], seed: number) => {
    const value = new Value(name);
    value.constant = random(dims, seed);
    graph.initializers.push(value);
    return value;
  };
  const multiply = new Node("MatMul", [x, weight("w", [4, 3], 1)], [new Value("xw")], { name: "fc" });
  const add = new Node("Add", [multiply.output(), weight("b", [3], 2)], [new Value("sum")]);
  const relu = new Node("Relu", [add.output()], [new Value("y")]);
  const aside = new Node("Add", [extra, weight("other", [3], 3)], [new Value("aside")]);
  graph.nodes = [multiply, add, relu, aside];
  graph.outputs = [relu.output(), aside.output()];
  for (const output of graph.outputs) output.declared = { dtype: "float32", dims: null };
  return modelOf(graph, 17);
}

function random(dims: readonly number[], seed: number): Tensor<"float32"> {
  const generator = createRandom(seed);
  return tensor(
    "float32",
    dims,
    Float32Array.from({ length: sizeOf(dims) }, () => generator.next() - 0.5),
  );
}

async function run(model: Model): Promise<Map<string, Tensor>> {
  const runtime = await openRuntime({ prefer: "native", threads: 1 });
  const session = await runtime.createSession(encodeModel(model));
  const feeds = new Map<string, Tensor>([
    ["x", random([2, 4], 7)],
    ["extra", random([3], 8)],
  ]);
  for (const name of [...feeds.keys()]) if (!session.inputs.some((i) => i.name === name)) feeds.delete(name);
  const results = await session.run(feeds);
  await session.release();
  return results;
}

test("a graph cut at an inner value runs, gives what that value was, and needs no input of what is gone", async () => {
  const whole = smallModel();
  const inner = valueNamed(whole.graph, "sum");
  inner.declared = { dtype: "float32", dims: null };
  whole.graph.outputs.push(inner);
  const expected = (await run(whole)).get("sum");

  const model = decodeModel(encodeModel(smallModel()));
  const sum = valueNamed(model.graph, "sum");
  sum.declared = { dtype: "float32", dims: null };
  const removed = cutAt(model.graph, [sum]);
  expect(removed.nodes.map((n) => n.opType)).toEqual(["Relu", "Add"]);
  expect(removed.inputs.map((v) => v.name)).toEqual(["extra"]);
  expect(removed.initializers.map((v) => v.name)).toEqual(["other"]);
  expect(sum.uses.size).toBe(0);
  renameValue(model.graph, sum, "features");
  checkOrder(model.graph);
  const results = await run(model);
  expect([...results.keys()]).toEqual(["features"]);
  expect(results.get("features")?.data).toEqual(expected?.data);
});

test("readers of a value, in subgraphs too, and outputs take another one instead", () => {
  const { graph } = smallModel();
  const xw = valueNamed(graph, "xw");
  const inSubgraph = new Graph("body");
  const inner = new Node("Neg", [xw], [new Value("inner")]);
  inSubgraph.nodes = [inner];
  inSubgraph.outputs = [xw];
  const branch = new Node("If", [valueNamed(graph, "x")], [new Value("branched")]);
  branch.attributes.set("then_branch", { kind: "graph", value: inSubgraph });
  graph.nodes.push(branch);
  graph.outputs = [xw];
  const by = new Value("by");
  replaceAllUses(graph, xw, by);
  expect(xw.uses.size).toBe(0);
  expect([...by.uses].map((u) => u.node.opType)).toEqual(["Add", "Neg"]);
  expect(inSubgraph.outputs).toEqual([by]);
  expect(graph.outputs).toEqual([by]);
});

test("what only a subgraph reads is alive, and dies with the node that holds it", () => {
  const { graph } = smallModel();
  const body = new Graph("body");
  body.nodes = [new Node("Neg", [valueNamed(graph, "xw")], [new Value("inner")])];
  body.outputs = [body.nodes[0]!.output()];
  const branch = new Node("If", [valueNamed(graph, "extra")], [new Value("branched")]);
  branch.attributes.set("then_branch", { kind: "graph", value: body });
  graph.nodes.push(branch);
  graph.outputs = [branch.output()];
  removeDead(graph);
  expect(graph.nodes.map((n) => n.opType)).toEqual(["MatMul", "If"]);
  const xw = valueNamed(graph, "xw");
  graph.outputs = [];
  removeDead(graph);
  expect([graph.nodes, graph.inputs, graph.initializers]).toEqual([[], [], []]);
  expect(xw.uses.size).toBe(0);
});

test("a node is removed only when nothing reads it", () => {
  const { graph } = smallModel();
  const [multiply, , relu] = graph.nodes;
  expect(() => removeNode(graph, multiply!)).toThrow(
    'MatMul "fc": cannot be removed: its output "xw" is still read',
  );
  expect(() => removeNode(graph, relu!)).toThrow('output "y" is still read');
  graph.outputs = graph.outputs.slice(1);
  removeNode(graph, relu!);
  expect(graph.nodes).toHaveLength(3);
  expect(valueNamed(graph, "sum").uses.size).toBe(0);
});

test("a name that is not there is answered with similar ones, a taken one is refused", () => {
  const { graph } = smallModel();
  expect(() => valueNamed(graph, "Su")).toThrow("similar ones: sum");
  expect(() => valueNamed(graph, "logits")).toThrow("its outputs are: y, aside");
  expect(() => renameValue(graph, valueNamed(graph, "sum"), "y")).toThrow('"y" exists already');
});

test("a graph out of order and an output of nowhere are named", () => {
  const { graph } = smallModel();
  graph.nodes.reverse();
  expect(() => checkOrder(graph)).toThrow('Relu "y": reads "sum" before it is computed');
  graph.nodes.reverse();
  graph.outputs.push(new Value("nowhere"));
  expect(() => checkOrder(graph)).toThrow('no node computes its output "nowhere"');
});

test("of two inner values with one name the later is renamed in the file; two outputs with one name are refused", async () => {
  const model = smallModel();
  const expected = (await run(model)).get("y");
  valueNamed(model.graph, "xw").name = "sum";
  expect((await run(model)).get("y")?.data).toEqual(expected?.data);
  valueNamed(model.graph, "aside").name = "y";
  expect(() => encodeModel(model)).toThrow('named "y"; rename one of them');
});
