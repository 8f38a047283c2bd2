import type { Graph } from "../onnx/graph.ts";
import type { Node } from "../onnx/node.ts";
import { bodiesOf, dependencies } from "../onnx/prune.ts";
import type { Value } from "../onnx/value.ts";

/** Where weights stand in a network that is cut into blocks, 0 nearest the input. */
export interface Blocks {
  readonly count: number;
  readonly blockOf: ReadonlyMap<Value, number>;
}

/** Operators that multiply by a weight matrix. */
const MATRIX_OPERATORS: ReadonlySet<string> = new Set([
  "Attention",
  "Conv",
  "ConvInteger",
  "ConvTranspose",
  "Einsum",
  "FusedConv",
  "FusedGemm",
  "FusedMatMul",
  "GRU",
  "Gemm",
  "LSTM",
  "MatMul",
  "RNN",
]);

/** Operators that look rows of a table up. */
const TABLE_OPERATORS: ReadonlySet<string> = new Set(["EmbedLayerNormalization", "Gather"]);

interface Segment {
  readonly weights: Value[];
  hasMatrix: boolean;
  hasTable: boolean;
}

/**
 * Cuts a network where all that the output still needs has come down to one value, and says between which cuts each weight
 * lies. The main path of a residual network is such a value after each branch: an encoder layer is two blocks (attention,
 * feed-forward), a residual unit one, a plain layer one, all embeddings together one. A stretch without a matrix (a
 * normalisation, a position encoding) belongs to the block before it.
 *
 * Nothing but the graph's wiring is looked at, so it works for any exporter; nodes must be in order.
 *
 * @param output of the network; weights that it does not depend on are in no block
 */
export function findBlocks(graph: Graph, output: Value, weights: ReadonlySet<Value>): Blocks {
  const nodes = nodesToward(graph, output);
  const uses = countUses(nodes);
  const carriers = new Carriers(weights);
  const open = new Set<Value>();
  const placed = new Set<Value>();
  const segments: Segment[] = [emptySegment()];
  for (const node of nodes) {
    const inputs = valuesReadBy(node);
    const isData = carriers.visit(node, inputs);
    if (isData) {
      const segment = segments.at(-1)!; // never empty
      for (const weight of inputs.flatMap((v) => carriers.weightsIn(v))) {
        if (placed.has(weight)) continue;
        placed.add(weight);
        segment.weights.push(weight);
        segment.hasMatrix ||= MATRIX_OPERATORS.has(node.opType);
        segment.hasTable ||= TABLE_OPERATORS.has(node.opType);
      }
      for (const v of node.outputs) if (v !== null && ((uses.get(v) ?? 0) > 0 || v === output)) open.add(v);
    }
    for (const v of inputs) {
      const left = (uses.get(v) ?? 0) - 1;
      uses.set(v, left);
      if (left <= 0 && v !== output) open.delete(v);
    }
    const isCut = isData && open.size === 1;
    if (isCut && segments.at(-1)!.weights.length > 0) segments.push(emptySegment());
  }
  return number(segments);
}

function emptySegment(): Segment {
  return { weights: [], hasMatrix: false, hasTable: false };
}

/** Blocks of segments: one without a matrix joins the one before it, and so does a table that follows only tables. */
function number(segments: readonly Segment[]): Blocks {
  const blockOf = new Map<Value, number>();
  let block = -1;
  let hasMatrix = false;
  for (const segment of segments) {
    if (segment.weights.length === 0) continue;
    const opens = segment.hasMatrix || (segment.hasTable && hasMatrix);
    if (block < 0 || opens) {
      block++;
      hasMatrix = segment.hasMatrix;
    }
    for (const weight of segment.weights) blockOf.set(weight, block);
  }
  return { count: block + 1, blockOf };
}

/** The nodes that the output's value depends on; those that only ask for a shape are left out, with all they read. */
function nodesToward(graph: Graph, output: Value): Node[] {
  const { nodes } = dependencies(graph, [output]);
  return graph.nodes.filter((n) => nodes.has(n) && n.opType !== "Shape" && n.opType !== "Size");
}

/** Values that a node reads, those that its bodies read from outside included, each once. */
function valuesReadBy(node: Node): Value[] {
  const read = new Set<Value>();
  const visit = (n: Node) => {
    for (const v of n.inputs) if (v !== null) read.add(v);
    for (const body of bodiesOf(n)) body.nodes.forEach(visit);
  };
  visit(node);
  return [...read];
}

function countUses(nodes: readonly Node[]): Map<Value, number> {
  const uses = new Map<Value, number>();
  for (const node of nodes) for (const v of valuesReadBy(node)) uses.set(v, (uses.get(v) ?? 0) + 1);
  return uses;
}

/** Tells what each value is made of: of weights alone, or of the model's inputs and weights (the data on its way). */
class Carriers {
  private readonly made = new Map<Value, readonly Value[]>();
  private readonly inputs = new Set<Value>();
  private readonly data = new Set<Value>();

  constructor(weights: ReadonlySet<Value>) {
    for (const weight of weights) this.made.set(weight, [weight]);
  }

  /** Weights that a value is made of, if it is made of nothing else. */
  weightsIn(v: Value): readonly Value[] {
    return this.made.get(v) ?? [];
  }

  /** Takes a node in; whether its outputs are data. */
  visit(node: Node, read: readonly Value[]): boolean {
    const outputs = node.outputs.filter((v) => v !== null);
    const weights = read.flatMap((v) => this.weightsIn(v));
    const readsInput = read.some((v) => this.inputs.has(v) || isModelInput(v, this.made));
    const isData = read.some((v) => this.data.has(v)) || (readsInput && weights.length > 0);
    for (const v of outputs) {
      if (isData) this.data.add(v);
      else if (readsInput) this.inputs.add(v);
      else if (weights.length > 0) this.made.set(v, [...new Set(weights)]);
    }
    return isData;
  }
}

function isModelInput(v: Value, weights: ReadonlyMap<Value, unknown>): boolean {
  return v.producer === null && v.constant === null && !weights.has(v);
}
