import type { Graph } from "../../src/onnx/graph.ts";
import { allNodes, type Model } from "../../src/onnx/model.ts";
import { dataTypes } from "../../src/tensor/data-type.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { elementsOf } from "./backward.ts";

const NARROW: ReadonlySet<number> = new Set([dataTypes.float32.code, dataTypes.float16.code]);
/** Attributes that hold the code of an element type. */
const TYPE_ATTRIBUTES: ReadonlySet<string> = new Set(["to", "dtype"]);

/** Turns every float32 and float16 of a model into float64, in place: inputs, constants, attributes that name a type. */
export function makeDouble(model: Model): void {
  visit(model.graph);
  for (const node of allNodes(model.graph)) {
    for (const [name, attribute] of node.attributes) {
      if (attribute.kind === "tensor")
        node.attributes.set(name, { kind: "tensor", value: toDouble(attribute.value) });
      else if (attribute.kind === "int" && NARROW.has(attribute.value) && TYPE_ATTRIBUTES.has(name))
        node.attributes.set(name, { kind: "int", value: dataTypes.float64.code });
      else if (attribute.kind === "float" && name === "value_float") {
        const value = tensor("float64", [], Float64Array.of(attribute.value));
        node.attributes.delete(name);
        node.attributes.set("value", { kind: "tensor", value });
      }
    }
  }
}

function visit(graph: Graph): void {
  for (const value of graph.values()) {
    if (value.constant) value.constant = toDouble(value.constant);
    const { declared, producer } = value;
    // What a node computes may stay as it is whatever goes in: the runtime infers it anew.
    if (declared && NARROW.has(dataTypes[declared.dtype].code))
      value.declared = producer === null ? { ...declared, dtype: "float64" } : null;
  }
  for (const inner of graph.subgraphs()) visit(inner);
}

/** A float32 or float16 tensor in float64; any other as it is. */
export function toDouble(t: Tensor): Tensor {
  return NARROW.has(dataTypes[t.dtype].code)
    ? tensor("float64", t.dims, Float64Array.from(elementsOf(t)))
    : t;
}
