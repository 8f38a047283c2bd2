import type { Graph } from "../onnx/graph.ts";
import type { Model } from "../onnx/model.ts";
import type { Node } from "../onnx/node.ts";
import type { Value } from "../onnx/value.ts";
import { type DataType, isFloat } from "../tensor/data-type.ts";
import { floatReader } from "../tensor/float-access.ts";
import { sizeOf } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { isUniform, looksLikeMask, rotationTables } from "./constant-content.ts";

/** What a parameter does in the network, by the operator that reads it. */
export type ParameterRole = "weight" | "bias" | "norm" | "embedding";

/** A stored float tensor: a weight to train, or a constant with the reason why it is none. */
export interface StoredTensor {
  readonly value: Value;
  readonly name: string;
  readonly role: ParameterRole;
  /** Whether it is only ever added: a bias, or the β of a normalisation. */
  readonly isAdded: boolean;
  /** Null for a weight; otherwise why it is taken for a constant. */
  readonly constantBecause: string | null;
}

/** A single number of at most this size that is added is taken for the ε of a normalisation. */
const LARGEST_EPSILON = 1e-3;

/** Operators that hand a weight on without computing with it. */
const PASS_THROUGH: ReadonlySet<string> = new Set([
  "Identity",
  "Cast",
  "Transpose",
  "Reshape",
  "Squeeze",
  "Unsqueeze",
  "Flatten",
  "Expand",
  "Slice",
  "Split",
  "Concat",
]);
const NORMALIZATIONS: ReadonlySet<string> = new Set([
  "BatchNormalization",
  "LayerNormalization",
  "InstanceNormalization",
  "GroupNormalization",
  "RMSNormalization",
  "SimplifiedLayerNormalization",
  "SkipLayerNormalization",
  "SkipSimplifiedLayerNormalization",
]);

/**
 * The stored float tensors of a model's graph and of the bodies inside it, with a judgement of each: initializers and
 * outputs of Constant nodes, of rank 1 or more. Weights are told from constants by how they are used, never by their names.
 */
export function storedTensors(model: Model): StoredTensor[] {
  const stored = storedConstants(model, isFloat);
  const values = stored.map(({ value }) => value);
  const rotations = rotationTables(values);
  const hasLiterals = keepsWeightsAsInitializers(values);
  return stored.map(({ value, name }) => {
    const readers = readersOf(value);
    const constantBecause = rotations.has(value)
      ? "cosines or sines of a position encoding"
      : (whyConstant(value, readers) ??
        (hasLiterals && value.producer !== null
          ? "a literal: this file keeps its weights as initializers"
          : null));
    const role = roleOf(value, readers);
    return { value, name, role, isAdded: isOnlyAdded(role, readers), constantBecause };
  });
}

/** A value that holds a constant, by a name that no other stored constant of the model bears. */
export interface StoredConstant {
  readonly value: Value;
  readonly name: string;
}

/** What a model stores of the types asked for, of every type if left out: its graph's and that of the bodies inside it. */
export function storedConstants(
  model: Model,
  takes: (dtype: DataType) => boolean = () => true,
): StoredConstant[] {
  const places = [...storedIn(model.graph, "")].filter(({ value }) => takes(value.constant!.dtype)); // all have one
  const names = uniqueNames(places);
  return places.map(({ value }, i) => ({ value, name: names[i]! })); // one name for each
}

interface Place {
  readonly value: Value;
  /** Which body it stands in, such as `If_0.then_branch/`; empty in the model's own graph. */
  readonly body: string;
}

function* storedIn(graph: Graph, body: string): Generator<Place> {
  for (const value of graph.initializers) if (value.constant !== null) yield { value, body };
  for (const node of graph.nodes) {
    const attribute = node.attributes.get("value");
    const output = node.outputs[0];
    if (node.opType === "Constant" && node.domain === "" && attribute?.kind === "tensor" && output) {
      output.constant = attribute.value;
      yield { value: output, body };
    }
    for (const [name, held] of node.attributes)
      if (held.kind === "graph")
        yield* storedIn(held.value, `${body}${node.name || node.outputs[0]?.name || node.opType}.${name}/`);
  }
}

/** The values' own names; where another tensor bears it already (in the other branch, say), with the body in front. */
function uniqueNames(places: readonly Place[]): string[] {
  const taken = new Set<string>();
  return places.map(({ value, body }) => {
    let name = taken.has(value.name) ? `${body}${value.name}` : value.name;
    for (let i = 2; taken.has(name); i++) name = `${body}${value.name}_${i}`;
    taken.add(name);
    return name;
  });
}

/**
 * Whether Constant nodes hold literals (masks, slopes, coordinates, ones) or weights: an exporter writes its weights
 * in one of the two ways, and that one holds most of the elements.
 */
function keepsWeightsAsInitializers(stored: readonly Value[]): boolean {
  let balance = 0;
  for (const { producer, constant } of stored)
    balance += (producer === null ? 1 : -1) * sizeOf(constant!.dims); // every stored value has a constant
  return balance > 0;
}

interface Reader {
  readonly node: Node;
  readonly index: number;
}

