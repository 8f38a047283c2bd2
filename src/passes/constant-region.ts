import { HoldfastError } from "../errors.ts";
import { encodeModel } from "../onnx/encode.ts";
import { Graph } from "../onnx/graph.ts";
import type { Node } from "../onnx/node.ts";
import type { Value } from "../onnx/value.ts";
import { isComposite } from "../ops/define.ts";
import { opOf } from "../ops/registry.ts";
import { byteLengthOf } from "../tensor/data-type.ts";
import { sizeOf } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Runs a model without inputs and gives its outputs in the order of the graph. */
export type Evaluate = (model: Uint8Array) => Promise<readonly Tensor[]>;

/** IR version of the small models that are run to fold constants: the oldest that allows opset 20. */
const FOLDING_IR_VERSION = 9;

/** Values are folded one by one where they come from more bytes of constants than this: a protobuf message ends at 2 GiB. */
const LARGEST_FOLDING = 2 ** 28;

/**
 * The part of a growing graph that depends on constants alone. It is computed by running it, piece by piece as its
 * values are asked for, so that no operator has to be implemented a second time.
 */
export class ConstantRegion {
  private readonly nodes = new Set<Node>();
  private readonly opset: number;
  private readonly evaluate: Evaluate;

  constructor(opset: number, evaluate: Evaluate) {
    this.opset = opset;
    this.evaluate = evaluate;
  }

  /** Looks at a node that was just appended. */
  observe(node: Node): void {
    const def = opOf(node, node.domain === "" ? this.opset : 1);
    if (isComposite(def) || def.random) return;
    if (node.inputs.every((v) => v === null || this.isConstant(v))) this.nodes.add(node);
  }

  /** Whether a value depends on constants alone; its elements may not have been computed yet. */
  isConstant(value: Value): boolean {
    return value.constant !== null || (value.producer !== null && this.nodes.has(value.producer));
  }

  /** Gives each of the values its elements, if it is constant; the others are left as they are. */
  async compute(...values: readonly (Value | null)[]): Promise<void> {
    const wanted = values.filter((v): v is Value => v !== null && v.constant === null && this.isConstant(v));
    if (wanted.length === 0) return;
    const { nodes, constants } = this.ancestors(wanted);
    if (wanted.length > 1 && bytesOf(constants) > LARGEST_FOLDING) {
      for (const value of wanted) await this.compute(value);
    } else await this.run(nodes, constants, [...new Set(wanted)]);
  }

  /**
   * Gives the outputs of a node outside the graph their elements and types, if all of its inputs are constant.
   *
   * @returns whether they are
   */
  async computeNode(node: Node): Promise<boolean> {
    await this.compute(...node.inputs);
    const inputs = node.inputs.filter((v) => v !== null);
    if (inputs.some((v) => v.constant === null)) return false;
    const outputs = node.outputs.filter((v) => v !== null);
    await this.run([node], [...new Set(inputs)], outputs);
    for (const value of outputs) value.producer = null;
    return true;
  }

  private async run(nodes: Node[], constants: Value[], outputs: Value[]): Promise<void> {
    const graph = new Graph("constants");
    graph.nodes = nodes;
    graph.initializers = constants;
    graph.outputs = outputs;
    const bytes = encodeModel({
      graph,
      irVersion: FOLDING_IR_VERSION,
      opsets: new Map([["", this.opset], ...domainsOf(nodes)]),
      functions: [],
      producerName: "holdfast",
      producerVersion: "",
      metadata: new Map(),
      origin: null,
    });
    const results = await this.evaluate(bytes);
    outputs.forEach((value, i) => {
      const tensor = results[i];
      if (!tensor) throw new HoldfastError(`internal: folding gave no value for "${value.name}"`);
      value.constant = tensor;
      // What ONNX Runtime gives is the truth; inference may only have agreed with it.
      value.type = { dtype: tensor.dtype, dims: tensor.dims };
    });
  }

  private ancestors(wanted: readonly Value[]): { nodes: Node[]; constants: Value[] } {
    const seen = new Set<Node>();
    const constants = new Set<Value>();
    const nodes: Node[] = [];
    const visit = (value: Value): void => {
      if (value.constant !== null) {
        constants.add(value);
        return;
      }
      const node = value.producer;
      if (node === null || seen.has(node)) return;
      seen.add(node);
      for (const input of node.inputs) if (input !== null) visit(input);
      nodes.push(node);
    };
    for (const value of wanted) visit(value);
    return { nodes, constants: [...constants] };
  }

  /** Computes what the rest of the graph reads of this region, and takes the region's nodes out of the graph. */
  async settle(graph: Graph): Promise<void> {
    const rest = graph.nodes.filter((n) => !this.nodes.has(n));
    const read = new Set<Value>();
    for (const node of rest) for (const v of node.inputs) if (v !== null && this.isConstant(v)) read.add(v);
    for (const v of graph.outputs) if (this.isConstant(v)) read.add(v);
    await this.compute(...read);
    for (const node of this.nodes) node.detach();
    for (const value of read) value.producer = null;
    graph.nodes = rest;
    graph.initializers = [...read];
  }
}

function bytesOf(constants: readonly Value[]): number {
  return constants.reduce(
    (sum, { constant: t }) =>
      sum + (t === null || t.dtype === "string" ? 0 : byteLengthOf(t.dtype, sizeOf(t.dims))),
    0,
  );
}

function domainsOf(nodes: readonly Node[]): [string, number][] {
  return [...new Set(nodes.map((n) => n.domain).filter((d) => d !== ""))].map((d) => [d, 1]);
}
