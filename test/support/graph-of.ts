import { type AttributeInit, type AttributeValue, toAttribute } from "../../src/onnx/attribute.ts";
import { Graph } from "../../src/onnx/graph.ts";
import type { Model } from "../../src/onnx/model.ts";
import { Node } from "../../src/onnx/node.ts";
import type { DeclaredType } from "../../src/onnx/type.ts";
import { Value } from "../../src/onnx/value.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

/** A node by the names of its values; "" is an omitted one. */
export type NodeText = readonly [
  opType: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes?: Readonly<Record<string, AttributeInit | GraphText>>,
];

export interface GraphText {
  /** null: no tensor, or of a type that is inferred. */
  readonly inputs?: Readonly<Record<string, DeclaredType | null>>;
  readonly constants?: Readonly<Record<string, Tensor>>;
  readonly nodes: readonly NodeText[];
  readonly outputs: readonly string[];
  /** Types that the graph states of its outputs. */
  readonly declared?: Readonly<Record<string, DeclaredType>>;
}

/** A graph built by name. Names that it does not define are looked up in `outer`, the values of the graphs around it. */
export function graphOf(text: GraphText, outer: ReadonlyMap<string, Value> = new Map()): Graph {
  const graph = new Graph("graph");
  const own = new Map<string, Value>();
  const define = (name: string): Value => {
    const value = new Value(name);
    own.set(name, value);
    return value;
  };
  const find = (name: string): Value => {
    const value = own.get(name) ?? outer.get(name);
    if (!value) throw new Error(`no value is named "${name}"`);
    return value;
  };
  for (const [name, type] of Object.entries(text.inputs ?? {})) {
    const value = define(name);
    value.declared = type;
    graph.inputs.push(value);
  }
  for (const [name, constant] of Object.entries(text.constants ?? {})) {
    const value = define(name);
    value.constant = constant;
    value.type = { dtype: constant.dtype, dims: constant.dims };
    graph.initializers.push(value);
  }
  for (const [opType, inputs, outputs, attributes] of text.nodes) {
    const node = new Node(
      opType,
      inputs.map((name) => (name === "" ? null : find(name))),
      outputs.map((name) => (name === "" ? null : define(name))),
    );
    for (const [name, init] of Object.entries(attributes ?? {})) {
      node.attributes.set(
        name,
        toAttribute(isGraphText(init) ? bodyOf(init, new Map([...outer, ...own])) : init),
      );
    }
    graph.nodes.push(node);
  }
  graph.outputs = text.outputs.map(find);
  for (const [name, type] of Object.entries(text.declared ?? {})) find(name).declared = type;
  return graph;
}

function isGraphText(init: AttributeInit | GraphText): init is GraphText {
  return typeof init === "object" && "nodes" in init;
}

/** A graph as the attribute of a node. */
export function bodyOf(text: GraphText, outer?: ReadonlyMap<string, Value>): AttributeValue {
  return { kind: "graph", value: graphOf(text, outer) };
}

/** A model around a graph. */
export function modelOf(graph: Graph, opset = 21): Model {
  return {
    graph,
    irVersion: opset >= 21 ? 10 : 8,
    opsets: new Map([["", opset]]),
    functions: [],
    producerName: "test",
    producerVersion: "",
    metadata: new Map(),
    origin: null,
  };
}
