import type { Node } from "../onnx/node.ts";
import type { Value } from "../onnx/value.ts";

/** Which axis of a weight counts the output units that it feeds; within each of `groups` blocks of the first axis. */
export interface OutputUnits {
  readonly axis: number;
  readonly groups: number;
}

/** Where PyTorch has them, and what a weight gets whose readers do not say. */
const FIRST: OutputUnits = { axis: 0, groups: 1 };

/**
 * Where the output units of a weight lie, by the operator that multiplies with it: the last axis of a MatMul's right side,
 * the first of a convolution's weight, the rows of a table, and so on, seen through transpositions. The axis is 0 if no
 * reader says.
 *
 * @param forms the weight, and what else stands for it: in another graph, where operators have been taken apart
 * @param rank of the weight
 */
export function outputUnits(forms: readonly Value[], rank: number): OutputUnits {
  for (const weight of forms) {
    const found = unitsSeenFrom(weight, rank);
    if (found !== null) return found;
  }
  return FIRST;
}

function unitsSeenFrom(weight: Value, rank: number): OutputUnits | null {
  for (const { node, index } of weight.uses) {
    const found = unitsAt(node, index, rank);
    if (found !== null && found.axis >= 0 && found.axis < rank) return found;
  }
  return null;
}

function unitsAt(node: Node, index: number, rank: number): OutputUnits | null {
  const at = (axis: number): OutputUnits => ({ axis, groups: 1 });
  switch (node.opType) {
    case "MatMul":
      return at(index === 0 ? rank - 2 : rank - 1);
    case "Gemm":
      if (index > 1) return null;
      return at(index === 0 ? flag(node, "transA") : 1 - flag(node, "transB"));
    case "FusedMatMul":
      return at(index === 0 ? rank - 2 + flag(node, "transA") : rank - 1 - flag(node, "transB"));
    case "Attention":
      // Microsoft's: one matrix [in, 3 · hidden] of queries, keys and values. ONNX's own has no weights.
      return node.domain === "com.microsoft" && index === 1 ? at(1) : null;
    case "Conv":
    case "FusedConv":
      return index === 1 ? at(0) : null;
    case "ConvTranspose":
      return index === 1 ? { axis: 1, groups: flag(node, "group", 1) } : null;
    case "LSTM":
    case "GRU":
    case "RNN":
      return index === 1 || index === 2 ? at(1) : null;
    case "Gather":
      return index === 0 ? at(flag(node, "axis")) : null;
    case "EmbedLayerNormalization":
      return at(0);
    case "Identity":
    case "Cast":
      return unitsSeenFrom(node.output(), rank);
    case "Transpose": {
      const perm = node.attributes.get("perm");
      const seen = unitsSeenFrom(node.output(), rank);
      if (seen === null || seen.groups > 1) return null;
      return at(perm?.kind === "ints" ? (perm.value[seen.axis] ?? seen.axis) : rank - 1 - seen.axis);
    }
    default:
      return null;
  }
}

function flag(node: Node, name: string, otherwise = 0): number {
  const attribute = node.attributes.get(name);
  return attribute?.kind === "int" ? attribute.value : otherwise;
}
