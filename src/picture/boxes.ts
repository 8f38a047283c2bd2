import type { Model } from "../onnx/model.ts";
import type { Value } from "../onnx/value.ts";
import { sizeOf } from "../tensor/shape.ts";
import { type BoxText, type DimsOf, textOf } from "./box.ts";
import type { FlowNode } from "./flow.ts";
import { flowOf } from "./flow.ts";
import { fuse, type Group } from "./fuse.ts";

/** One box of a network: an input, an output, or nodes that are seen as one. */
export interface Box extends BoxText {
  /** Its place in the network's list. */
  readonly index: number;
  readonly nodes: readonly FlowNode[];
  /** Indices of the boxes it reads, in order, each as often as it is read. */
  readonly reads: readonly number[];
  /** Boxes that it reads and that many others read all over the network: drawn as a mention, not as a line. */
  readonly mentions: readonly number[];
  /** Dimensions of what it gives; null if they are not known. */
  readonly dims: ReturnType<DimsOf>;
  /** Elements of the weights that are counted here: each weight at the first box that reads it. */
  readonly elements: number;
  /** Whether it reads weights that are counted at another box. */
  readonly shares: boolean;
  /** Why no gradient passes it, or null. */
  readonly blocked: string | null;
  /** What tells equal boxes: operators, attributes and sizes of weights. */
  readonly signature: string;
}

export interface Network {
  readonly boxes: readonly Box[];
  readonly elements: number;
  /** Nodes of the model, and how many of them are constants or arithmetic on shapes. */
  readonly nodes: number;
  readonly hidden: number;
}

export interface NetworkOptions {
  readonly dimsOf: DimsOf;
  /** Why no gradient passes a node, or null. */
  readonly blockedBy: (node: FlowNode["node"]) => string | null;
  /** False draws every node by itself. */
  readonly joins?: boolean;
}

/** A value read at this many different depths is mentioned where it is read: lines all over would hide the rest. */
const MENTIONED_DEPTHS = 4;

/** The boxes of a model, each behind those it reads. */
export function networkOf(model: Model, { dimsOf, blockedBy, joins = true }: NetworkOptions): Network {
  const flow = flowOf(model);
  const { groups, outputs } = fuse(flow, joins);
  const indexOf = new Map<Group | Value, number>();
  const drafts: Draft[] = [];
  const add = (key: Group | Value | null, draft: Draft) => {
    if (key !== null) indexOf.set(key, drafts.length);
    drafts.push(draft);
  };
  const sides = sideOrigins(groups, outputs[0]?.source ?? null);
  for (const v of flow.inputs) add(v, inputDraft(v, dimsOf));
  const counted = new Set<Value>();
  for (const group of groups) {
    if (sides.has(group)) continue;
    const weights = [...new Set(group.nodes.flatMap((n) => n.weights))];
    const own = weights.filter((w) => !counted.has(w));
    for (const w of own) counted.add(w);
    add(group, {
      ...textOf(group, dimsOf),
      nodes: group.nodes,
      // Groups stand behind what they read.
      reads: group.sources.filter((s) => !sides.has(s)).map((s) => indexOf.get(s)!),
      mentions: [...new Set(group.sources.flatMap((s) => [...(sides.get(s) ?? [])]))].map(
        (v) => indexOf.get(v)!,
      ),
      dims: dimsOfGroup(group, dimsOf),
      elements: own.reduce((sum, w) => sum + sizeOf(w.constant?.dims ?? []), 0),
      shares: own.length < weights.length,
      blocked: firstOf(group.nodes.map((n) => blockedBy(n.node))),
      signature: group.nodes.map(signatureOf).join(";"),
    });
  }
  for (const { name, source } of outputs) {
    const from = indexOf.get(source); // none for an output that no weight and no main data reaches
    const value = flow.outputs.find((o) => o.name === name)?.value;
    add(null, {
      ...plain("output", name),
      reads: from === undefined ? [] : [from],
      mentions: [],
      dims: value ? dimsOf(value) : null,
    });
  }
  const mentioned = findMentioned(drafts);
  const boxes = drafts.map((draft, index): Box => {
    if (draft.kind === "output") return { ...draft, index };
    const far = draft.reads.filter((i) => mentioned.has(i));
    const mentions = [...new Set([...draft.mentions, ...far])];
    return { ...draft, index, reads: draft.reads.filter((i) => !mentioned.has(i)), mentions };
  });
  return {
    boxes,
    elements: boxes.reduce((sum, b) => sum + b.elements, 0),
    nodes: flow.nodes.length + flow.hidden,
    hidden: flow.hidden,
  };
}

