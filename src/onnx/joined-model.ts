import { toBinary } from "@bufbuild/protobuf";
import { ModelError } from "../errors.ts";
import { replaceAllUses } from "./edit.ts";
import { Graph } from "./graph.ts";
import { allNodes, type FunctionDef, functionKey, type Model } from "./model.ts";
import { Node, type NodeInit } from "./node.ts";
import { FunctionProtoSchema } from "./proto/onnx-ml_pb.ts";
import { dependencies } from "./prune.ts";
import type { Value } from "./value.ts";

/** One of the models that are joined. */
export interface Part {
  /** Stands before the names of its values and a slash: `vision_encoder/encoder.layers.0.fc1.weight`. */
  readonly name: string;
  readonly model: Model;
}

/** How the last part is fed by those before it. */
export interface Joint {
  /** The input of the last part that is no input of the whole. */
  readonly input: Value;
  /** Outputs of the other parts, one each, in their order. */
  readonly outputs: readonly Value[];
  /** Makes of the other parts' outputs what the last part reads. */
  readonly between: (outputs: readonly Value[], add: AddNode) => Value;
  /** Version of ai.onnx that the nodes of `between` are written in. */
  readonly opset: number;
}

/** Adds a node with one output. */
export type AddNode = (opType: string, inputs: readonly Value[], init?: NodeInit) => Value;

/**
 * Several models as one graph, in which the last reads what the others give. Inputs of the whole are those of all parts
 * but the joint; outputs are those of the last part. The parts' values and nodes are the very ones of the whole, under
 * longer names, so that whatever changes a weight or a node of the whole changes the part; `apart` gives them back.
 */
export class JoinedModel implements Model {
  readonly graph: Graph = new Graph("joined");
  readonly parts: readonly Part[];
  readonly irVersion: number;
  readonly opsets: Map<string, number> = new Map();
  readonly nodeOpsets: ReadonlyMap<Node, ReadonlyMap<string, number>>;
  readonly functions: readonly FunctionDef[];
  readonly producerName = "";
  readonly producerVersion = "";
  readonly metadata: Map<string, string> = new Map();
  readonly external = null;
  readonly origin = null;
  /** The outputs that the parts before the last came with and feed it, one each. */
  readonly joined: readonly Value[];
  private readonly names: readonly Renamed[];
  private readonly input: Value;
  /** What the last part reads at its input. */
  private readonly fed: Value;
  /** An Identity behind the output of each of the other parts. */
  private readonly ports: readonly Node[];
  /** Nodes, initializers and outputs that each part came with. */
  private readonly own: ReadonlyMap<
    Part,
    { nodes: ReadonlySet<Node>; stored: ReadonlySet<Value>; outputs: readonly Value[] }
  >;

  /** @throws ModelError if two parts take an input of one name, or define one function in two ways */
  constructor(parts: readonly Part[], joint: Joint) {
    const graphs = parts.map((p) => p.model.graph);
    const last = graphs.at(-1)!; // a joined model has parts
    this.parts = parts;
    this.joined = joint.outputs;
    this.input = joint.input;
    this.irVersion = Math.max(...parts.map((p) => p.model.irVersion));
    this.functions = functionsOf(parts);
    for (const { model } of parts)
      for (const [domain, version] of model.opsets)
        this.opsets.set(domain, Math.max(version, this.opsets.get(domain) ?? 0));

    this.graph.inputs = graphs.flatMap((g) => g.inputs).filter((v) => v !== joint.input);
    this.graph.outputs = [...last.outputs];
    checkInputs(this.graph.inputs);
    const border = new Set([...this.graph.inputs, ...this.graph.outputs]);
    this.names = parts.flatMap((part) => longNames(part, border));
    for (const { named, long } of this.names) named.name = long;

    const between: Node[] = [];
    const add: AddNode = (opType, inputs, init) => {
      const node = new Node(opType, inputs, 1, init);
      between.push(node);
      return node.output();
    };
    this.own = new Map(
      parts.map((part) => {
        const { nodes, initializers, outputs } = part.model.graph;
        return [part, { nodes: new Set(nodes), stored: new Set(initializers), outputs }];
      }),
    );
    const ports = joint.outputs.map((v) => add("Identity", [v]));
    this.ports = [...between];
    this.fed = joint.between(ports, add);
    replaceAllUses(last, joint.input, this.fed);
    this.graph.nodes = [...graphs.slice(0, -1).flatMap((g) => g.nodes), ...between, ...last.nodes];
    this.graph.initializers = graphs.flatMap((g) => g.initializers);
    this.nodeOpsets = new Map([
      ...parts.flatMap(({ model }) =>
        [...allNodes(model.graph)].map((node) => [node, model.opsets] as const),
      ),
      ...between.map((node) => [node, new Map([["", joint.opset]])] as const),
    ]);
  }

