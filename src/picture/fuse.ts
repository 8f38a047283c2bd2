import type { Value } from "../onnx/value.ts";
import type { Flow, FlowNode } from "./flow.ts";
import { sortOf } from "./vocabulary.ts";

/** Nodes that are drawn as one box. */
export interface Group {
  /** In the order of the flow; the last one gives the group's value. */
  readonly nodes: readonly FlowNode[];
  /** Where each value that the group reads comes from, in order: a group, or an input of the model. */
  readonly sources: readonly (Group | Value)[];
}

export interface Fused {
  /** In an order in which every group stands behind those it reads. */
  readonly groups: readonly Group[];
  readonly outputs: readonly { readonly name: string; readonly source: Group | Value }[];
}

type Vertex = FlowNode | Value;

const isNode = (v: Vertex): v is FlowNode => "node" in v;

/**
 * Joins nodes that people see as one: a normalisation or activation spelled out in many nodes, a product with its bias,
 * and what follows it element by element. Nodes that only change shape or type disappear into the edges.
 *
 * Found by structure alone: a set of pointwise and reducing nodes that are read by nobody outside the set, and read one
 * value from outside, is one box; one without reductions joins the box that it reads, if it is its only reader.
 *
 * @param joins false keeps every node on its own
 */
export function fuse(flow: Flow, joins = true): Fused {
  return joins ? new Fuser(flow).run() : everyNode(flow);
}

function everyNode(flow: Flow): Fused {
  const groupOf = new Map<Value, Group>();
  const sourceOf = (v: Value) => groupOf.get(v) ?? v;
  const groups = flow.nodes.map((node) => {
    const group = { nodes: [node], sources: node.reads.map(sourceOf) };
    for (const v of node.outputs) groupOf.set(v, group);
    return group;
  });
  return { groups, outputs: flow.outputs.map(({ name, value }) => ({ name, source: sourceOf(value) })) };
}

class Fuser {
  private readonly flow: Flow;
  /** The node or input behind a value, seen through nodes that only change shape. */
  private readonly origin = new Map<Value, Vertex>();
  private readonly vertices: FlowNode[] = [];
  private readonly reads = new Map<FlowNode, Vertex[]>();
  private readonly readers = new Map<Vertex, FlowNode[]>();
  private readonly side: ReadonlySet<Vertex>;
  private readonly ends: ReadonlySet<Vertex>;

  constructor(flow: Flow) {
    this.flow = flow;
    for (const v of flow.inputs) this.origin.set(v, v);
    for (const node of flow.nodes) {
      const isBridge =
        sortOf(node.node.opType) === "shape" && node.reads.length === 1 && node.weights.length === 0;
      const first = node.reads[0];
      const behind = isBridge && first ? this.originOf(first) : node;
      for (const v of node.outputs) this.origin.set(v, behind);
      if (behind !== node) continue;
      this.vertices.push(node);
      const sources = node.reads.map((v) => this.originOf(v));
      this.reads.set(node, sources);
      for (const s of new Set(sources)) this.readers.set(s, [...(this.readers.get(s) ?? []), node]);
    }
    this.ends = new Set(flow.outputs.map((o) => this.originOf(o.value)));
    this.side = this.findSide();
  }

  run(): Fused {
    const at = new Map<Vertex, number>(this.vertices.map((v, i) => [v, i]));
    const place = (nodes: readonly FlowNode[]) => at.get(nodes.at(-1)!)!; // no set is empty, every vertex has a place
    const sets = this.mergeTails(this.closedSets(at)).sort((a, b) => place(a) - place(b));
    const groupOf = new Map<Vertex, Group>();
    const groups: Group[] = [];
    for (const nodes of sets) {
      const inside = new Set<Vertex>(nodes);
      const outside = nodes.flatMap((n) => this.readsOf(n)).filter((v) => !inside.has(v));
      const group = { nodes, sources: outside.map((v) => groupOf.get(v) ?? (v as Value)) }; // only inputs are in no group
      groups.push(group);
      for (const n of nodes) groupOf.set(n, group);
    }
    const outputs = this.flow.outputs.map(({ name, value }) => {
      const origin = this.originOf(value);
      return { name, source: groupOf.get(origin) ?? (origin as Value) }; // likewise
    });
    return { groups, outputs };
  }

  private originOf(v: Value): Vertex {
    return this.origin.get(v) ?? v;
  }

