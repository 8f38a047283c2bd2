import { ModelError } from "../errors.ts";
import type { Node } from "../onnx/node.ts";
import type { Value } from "../onnx/value.ts";
import { sizeOf } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Where a model's classifier begins and ends. */
export interface HeadSite {
  /** What the classifier reads: the value that a new head is put on. */
  readonly feature: Value;
  /** What the classifier gives before any softmax. */
  readonly logits: Value;
  /** Stored weights and biases of the classifier. */
  readonly weights: readonly Value[];
}

/** How a model's output follows from its logits. */
export type OutputKind = "logits" | "softmax" | "log-softmax" | "sigmoid";

const PROBABILITIES: ReadonlyMap<string, OutputKind> = new Map([
  ["Softmax", "softmax"],
  ["LogSoftmax", "log-softmax"],
  ["Sigmoid", "sigmoid"],
]);
/** Operators that hand logits on as they are. */
const UNCHANGED: ReadonlySet<string> = new Set(["Identity", "Cast"]);
/** Operators that give a value another shape. */
const RESHAPING: ReadonlySet<string> = new Set([
  ...UNCHANGED,
  "Reshape",
  "Flatten",
  "Squeeze",
  "Unsqueeze",
  "Transpose",
]);
/** Operators that may stand between the classifier's matrix product and the output; those that pool or resize stand there in fully convolutional networks. */
const CARRY: ReadonlySet<string> = new Set([
  ...RESHAPING,
  "GlobalAveragePool",
  "AveragePool",
  "ReduceMean",
  "Resize",
  "Upsample",
]);
/** Operators that take a part of a sequence, such as its class token. */
const SELECTING: ReadonlySet<string> = new Set([...RESHAPING, "Gather", "Slice"]);

/**
 * Finds the classifier by walking back from an output: over softmax, changes of shape, scalar factors and added biases to
 * the last matrix product or convolution with stored weights. Where several classifiers are averaged (DeiT has one on
 * each of two tokens), the feature is the value that all of them take their input from.
 *
 * @throws ModelError if the output is not computed by one, naming what was met and how to cut by hand
 */
export function findHead(output: Value): HeadSite {
  const { logits } = logitsOf(output);
  const products = productsBehind(logits, output);
  const feature = products.length === 1 ? products[0]!.feature : sharedFeature(products, output);
  return { feature, logits, weights: [...new Set(products.flatMap((p) => p.weights))] };
}

/** The value before the softmax or sigmoid that an output may end in. */
export function logitsOf(output: Value): { readonly logits: Value; readonly kind: OutputKind } {
  let logits = output;
  let kind: OutputKind = "logits";
  for (;;) {
    const { producer } = logits;
    const input = producer?.inputs[0];
    if (!producer || !input) return { logits, kind };
    const made = PROBABILITIES.get(producer.opType);
    if (made && kind === "logits") kind = made;
    else if (!UNCHANGED.has(producer.opType)) return { logits, kind };
    logits = input;
  }
}

interface Product {
  readonly feature: Value;
  readonly weights: readonly Value[];
}

function productsBehind(start: Value, output: Value): Product[] {
  const biases: Value[] = [];
  let value = start;
  for (;;) {
    const node = value.producer;
    if (node === null) return giveUp(output, "the output is an input or a stored value");
    const weight = weightOf(node);
    if (weight) {
      const bias = node.inputs.slice(2).filter((v): v is Value => v !== null && isStored(v));
      return [{ feature: node.input(0), weights: [weight, ...bias, ...biases] }];
    }
    if (CARRY.has(node.opType) && node.inputs[0]) {
      value = node.inputs[0];
      continue;
    }
    const computed = node.inputs.filter((v): v is Value => v !== null && !isStored(v));
    const stored = node.inputs.filter((v): v is Value => v !== null && isStored(v));
    const isSum = node.opType === "Add" || node.opType === "Sum";
    const isScale = (node.opType === "Mul" || node.opType === "Div") && stored.every(isScalar);
    if (isSum && computed.length > 1) return computed.flatMap((v) => productsBehind(v, output));
    if ((!isSum && !isScale) || computed.length !== 1) {
      return giveUp(output, `walking back ends at ${node.describe()}, which has no stored weight`);
    }
    if (isSum) biases.push(...stored);
    value = computed[0]!; // its length was just checked
  }
}

/** The nearest value that the features of all products are parts of. */
function sharedFeature(products: readonly Product[], output: Value): Value {
  const [first, ...rest] = products.map((p) => sourcesOf(p.feature));
  const shared = first?.find((v) => rest.every((others) => others.includes(v)));
  if (shared) return shared;
  const names = products.map((p) => `"${p.feature.name}"`).join(", ");
  return giveUp(output, `it adds up ${products.length} products, which read ${names}`);
}

/** A value and those that it was taken from by changes of shape and selection, nearest first. */
function sourcesOf(value: Value): Value[] {
  const sources = [value];
  for (let v = value; v.producer && SELECTING.has(v.producer.opType) && v.producer.inputs[0]; ) {
    v = v.producer.inputs[0];
    sources.push(v);
  }
  return sources;
}

function weightOf(node: Node): Value | null {
  const isProduct = node.opType === "Gemm" || node.opType === "MatMul" || node.opType === "Conv";
  const weight = node.inputs[1];
  if (!isProduct || !weight) return null;
  // Exporters may store a weight behind a Transpose or Cast.
  let stored = weight;
  while (stored.producer && RESHAPING.has(stored.producer.opType) && stored.producer.inputs[0]) {
    stored = stored.producer.inputs[0];
  }
  return isStored(stored) ? stored : null;
}

/** Whether a value is an initializer or the output of a Constant node. */
function isStored(value: Value): boolean {
  return value.constant !== null || value.producer?.opType === "Constant";
}

/** Whether a stored value has one element. */
function isScalar(value: Value): boolean {
  const tensor = value.constant ?? constantOf(value);
  return tensor === null || sizeOf(tensor.dims) === 1;
}

/** The tensor of a Constant node; null if it holds a number in another attribute. */
function constantOf(value: Value): Tensor | null {
  const attribute = value.producer?.attributes.get("value");
  return attribute?.kind === "tensor" ? attribute.value : null;
}

function giveUp(output: Value, why: string): never {
  throw new ModelError(
    `no classifier found behind output "${output.name}": ${why}. Name the value that a new head shall read with --head.from, ` +
      `such as --head.from ${output.name} for one on the output itself.`,
    { details: { output: output.name } },
  );
}
