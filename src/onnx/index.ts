/** `holdfast/onnx`: any ONNX file to a graph that is wired by identity, edits of it, and back without a loss. */
export type { Attribute, AttributeInit, AttributeValue } from "./attribute.ts";
export { decodeModel } from "./decode.ts";
export { cutAt, removeDead, removeNode, renameValue, replaceAllUses, valueNamed } from "./edit.ts";
export { encodeModel } from "./encode.ts";
export { Graph } from "./graph.ts";
export { loadModel, loadModelBytes } from "./load.ts";
export { allNodes, type FunctionDef, type Model, opsetOf } from "./model.ts";
export { Node, type NodeInit } from "./node.ts";
export { type PrintOptions, printGraph } from "./print-graph.ts";
export { type SaveOptions, saveModel } from "./save.ts";
export { type ModelSummary, summarize } from "./summary.ts";
export { type DeclaredType, type Dim, formatType, type TensorType, tensorType } from "./type.ts";
export { type Use, Value } from "./value.ts";