/** The operators that compute with a value, seen through those that only hand it on. */
function readersOf(value: Value): Reader[] {
  const readers: Reader[] = [];
  const seen = new Set<Value>();
  const visit = (v: Value) => {
    if (seen.has(v)) return;
    seen.add(v);
    for (const { node, index } of v.uses) {
      const passes = PASS_THROUGH.has(node.opType) && (index === 0 || node.opType === "Concat");
      if (!passes) readers.push({ node, index });
      else for (const output of node.outputs) if (output !== null) visit(output);
    }
  };
  visit(value);
  return readers;
}

function roleOf(value: Value, readers: readonly Reader[]): ParameterRole {
  if (readers.some(({ node }) => NORMALIZATIONS.has(node.opType))) return "norm";
  if (readers.some(({ node, index }) => node.opType === "Gather" && index === 0)) return "embedding";
  const rank = value.constant?.dims.filter((d) => d !== 1).length ?? 0;
  if (rank > 1) return "weight";
  if (readers.some(({ node }) => node.opType === "Mul" || node.opType === "Div")) return "norm";
  return "bias";
}

/** Input that a normalisation adds, for those where it is not number 2. */
const SHIFT_INPUT: Readonly<Record<string, number>> = { SkipLayerNormalization: 3 };

function isOnlyAdded(role: ParameterRole, readers: readonly Reader[]): boolean {
  if (role === "bias") return true;
  return (
    role === "norm" &&
    readers.every(
      ({ node, index }) => NORMALIZATIONS.has(node.opType) && index === (SHIFT_INPUT[node.opType] ?? 2),
    )
  );
}

function whyConstant(value: Value, readers: readonly Reader[]): string | null {
  const tensor = value.constant!; // checked by the caller
  if (tensor.dims.length === 0) return "a scalar";
  if (sizeOf(tensor.dims) === 0) return "empty";
  if (readers.length === 0) return "read by no operator that computes with it";
  if (readers.every(({ node, index }) => node.opType === "BatchNormalization" && index >= 3)) {
    return "running statistics of a BatchNormalization";
  }
  if (readers.every(({ node, index }) => isSetting(node, index)))
    return "a setting of its operator, not a weight";
  if (readers.some(({ node }) => leadsToRotation(node))) return "frequencies of a position encoding";
  if (looksLikeMask(tensor)) return "holds infinite or huge entries, as attention masks do";
  if (readers.every(isGroupNormPart) && isUniform(tensor))
    return "the ones or zeros of a decomposed normalisation";
  return sizeOf(tensor.dims) === 1 ? whySingleIsConstant(value, tensor, readers) : null;
}

/**
 * A single number in a tensor of rank 1 or more may be a weight (a bias of one unit, a slope, a gain) or a literal that
 * the exporter wrote down. Weights are initializers; an epsilon is tiny and added.
 */
function whySingleIsConstant(value: Value, tensor: Tensor, readers: readonly Reader[]): string | null {
  if (readers.some((r) => isBiasOf(r) || (r.node.opType === "PRelu" && r.index === 1))) return null;
  if (value.producer !== null) return "a single number written into the graph";
  const size = Math.abs(floatReader(tensor)(0));
  const isAdded = readers.every(({ node }) => node.opType === "Add");
  return isAdded && size > 0 && size <= LARGEST_EPSILON ? "an epsilon" : null;
}

/** Exporters write GroupNormalization as an InstanceNormalization of ones and zeros between two Reshapes. */
function isGroupNormPart({ node }: Reader): boolean {
  if (node.opType !== "InstanceNormalization") return false;
  return [...(node.outputs[0]?.uses ?? [])].every((use) => use.node.opType === "Reshape");
}

/** Inputs that steer an operator: bounds, exponents, scales of a resize, fill values, conditions. */
function isSetting(node: Node, index: number): boolean {
  switch (node.opType) {
    case "Resize":
    case "Upsample":
    case "Clip":
    case "Pad":
    case "Pow":
    case "Dropout":
    case "OneHot":
    case "Slice":
    case "Range":
    case "QuantizeLinear":
    case "DequantizeLinear":
      return index > 0 || node.opType === "Range";
    case "Equal":
    case "Less":
    case "LessOrEqual":
    case "Greater":
    case "GreaterOrEqual":
    case "Shape":
      return true;
    default:
      return false;
  }
}

/** Whether a node is a sine or cosine, or what it computes goes straight into one. */
function leadsToRotation(node: Node): boolean {
  if (node.opType === "Sin" || node.opType === "Cos") return true;
  let outputs = node.outputs;
  for (let step = 0; step < 4; step++) {
    const readers = outputs.flatMap((v) => (v === null ? [] : [...v.uses].map((u) => u.node)));
    if (readers.some((n) => n.opType === "Sin" || n.opType === "Cos")) return true;
    const passing = readers.filter((n) => PASS_THROUGH.has(n.opType));
    if (passing.length === 0) return false;
    outputs = passing.flatMap((n) => n.outputs);
  }
  return false;
}

/** Whether a reader adds the value as a bias to a matrix product or convolution. */
function isBiasOf({ node, index }: Reader): boolean {
  if (node.opType === "Gemm" || node.opType === "Conv" || node.opType === "ConvTranspose") return index <= 2;
  if (node.opType !== "Add") return false;
  const other = node.inputs[1 - index]?.producer;
  return other?.opType === "MatMul" || other?.opType === "Gemm" || other?.opType === "Conv";
}