  /**
   * Runs `body` while each part's model is a whole of its own, with the names it came with and whatever nodes and weights
   * were put into it since. Afterwards they are joined again.
   */
  async apart<T>(body: (parts: readonly Part[]) => Promise<T>): Promise<T> {
    const uses = [...this.fed.uses];
    replaceAllUses(this.graph, this.fed, this.input);
    for (const { named, short } of this.names) named.name = short;
    const undo = this.parts.map((part, i) => this.settle(part, i));
    try {
      return await body(this.parts);
    } finally {
      for (const step of undo) step();
      for (const { named, long } of this.names) named.name = long;
      for (const { node, index } of uses) node.setInput(index, this.fed);
    }
  }

  /** Puts into a part's own graph what is now before its outputs. @returns how to take its new names back */
  private settle(part: Part, index: number): () => void {
    const { graph } = part.model;
    const own = this.own.get(part)!; // every part has its entry
    const [before, now] = [this.joined[index], this.ports[index]?.input(0)];
    graph.outputs = now ? own.outputs.map((v) => (v === before ? now : v)) : [...this.graph.outputs];
    const { nodes, values } = dependencies(this.graph, graph.outputs);
    graph.nodes = this.graph.nodes.filter((n) => nodes.has(n) || own.nodes.has(n));
    graph.initializers = this.graph.initializers.filter((v) => values.has(v) || own.stored.has(v));
    return before && now && now !== before ? exchangeNames(before, now) : () => undefined;
  }
}

/** @throws ModelError if two inputs bear one name */
function checkInputs(inputs: readonly Value[]): void {
  const seen = new Set<string>();
  for (const { name } of inputs) {
    if (seen.has(name))
      throw new ModelError(
        `two parts of the model take an input "${name}", and one batch cannot tell them apart`,
      );
    seen.add(name);
  }
}

/** The functions of all parts. @throws ModelError if parts define one in different ways */
function functionsOf(parts: readonly Part[]): FunctionDef[] {
  const found = new Map<string, FunctionDef>();
  const bytes = (f: FunctionDef) => String(toBinary(FunctionProtoSchema, f.origin));
  for (const { name, model } of parts) {
    for (const f of model.functions) {
      const key = functionKey(f);
      const other = found.get(key);
      if (other && bytes(other) !== bytes(f))
        throw new ModelError(
          `${name}: function ${key} is another than in the parts before it; export the parts with their functions inlined`,
        );
      found.set(key, f);
    }
  }
  return [...found.values()];
}

interface Renamed {
  readonly named: Value | Node;
  readonly short: string;
  readonly long: string;
}

/** Names that tell the values and nodes of a part from those of others. A node's begins with a slash, as scopes do. */
function longNames({ name, model }: Part, border: ReadonlySet<Value>): Renamed[] {
  const found = new Map<Value | Node, Renamed>();
  const visit = (graph: Graph): void => {
    for (const value of graph.values()) {
      if (value.name === "" || border.has(value)) continue;
      found.set(value, { named: value, short: value.name, long: `${name}/${value.name}` });
    }
    for (const node of graph.nodes) {
      if (node.name === "") continue;
      const scope = node.name.startsWith("/") ? node.name : `/${node.name}`;
      found.set(node, { named: node, short: node.name, long: `/${name}${scope}` });
    }
    for (const sub of graph.subgraphs()) visit(sub);
  };
  visit(model.graph);
  return [...found.values()];
}

/** Gives `now` the name of `before`, which stands no longer for what it says. @returns how to take that back */
function exchangeNames(before: Value, now: Value): () => void {
  const [a, b] = [before.name, now.name];
  now.name = a;
  now.declared ??= before.declared;
  before.name = `${a}_before`;
  return () => {
    before.name = a;
    now.name = b;
  };
}
