import { expect, test } from "vitest";
import { floatToHalf } from "../tensor/half.ts";
import { int64s, scalar, type Tensor, tensor } from "../tensor/tensor.ts";
import { float } from "./attribute.ts";
import { Graph } from "./graph.ts";
import { Node, type NodeInit } from "./node.ts";
import { printGraph } from "./print-graph.ts";
import { Value } from "./value.ts";

function stored(graph: Graph, name: string, constant: Tensor): Value {
  const value = new Value(name, { dtype: constant.dtype, dims: constant.dims });
  value.constant = constant;
  graph.initializers.push(value);
  return value;
}

function add(
  graph: Graph,
  opType: string,
  inputs: (Value | null)[],
  name: string,
  init: NodeInit = {},
): Value {
  const node = new Node(opType, inputs, [new Value(name)], init);
  graph.nodes.push(node);
  return node.output();
}

function sample(): Graph {
  const graph = new Graph("block");
  const x = new Value("x");
  x.declared = { dtype: "float32", dims: ["batch", null, 4] };
  graph.inputs.push(x);
  const weight = tensor(
    "float32",
    [4, 3],
    Float32Array.from({ length: 12 }, (_, i) => i / 7),
  );
  const product = add(graph, "MatMul", [x, stored(graph, "w", weight)], "xw", { name: "/fc/MatMul" });
  product.type = { dtype: "float32", dims: [2, 5, 3] };
  const half = add(graph, "Mul", [product, stored(graph, "", scalar("float32", 0.5))], "");
  const padded = add(graph, "Pad", [half, stored(graph, "", int64s([0, 1])), null, int64(graph)], "", {
    attributes: { mode: "constant" },
  });
  const fused = add(graph, "Gelu", [padded], "fused", {
    domain: "com.microsoft",
    attributes: {
      alpha: float(1),
      axes: [1, -1],
      shape: tensor("float16", [1], Uint16Array.of(floatToHalf(1.5))),
    },
  });
  const body = new Graph("then");
  body.outputs = [add(body, "Neg", [fused], "inner")];
  const branch = new Node("If", [stored(graph, "flag", tensor("bool", [], Uint8Array.of(1)))], 2);
  branch.attributes.set("then_branch", { kind: "graph", value: body });
  graph.nodes.push(branch);
  graph.outputs = [branch.output(0), new Value("two words")];
  return graph;
}

function int64(graph: Graph): Value {
  return stored(graph, "axes", int64s([2, 3, 4, 5, 6, 7, 8, 9]));
}

test("a graph is printed with types, shortened constants and attributes, in columns", () => {
  expect(printGraph(sample())).toMatchInlineSnapshot(`
    "block(x: float32[batch, ?, 4])
      w       float32[4, 3]     = {0, 0.142857, 0.285714, 0.428571, 0.571429, 0.714286, …}
      axes    int64[8]          = {2, 3, 4, 5, 6, 7, …}
      flag    bool[]            = true
      xw      float32[2, 5, 3]  = MatMul(x, w)
      %0                        = Mul(xw, float32 0.5)
      %1                        = Pad(%0, int64 {0, 1}, _, axes) mode="constant"
      fused                     = com.microsoft.Gelu(%1) alpha=1.0 axes=[1, -1] shape=float16[1] {1.5}
      %2, %3                    = If(flag)
        then_branch:
          then()
            inner  = Neg(fused)
            return inner
      return %2, "two words"
    "
  `);
});

test("the same graph is printed the same, and node names come on request", () => {
  expect(printGraph(sample())).toBe(printGraph(sample()));
  expect(printGraph(sample(), { nodeNames: true })).toContain("= MatMul(x, w)  # /fc/MatMul\n");
});

test("names cannot break lines or reach the terminal", () => {
  const graph = new Graph("\u001b[31mred\n");
  graph.outputs = [add(graph, "Neg", [new Value("a,b\n")], "\u009b\u202e")];
  expect(printGraph(graph)).toBe(
    '"\\u001b[31mred\\n"()\n  "\\u009b\\u202e"  = Neg("a,b\\n")\n  return "\\u009b\\u202e"\n',
  );
});
