import { basename } from "../platform/paths.ts";
import { byteLengthOf, type DataType, dataTypes } from "../tensor/data-type.ts";
import { sizeOf } from "../tensor/shape.ts";
import { decodeFunctionBody } from "./decode.ts";
import type { Graph } from "./graph.ts";
import { allNodes, functionKey, type Model } from "./model.ts";
import type { DeclaredType } from "./type.ts";

/** An input or output; `type` is null where the file declares none, or one that is no tensor. */
export interface SummaryValue {
  readonly name: string;
  readonly type: DeclaredType | null;
}

export interface DtypeSum {
  readonly dtype: DataType;
  readonly tensors: number;
  readonly elements: number;
  readonly bytes: number;
}

export interface OperatorCount {
  /** "" is ai.onnx. */
  readonly domain: string;
  readonly opType: string;
  readonly count: number;
}

/** What a model is, by its file alone. */
export interface ModelSummary {
  readonly irVersion: number;
  /** Name and version of the exporter; empty where the file does not say. */
  readonly producer: string;
  /** Version of each operator set, by domain; "" is ai.onnx. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly metadata: ReadonlyMap<string, string>;
  /** What must be fed: inputs with a stored default are left out. */
  readonly inputs: readonly SummaryValue[];
  readonly outputs: readonly SummaryValue[];
  /** Initializers and tensors of nodes, in subgraphs and functions too, by element type; most bytes first. */
  readonly weights: readonly DtypeSum[];
  /** Files of weights beside the model. */
  readonly externalFiles: readonly { readonly name: string; readonly bytes: number }[];
  /** Model-local functions: nodes of the body, and nodes that call it. */
  readonly functions: readonly { readonly name: string; readonly nodes: number; readonly calls: number }[];
  /** Operators of the graph, its subgraphs and the functions, each body once; most frequent first. */
  readonly operators: readonly OperatorCount[];
  /** Nodes of the graph and its subgraphs. */
  readonly nodes: number;
  /** Names of large tensors of 8 bits or fewer: weights of a quantised model, which cannot be trained. */
  readonly quantizedWeights: readonly string[];
}

/** Narrow tensors of fewer elements are tables and masks. */
const MIN_QUANTIZED_ELEMENTS = 1024;

/** The facts of a model that need no knowledge of its operators. */
export function summarize(model: Model): ModelSummary {
  const bodies = model.functions.map((def) => ({ def, body: decodeFunctionBody(def, new Map()) }));
  const graphs = [model.graph, ...bodies.map(({ body }) => body)];
  const sums = new Map<DataType, DtypeSum>();
  const operators = new Map<string, OperatorCount>();
  const quantizedWeights: string[] = [];
  for (const { name, dtype, dims } of graphs.flatMap((graph) => [...tensorsOf(graph)])) {
    const elements = sizeOf(dims);
    const sum = sums.get(dtype) ?? { dtype, tensors: 0, elements: 0, bytes: 0 };
    sums.set(dtype, {
      dtype,
      tensors: sum.tensors + 1,
      elements: sum.elements + elements,
      bytes: sum.bytes + byteLengthOf(dtype, elements),
    });
    if (isNarrow(dtype) && elements >= MIN_QUANTIZED_ELEMENTS) quantizedWeights.push(name);
  }
  for (const node of graphs.flatMap((graph) => [...allNodes(graph)])) {
    const { domain, opType } = node;
    const key = functionKey({ domain, name: opType, overload: node.overload });
    operators.set(key, { domain, opType, count: (operators.get(key)?.count ?? 0) + 1 });
  }
  const functions = bodies.map(({ def, body }) => {
    const name = functionKey(def);
    return { name, nodes: [...allNodes(body)].length, calls: operators.get(name)?.count ?? 0 };
  });
  for (const { name } of functions) operators.delete(name);
  const stored = new Set(model.graph.initializers);
  const asSummary = ({ name, declared }: { name: string; declared: DeclaredType | null }): SummaryValue => ({
    name,
    type: declared,
  });
  return {
    irVersion: model.irVersion,
    producer: [model.producerName, model.producerVersion].filter(Boolean).join(" "),
    opsets: model.opsets,
    metadata: model.metadata,
    inputs: model.graph.inputs.filter((v) => !stored.has(v) && v.constant === null).map(asSummary),
    outputs: model.graph.outputs.map(asSummary),
    weights: [...sums.values()].sort((a, b) => b.bytes - a.bytes || (a.dtype < b.dtype ? -1 : 1)),
    externalFiles: [...(model.external?.sizes ?? [])].map(([path, bytes]) => ({
      name: basename(path),
      bytes,
    })),
    functions,
    operators: [...operators.values()].sort((a, b) => b.count - a.count || (a.opType < b.opType ? -1 : 1)),
    nodes: [...allNodes(model.graph)].length,
    quantizedWeights,
  };
}

function isNarrow(dtype: DataType): boolean {
  const { bits } = dataTypes[dtype]; // 0 for strings, which have no width
  return dtype !== "bool" && bits > 0 && bits <= 8;
}

interface StoredTensor {
  readonly name: string;
  readonly dtype: DataType;
  readonly dims: readonly number[];
}

function* tensorsOf(graph: Graph): Generator<StoredTensor> {
  for (const { name, constant } of graph.initializers)
    if (constant) yield { name, dtype: constant.dtype, dims: constant.dims };
  for (const node of graph.nodes) {
    for (const attribute of node.attributes.values()) {
      if (attribute.kind !== "tensor") continue;
      const { dtype, dims } = attribute.value;
      yield { name: node.outputs[0]?.name || node.describe(), dtype, dims };
    }
  }
  for (const sub of graph.subgraphs()) yield* tensorsOf(sub);
}
