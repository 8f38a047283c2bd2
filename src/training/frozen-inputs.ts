import type { Graph } from "../onnx/graph.ts";
import type { Value } from "../onnx/value.ts";
import { byteLengthOf } from "../tensor/data-type.ts";
import { sizeOf } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/**
 * Frozen weights of more bytes than this become inputs: a protobuf message ends at 2 GiB, and what is fed lies in memory
 * once, where a stored weight is copied into each session.
 */
const LARGEST_STORED_BYTES = 2 ** 30;
/** Smaller tensors stay: ONNX Runtime folds and packs what it knows to be constant. */
const SMALLEST_FED_BYTES = 2 ** 20;

/** Turns the large initializers of a graph into inputs, if there are too many bytes of them. @returns their contents by name */
export function feedFrozen(graph: Graph, limit = LARGEST_STORED_BYTES): Map<string, Tensor> {
  const fed = new Map<string, Tensor>();
  if (graph.initializers.reduce((sum, v) => sum + bytesOf(v), 0) <= limit) return fed;
  const names = new Set([...graph.values()].map((v) => v.name));
  const smallest = Math.min(limit, SMALLEST_FED_BYTES);
  graph.initializers = graph.initializers.filter((value) => {
    if (value.constant === null || bytesOf(value) < smallest) return true;
    for (let i = 0; value.name === ""; i++) if (!names.has(`frozen.${i}`)) value.name = `frozen.${i}`;
    names.add(value.name);
    fed.set(value.name, value.constant);
    value.constant = null;
    graph.inputs.push(value);
    return false;
  });
  return fed;
}

function bytesOf({ constant }: Value): number {
  return constant === null || constant.dtype === "string"
    ? 0
    : byteLengthOf(constant.dtype, sizeOf(constant.dims));
}
