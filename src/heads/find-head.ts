import { ModelError } from "../errors.ts";
import type { Node } from "../onnx/node.ts";
import type { Value } from "../onnx/value.ts";

/** Where a model's classifier begins and ends. */
export interface HeadSite {
  /** What the classifier reads: the value that a new head is put on. */
  readonly feature: Value;
  /** What the classifier gives before any softmax. */
  readonly logits: Value;
  /** Stored weights and biases of the classifier. */
  readonly weights: readonly Value[];
}

/** Operators that turn logits into probabilities, or carry them on unchanged in number. */
const AFTER_LOGITS: ReadonlySet<string> = new Set(["Softmax", "LogSoftmax", "Sigmoid", "Identity", "Cast"]);
/** Operators that may stand between the classifier's matrix product and the output. */
const CARRY: ReadonlySet<string> = new Set([
  "Identity",
  "Cast",
  "Reshape",
  "Flatten",
  "Squeeze",
  "Unsqueeze",
  "Transpose",
]);

/**
 * Finds the classifier by walking back from an output: over softmax, shape changes and added biases to the last matrix
 * product or 1×1 convolution with stored weights.
 *
 * @throws ModelError if the output is not computed by one, naming what was met and how to cut by hand
 */
export function findHead(output: Value): HeadSite {
  const logits = logitsOf(output);
  const biases: Value[] = [];
  let value = logits;
  for (;;) {
    const node = value.producer;
    if (node === null) return giveUp(output, "the output is an input or a stored value");
    if (CARRY.has(node.opType) && node.inputs[0]) {
      value = node.inputs[0];
      continue;
    }
    const bias = node.opType === "Add" ? node.inputs.find((v) => v !== null && isStored(v)) : undefined;
    if (bias) {
      biases.push(bias);
      value = node.inputs.find((v) => v !== null && v !== bias) ?? giveUp(output, "an Add has one input");
      continue;
    }
    const weight = weightOf(node);
    if (!weight) return giveUp(output, `walking back ends at ${node.describe()}, which has no stored weight`);
    const rest = node.inputs.slice(2).filter((v): v is Value => v !== null && isStored(v));
    return { feature: node.input(0), logits, weights: [weight, ...rest, ...biases] };
  }
}

/** The value before the softmax or sigmoid that an output may end in. */
export function logitsOf(output: Value): Value {
  let value = output;
  while (value.producer && AFTER_LOGITS.has(value.producer.opType) && value.producer.inputs[0]) {
    value = value.producer.inputs[0];
  }
  return value;
}

function weightOf(node: Node): Value | null {
  const isProduct = node.opType === "Gemm" || node.opType === "MatMul" || node.opType === "Conv";
  const weight = node.inputs[1];
  if (!isProduct || !weight) return null;
  // Exporters may store a weight behind a Transpose or Cast.
  let stored = weight;
  while (stored.producer && CARRY.has(stored.producer.opType) && stored.producer.inputs[0]) {
    stored = stored.producer.inputs[0];
  }
  return isStored(stored) ? stored : null;
}

/** Whether a value is an initializer or the output of a Constant node. */
function isStored(value: Value): boolean {
  return value.constant !== null || value.producer?.opType === "Constant";
}

function giveUp(output: Value, why: string): never {
  throw new ModelError(
    `no classifier found behind output "${output.name}": ${why}. Name the value that a new head shall read with --head.from.`,
    { details: { output: output.name } },
  );
}