  private readsOf(n: FlowNode): readonly Vertex[] {
    return this.reads.get(n) ?? [];
  }

  private readersOf(v: Vertex): readonly FlowNode[] {
    return this.readers.get(v) ?? [];
  }

  /** What is computed without weights and lies off the way with the most of them: masks, positions. */
  private findSide(): Set<Vertex> {
    const best = new Map<Vertex, { score: number; from: Vertex | null }>();
    for (const v of this.flow.inputs) best.set(v, { score: 0, from: null });
    for (const n of this.vertices) {
      let found: { score: number; from: Vertex | null } = { score: 0, from: null };
      for (const s of this.readsOf(n)) {
        const { score } = best.get(s) ?? { score: 0 };
        if (found.from === null || score > found.score) found = { score, from: s };
      }
      best.set(n, { score: found.score + (n.weights.length > 0 ? 1 : 0), from: found.from });
    }
    const main = new Set<Vertex>();
    const first = this.flow.outputs[0];
    for (
      let v: Vertex | null = first ? this.originOf(first.value) : null;
      v !== null;
      v = best.get(v)?.from ?? null
    )
      main.add(v);
    return new Set([...best].filter(([v, { score }]) => score === 0 && !main.has(v)).map(([v]) => v));
  }

  /** Sets of pointwise and reducing nodes around one value; every other node is a set of its own. In flow order. */
  private closedSets(at: ReadonlyMap<Vertex, number>): FlowNode[][] {
    const taken = new Set<FlowNode>();
    const sets: FlowNode[][] = [];
    for (const last of [...this.vertices].reverse()) {
      if (taken.has(last)) continue;
      const set = this.growClosed(last, at, taken);
      for (const n of set) taken.add(n);
      sets.push(set);
    }
    return sets.reverse();
  }

  /** The largest set that ends in `last`, gives no other value away and reads a single one. */
  private growClosed(
    last: FlowNode,
    at: ReadonlyMap<Vertex, number>,
    taken: ReadonlySet<FlowNode>,
  ): FlowNode[] {
    const fits = (v: Vertex): v is FlowNode =>
      isNode(v) && !taken.has(v) && isSoft(v) && !this.ends.has(v) && !this.side.has(v);
    if (!isSoft(last)) return [last];
    const set = new Set<FlowNode>([last]);
    let best: FlowNode[] = [last];
    for (;;) {
      const outside = new Set(
        [...set].flatMap((n) => this.readsOf(n)).filter((v) => !isNode(v) || !set.has(v)),
      );
      const counted = [...outside].filter((v) => !this.side.has(v));
      if (counted.length <= 1) best = [...set];
      // From the latest on, so that all readers of a node are in the set before it is asked.
      const next = counted
        .filter(fits)
        .filter((v) => this.readersOf(v).every((r) => set.has(r)))
        .sort((a, b) => at.get(b)! - at.get(a)!)[0]; // every vertex has a place
      if (!next) break;
      set.add(next);
    }
    return best.sort((a, b) => at.get(a)! - at.get(b)!);
  }

  /** Puts a set without reductions behind the one it reads, where nobody else reads that one. */
  private mergeTails(sets: readonly FlowNode[][]): FlowNode[][] {
    const setOf = new Map<FlowNode, FlowNode[]>();
    const out: FlowNode[][] = [];
    for (const set of sets) {
      const inside = new Set<Vertex>(set);
      const outside = new Set(set.flatMap((n) => this.readsOf(n)).filter((v) => !inside.has(v)));
      const sources = [...outside].filter((v) => !this.side.has(v));
      const [source] = sources;
      const isTail = set.every((n) => sortOf(n.node.opType) === "pointwise");
      const host = sources.length === 1 && source && isNode(source) ? setOf.get(source) : undefined;
      const last = host?.at(-1);
      const isOnlyReader = last === source && this.readersOf(last as Vertex).every((r) => inside.has(r));
      if (isTail && host && last && isOnlyReader && !this.ends.has(last) && !this.side.has(last)) {
        host.push(...set);
        for (const n of set) setOf.set(n, host);
      } else {
        const own = [...set];
        out.push(own);
        for (const n of own) setOf.set(n, own);
      }
    }
    return out;
  }
}

function isSoft({ node }: FlowNode): boolean {
  const sort = sortOf(node.opType);
  return sort === "pointwise" || sort === "reduce";
}
