import type { ExternalData } from "./external-data.ts";
import type { Graph } from "./graph.ts";
import type { Node } from "./node.ts";
import type { FunctionProto, ModelProto } from "./proto/onnx-ml_pb.ts";

/** A model-local function: a body of nodes over named inputs, outputs and attributes, that nodes may call. */
export interface FunctionDef {
  readonly domain: string;
  readonly name: string;
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Names of attributes without a default. */
  readonly attributes: readonly string[];
  readonly opsets: ReadonlyMap<string, number>;
  /** Where tensors of the body lie, if in other files. */
  readonly external?: ExternalData | null;
  readonly origin: FunctionProto;
}

/** An ONNX model: a graph, the operator sets it is written in, and everything else that the file holds. */
export interface Model {
  readonly graph: Graph;
  irVersion: number;
  /** Version of each operator set in use, by domain; "" is ai.onnx. */
  readonly opsets: Map<string, number>;
  /** The same for nodes that were written in other versions, in a model that was joined of several. */
  readonly nodeOpsets?: ReadonlyMap<Node, ReadonlyMap<string, number>>;
  readonly functions: readonly FunctionDef[];
  producerName: string;
  producerVersion: string;
  readonly metadata: Map<string, string>;
  /** The files of weights beside the model it was loaded from; saving keeps their layout. */
  readonly external?: ExternalData | null;
  /** The message this model was read from; keeps what the IR does not model. */
  readonly origin: ModelProto | null;
}

/** What tells one function from another: `domain::name`, and the overload where it has one. */
export function functionKey(f: Pick<FunctionDef, "domain" | "name" | "overload">): string {
  const domain = f.domain === "ai.onnx" ? "" : f.domain;
  return `${domain}::${f.name}${f.overload && `:${f.overload}`}`;
}

/** The version of a domain's operator set that a model imports, or null if it imports none. */
export function opsetOf(model: Model, domain = ""): number | null {
  return model.opsets.get(domain) ?? (domain === "" ? (model.opsets.get("ai.onnx") ?? null) : null);
}

/** The version of ai.onnx that a node of a model is written in; 1 where nothing says it. */
export function nodeOpset(model: Model, node: Node): number {
  return model.nodeOpsets?.get(node)?.get("") ?? opsetOf(model) ?? 1;
}

/** Nodes of a graph and of all graphs inside it. */
export function* allNodes(graph: Graph): Generator<Node> {
  for (const node of graph.nodes) yield node;
  for (const sub of graph.subgraphs()) yield* allNodes(sub);
}
