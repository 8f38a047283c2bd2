import type { Attribute } from "../onnx/attribute.ts";
import { decodeFunctionBody } from "../onnx/decode.ts";
import type { Graph } from "../onnx/graph.ts";
import type { Model } from "../onnx/model.ts";
import type { Node } from "../onnx/node.ts";

/** A fresh copy of the body of the model-local function that a node calls. */
export interface FunctionCall {
  /** Inputs and outputs in the order of the function's signature. */
  readonly body: Graph;
  readonly opsets: ReadonlyMap<string, number>;
}

/** The body of the function that `node` calls, with the node's attributes put in; null if it calls none. */
export function callFunction(model: Model, node: Node): FunctionCall | null {
  const def = model.functions.find(
    (f) => f.domain === node.domain && f.name === node.opType && f.overload === node.overload,
  );
  if (!def) return null;
  const given = new Map<string, Attribute>(node.attributes);
  return { body: decodeFunctionBody(def, given), opsets: def.opsets };
}
