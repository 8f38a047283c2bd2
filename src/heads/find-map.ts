import type { Graph } from "../onnx/graph.ts";
import type { Value } from "../onnx/value.ts";
import type { Shape } from "../tensor/shape.ts";

/** Operators that make one vector of a map or of a sequence, or take a part of it. */
const POOLING: ReadonlySet<string> = new Set([
  "Flatten",
  "Reshape",
  "Squeeze",
  "Unsqueeze",
  "Identity",
  "Cast",
  "Dropout",
  "GlobalAveragePool",
  "GlobalMaxPool",
  "AveragePool",
  "MaxPool",
  "ReduceMean",
  "ReduceMax",
  "ReduceSum",
  "Gather",
  "Slice",
  "LayerNormalization",
  "Div",
]);
/** How many times finer than the feature a map may be that a decoder adds: the nearest that there is. */
const FINER: readonly number[] = [2, 4, 8];

/** The dims of a value for concrete input shapes; null where they are not known. */
export type DimsOf = (value: Value) => Shape | null;

/** The map [B, D, h, w] or the sequence of patches [B, T, D] that a feature was pooled from, or itself; null if there is none. */
export function mapBehind(feature: Value, dimsOf: DimsOf): Value | null {
  for (let value: Value | null | undefined = feature; value; ) {
    const dims = dimsOf(value) ?? [];
    const places = dims.length === 4 ? dims[2]! * dims[3]! : dims.length === 3 ? dims[1]! : 1; // as long as that
    if (places > 1) return value;
    value = value.producer && POOLING.has(value.producer.opType) ? value.producer.inputs[0] : null;
  }
  return null;
}

/** The last map before a feature that is finer by the least factor; null if there is none. */
export function finerMap(graph: Graph, feature: Value, dimsOf: DimsOf): Value | null {
  const [, , height = 0, width = 0] = dimsOf(feature) ?? [];
  const before = ancestors(feature);
  for (const factor of FINER) {
    const fits = graph.nodes
      .flatMap((node) => node.outputs)
      .filter((v): v is Value => {
        const dims = v && before.has(v) ? dimsOf(v) : null;
        return dims?.length === 4 && dims[2] === factor * height && dims[3] === factor * width;
      });
    const last = fits.at(-1);
    if (last) return last;
  }
  return null;
}

function ancestors(value: Value): Set<Value> {
  const found = new Set<Value>();
  const waiting = [value];
  for (let v = waiting.pop(); v; v = waiting.pop()) {
    for (const input of v.producer?.inputs ?? []) {
      if (!input || found.has(input)) continue;
      found.add(input);
      waiting.push(input);
    }
  }
  return found;
}
