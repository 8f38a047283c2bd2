import { type Model, opsetOf } from "../onnx/model.ts";
import type { Value } from "../onnx/value.ts";
import { inFloat32 } from "../tensor/half-tensor.ts";
import type { Lowered } from "./lower.ts";

/** Makes parameters of a lowered graph, given by their source values, stored constants again instead of inputs. */
export function storeParameters({ graph, parameters }: Lowered, sources: Iterable<Value>): void {
  const stored = new Set<Value>();
  for (const source of sources) {
    const value = parameters.get(source);
    if (!value || source.constant === null) continue;
    value.constant = inFloat32(source.constant);
    stored.add(value);
  }
  graph.inputs = graph.inputs.filter((v) => !stored.has(v));
  graph.initializers.push(...stored);
}

/** A lowered graph as it stands, as a model of its own: plain ONNX that remembers the opset of the model it comes from. */
export function loweredModel(source: Model, { graph, b, opsets }: Lowered): Model {
  return {
    graph,
    irVersion: Math.max(irVersionFor(b.opset), Math.min(source.irVersion, 10)),
    opsets: new Map(opsets),
    functions: [],
    producerName: "holdfast",
    producerVersion: "",
    metadata: new Map([["holdfast.source_opset", String(opsetOf(source) ?? 0)]]),
    origin: null,
  };
}

/** The oldest IR version that may carry an opset. */
function irVersionFor(opset: number): number {
  if (opset >= 25) return 12;
  if (opset >= 23) return 11;
  return opset >= 21 ? 10 : 9;
}
