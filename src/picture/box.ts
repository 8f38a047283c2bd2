import type { Node } from "../onnx/node.ts";
import type { Value } from "../onnx/value.ts";
import { sizeOf } from "../tensor/shape.ts";
import type { FlowNode } from "./flow.ts";
import type { Group } from "./fuse.ts";
import { type BoxKind, idiomOf, kindOf, sortOf } from "./vocabulary.ts";

/** What is known of the dimensions of a value: numbers, or names of free ones. Null if nothing is. */
export type DimsOf = (value: Value) => readonly (number | string | null)[] | null;

/** The text and colour of a group of nodes. */
export interface BoxText {
  readonly kind: BoxKind;
  /** The operator that does most of the work, with its sizes: `Conv 3×3 / 2, 64 → 128`. */
  readonly title: string;
  /** What follows it in the same box: `BatchNorm · ReLU`. Empty for nothing. */
  readonly detail: string;
}

/** What a group of nodes is called. */
export function textOf(group: Group, dimsOf: DimsOf): BoxText {
  const lead = group.nodes.find((n) => sortOf(n.node.opType) === "other");
  const soft = group.nodes.filter((n) => n !== lead).map((n) => n.node.opType);
  const idiom = idiomOf(soft);
  if (lead) {
    const kind = leadKind(lead);
    const mask =
      group.nodes.length > 1 && kind === "attention" && lead.node.opType === "MatMul" ? ["scale"] : [];
    return { kind, title: leadTitle(lead, dimsOf), detail: [...mask, ...idiom.names].join(" · ") };
  }
  return softText(group, idiom);
}

function softText(group: Group, idiom: ReturnType<typeof idiomOf>): BoxText {
  const joins = new Set(group.sources).size > 1;
  const [first] = group.nodes;
  const opType = first?.node.opType ?? "";
  if (joins) return { kind: "join", title: JOINS[opType] ?? opType, detail: idiom.names.join(" · ") };
  const [name, ...others] = idiom.names;
  if (name !== undefined) return { kind: idiom.kind, title: name, detail: others.join(" · ") };
  const names = [...new Set(group.nodes.map((n) => n.node.opType))];
  const hasWeights = group.nodes.some((n) => n.weights.length > 0);
  if (hasWeights && names.every((n) => n in JOINS))
    return { kind: "activation", title: names.map((n) => `${JOINS[n]} weights`).join(" "), detail: "" };
  const kind = names.some((n) => kindOf(n) === "pool") ? "pool" : "activation";
  return { kind, title: names.slice(0, 3).join(" · ") + (names.length > 3 ? " …" : ""), detail: "" };
}

const JOINS: Readonly<Record<string, string>> = { Add: "+", Sum: "+", Mul: "×", Sub: "−", Div: "÷" };

function leadKind({ node, reads, weights }: FlowNode): BoxKind {
  const kind = kindOf(node.opType);
  if (kind === "linear" && reads.length > 1 && weights.length === 0) return "attention";
  if (node.opType === "Gather" && weights.length > 0) return "embedding";
  return kind;
}

function leadTitle(lead: FlowNode, dimsOf: DimsOf): string {
  const { node } = lead;
  const name =
    node.domain === "" || node.domain === "com.microsoft" ? node.opType : `${node.domain}.${node.opType}`;
  switch (leadKind(lead)) {
    case "conv":
      return convTitle(lead);
    case "linear":
      return `Linear${arrow(linearSizes(lead, dimsOf))}`;
    case "embedding":
      return `Embedding${times(largest(lead.weights)?.constant?.dims ?? [])}`;
    case "recurrent":
      return `${node.opType}${node.has("hidden_size") ? ` ${node.int("hidden_size")}` : ""}${bidirectional(node)}`;
    case "pool":
      return `${POOLS[node.opType] ?? name}${times(ints(node, "kernel_shape"))}${stride(node)}`;
    case "norm":
      return NORMS[node.opType] ?? name;
    default:
      if (node.opType !== "Concat") return name;
      return lead.weights.length > 0 ? "concat with weights" : "concat";
  }
}

const POOLS: Readonly<Record<string, string>> = {
  GlobalAveragePool: "global average",
  GlobalMaxPool: "global maximum",
  MaxPool: "max pool",
  AveragePool: "average pool",
  Resize: "resize",
  Upsample: "resize",
};

const NORMS: Readonly<Record<string, string>> = {
  LayerNormalization: "LayerNorm",
  InstanceNormalization: "InstanceNorm",
  GroupNormalization: "GroupNorm",
  RMSNormalization: "RMSNorm",
  SimplifiedLayerNormalization: "RMSNorm",
  SkipLayerNormalization: "+ LayerNorm",
  SkipSimplifiedLayerNormalization: "+ RMSNorm",
};

function convTitle({ node, weights, stored }: FlowNode): string {
  const dims = largest(weights)?.constant?.dims ?? stored[0] ?? [];
  const group = node.has("group") ? node.int("group") : 1;
  const isTransposed = node.opType === "ConvTranspose";
  const [a = 0, b = 0, ...kernel] = dims;
  const sizes = isTransposed ? [a, b * group] : [b * group, a];
  const depthwise = group > 1 && sizes[0] === group;
  const [side = 0] = kernel;
  const isPatches = side >= 4 && ints(node, "strides").every((s, i) => s === kernel[i]);
  if (isPatches && !isTransposed) return `Patches${times(kernel)},${arrow(sizes)}`;
  const name = isTransposed ? "Conv up" : depthwise ? "Depthwise" : group > 1 ? "Grouped conv" : "Conv";
  return `${name}${times(kernel)}${stride(node)}${depthwise && sizes[0] === sizes[1] ? `, ${sizes[0]}` : a ? `,${arrow(sizes)}` : ""}`;
}

function linearSizes({ node, weights, outputs, stored }: FlowNode, dimsOf: DimsOf): readonly number[] {
  const dims = largest(weights)?.constant?.dims ?? stored.find((d) => d.length === 2) ?? [];
  const [a, b] = dims;
  if (dims.length !== 2 || a === undefined || b === undefined) return [];
  const out = outputs[0] ? dimsOf(outputs[0])?.at(-1) : null;
  const isTurned =
    typeof out === "number" ? out === a && out !== b : node.has("transB") && node.int("transB") === 1;
  return isTurned ? [b, a] : [a, b];
}

function largest(values: readonly Value[]): Value | undefined {
  const size = (v: Value) => sizeOf(v.constant?.dims ?? []);
  return [...values].sort((x, y) => size(y) - size(x))[0];
}

function ints(node: Node, name: string): readonly number[] {
  return node.has(name) ? node.ints(name) : [];
}

function stride(node: Node): string {
  const [s = 1] = ints(node, "strides");
  return s > 1 ? ` / ${s}` : "";
}

function bidirectional(node: Node): string {
  return node.has("direction") && node.string("direction") === "bidirectional" ? ", both ways" : "";
}

function times(dims: readonly number[]): string {
  return dims.length === 0 ? "" : ` ${dims.join("×")}`;
}

function arrow(sizes: readonly number[]): string {
  return sizes.length === 2 ? ` ${sizes[0]} → ${sizes[1]}` : "";
}
