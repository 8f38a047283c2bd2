import type { Preprocessing, TextPreprocessing } from "../data/preprocess/config.ts";
import { logitsOf } from "../heads/find-head.ts";
import { cutAt } from "../onnx/edit.ts";
import type { Graph } from "../onnx/graph.ts";
import type { Value } from "../onnx/value.ts";

/** What pipelines of Transformers.js read of a model that classifies. */
const OUTPUT = "logits";

/**
 * Gives a model's inputs and its first output the names that pipelines of Transformers.js feed and read: `pixel_values`
 * for images, `input_ids`, `attention_mask`, `token_type_ids` and `position_ids` for texts; `logits`. A softmax or sigmoid
 * at the end goes, since a pipeline applies one. Inputs for arrays keep their names.
 *
 * @returns new names of inputs by old ones
 */
export function nameForPipelines(graph: Graph, preprocessing: Preprocessing): ReadonlyMap<string, string> {
  const wanted = inputNames(graph, preprocessing);
  const output = graph.outputs[0]!; // a model that was trained has one
  const { logits, kind } = logitsOf(output);
  if (kind !== "logits") cutAt(graph, [logits, ...graph.outputs.slice(1)]);
  for (const value of graph.inputs) {
    const name = wanted.get(value.name);
    if (name !== undefined) rename(graph, value, name);
  }
  rename(graph, graph.outputs[0]!, OUTPUT);
  return wanted;
}

function inputNames(graph: Graph, preprocessing: Preprocessing): ReadonlyMap<string, string> {
  // No pipeline feeds arrays, and models of sounds bear the names of their extractors.
  if (preprocessing.kind === "array" || preprocessing.kind === "audio") return new Map();
  if (preprocessing.kind === "image-text") {
    const { pixels, text } = preprocessing;
    return new Map([...textNames(text), [pixels, "pixel_values"]]);
  }
  if (preprocessing.kind === "image") {
    const stored = new Set(graph.initializers);
    const input = graph.inputs.find((v) => !stored.has(v) && v.constant === null);
    return new Map(input ? [[input.name, "pixel_values"]] : []);
  }
  return textNames(preprocessing);
}

function textNames({ ids, mask, types, positions }: TextPreprocessing): ReadonlyMap<string, string> {
  const roles = [
    [ids, "input_ids"],
    [mask, "attention_mask"],
    [types, "token_type_ids"],
    [positions, "position_ids"],
  ] as const;
  return new Map(roles.flatMap(([input, name]) => (input ? [[input.name, name] as const] : [])));
}

/** Another value of that name makes way: what is inside the graph may be called anything. */
function rename(graph: Graph, value: Value, name: string): void {
  const names = new Set<string>();
  let other: Value | null = null;
  for (const v of graph.values()) {
    names.add(v.name);
    if (v !== value && v.name === name) other = v;
  }
  value.name = name;
  if (other === null) return;
  for (let i = 1; ; i++) {
    other.name = `${name}_${i}`;
    if (!names.has(other.name)) return;
  }
}