type Draft = Omit<Box, "index">;

function plain(kind: "input" | "output", title: string): Omit<Draft, "reads" | "mentions" | "dims"> {
  return { kind, title, detail: "", nodes: [], elements: 0, shares: false, blocked: null, signature: kind };
}

function inputDraft(value: Value, dimsOf: DimsOf): Draft {
  return {
    ...plain("input", value.name),
    reads: [],
    mentions: [],
    dims: dimsOf(value) ?? value.declared?.dims ?? null,
  };
}

function dimsOfGroup(group: Group, dimsOf: DimsOf): Box["dims"] {
  const [value] = group.nodes.at(-1)?.outputs ?? [];
  return value ? dimsOf(value) : null;
}

function signatureOf({ node, weights, stored }: FlowNode): string {
  const attributes = [...node.attributes]
    .filter(([, a]) => a.kind === "int" || a.kind === "ints" || a.kind === "string")
    .map(([name, a]) => `${name}=${String((a as { value?: unknown }).value)}`) // these three kinds have a value
    .sort();
  const sizes = [...weights.map((w) => w.constant?.dims ?? []), ...stored].map((d) => d.join("x"));
  return `${node.domain}.${node.opType}(${attributes.join(",")})[${sizes.join(" ")}]`;
}

/**
 * Groups, and inputs, that no weight has touched and that lie off the way with most weights to the output, with the
 * inputs behind them: masks, positions. They are not drawn; who reads them mentions those inputs.
 */
function sideOrigins(
  groups: readonly Group[],
  output: Group | Value | null,
): Map<Group | Value, ReadonlySet<Value>> {
  const known = new Map<Group | Value, { weights: number; from: Group | Value | null; inputs: Set<Value> }>();
  const of = (s: Group | Value) => known.get(s) ?? { weights: 0, from: null, inputs: new Set([s as Value]) }; // an input
  for (const group of groups) {
    const [first, ...others] = group.sources;
    const from = others.reduce((a, s) => (a && of(s).weights > of(a).weights ? s : a), first ?? null);
    const own = group.nodes.some((n) => n.weights.length > 0) ? 1 : 0;
    const inputs = new Set(group.sources.flatMap((s) => [...of(s).inputs]));
    known.set(group, { weights: own + (from ? of(from).weights : 0), from, inputs });
  }
  const main = new Set<Group | Value>();
  for (let s = output; s !== null; s = of(s).from) main.add(s);
  const sides = new Map<Group | Value, ReadonlySet<Value>>();
  for (const s of new Set(groups.flatMap((g) => [g, ...g.sources])))
    if (of(s).weights === 0 && !main.has(s) && (known.has(s) || isReadBySide(s))) sides.set(s, of(s).inputs);
  return sides;

  function isReadBySide(input: Group | Value): boolean {
    return groups.filter((g) => g.sources.includes(input)).every((g) => of(g).weights === 0 && !main.has(g));
  }
}

function findMentioned(drafts: readonly Draft[]): Set<number> {
  // How far each box is from the end: boxes that read one value for different layers stand at the same depth from the start.
  const height = drafts.map(() => 0);
  const heights = drafts.map(() => new Set<number>());
  for (let i = drafts.length - 1; i >= 0; i--) {
    const draft = drafts[i]!; // i runs over the list
    for (const r of draft.reads) {
      height[r] = Math.max(height[r] ?? 0, (height[i] ?? 0) + 1);
      if (draft.kind !== "output") heights[r]?.add(height[i] ?? 0);
    }
  }
  return new Set(heights.flatMap((h, i) => (h.size >= MENTIONED_DEPTHS ? [i] : [])));
}

function firstOf<T>(items: readonly (T | null)[]): T | null {
  return items.find((item) => item !== null) ?? null;
}
