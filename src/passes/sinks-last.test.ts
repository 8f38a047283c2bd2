import { expect, it } from "vitest";
import { Graph } from "../onnx/graph.ts";
import { Node } from "../onnx/node.ts";
import { Value } from "../onnx/value.ts";
import { putSinksLast } from "./sinks-last.ts";

it("nodes that nobody reads come last, the latest first, and every value is still computed before it is read", () => {
  const graph = new Graph("backward");
  const x = new Value("x");
  const node = (name: string, ...inputs: Value[]) => {
    const made = new Node("Neg", inputs, 1, { name });
    graph.nodes.push(made);
    return made.output();
  };
  const ct2 = node("ct2", x);
  node("grad2", ct2);
  const ct1 = node("ct1", ct2);
  node("grad1", ct1);
  putSinksLast(graph);
  expect(graph.nodes.map((n) => n.name)).toEqual(["ct2", "ct1", "grad1", "grad2"]);
});
