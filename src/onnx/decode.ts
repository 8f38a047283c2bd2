import { fromBinary, isFieldSet } from "@bufbuild/protobuf";
import { ModelError, messageOf } from "../errors.ts";
import type { Attribute } from "./attribute.ts";
import type { ExternalData } from "./external-data.ts";
import { checkFunctions } from "./function-check.ts";
import { Graph } from "./graph.ts";
import type { FunctionDef, Model } from "./model.ts";
import { Node } from "./node.ts";
import { inOrder } from "./node-order.ts";
import {
  type AttributeProto,
  AttributeProtoSchema,
  type FunctionProto,
  type GraphProto,
  AttributeProto_AttributeType as Kind,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from "./proto/onnx-ml_pb.ts";
import { decodeTensor } from "./tensor-proto.ts";
import { decodeType } from "./type-proto.ts";
import { Value } from "./value.ts";
import { checkWire } from "./wire-check.ts";

/**
 * The model in the bytes of an `.onnx` file that keeps all its tensors itself. Large tensors are views on the bytes.
 *
 * @throws ModelError if the bytes are no model, a tensor lies in another file, or a graph is cyclic or reads a value
 *   that nothing defines
 */
export function decodeModel(bytes: Uint8Array): Model {
  return decodeModelProto(parseModelProto(bytes), null);
}

/** The protobuf message in the bytes of an `.onnx` file. @throws ModelError if they are damaged or no model */
export function parseModelProto(bytes: Uint8Array): ModelProto {
  if (isGitLfsPointer(bytes)) {
    throw new ModelError(
      "not an ONNX model: the file only points to one in Git LFS; fetch it with: git lfs pull",
    );
  }
  checkWire(ModelProtoSchema, bytes);
  let proto: ModelProto;
  try {
    proto = fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    throw new ModelError(
      `not an ONNX model: the protobuf message is damaged (${messageOf(cause)}); copy or export the file again`,
      { cause },
    );
  }
  if (proto.graph === undefined) {
    throw new ModelError(
      "not an ONNX model: the file holds no graph; is it empty, a checkpoint or another protobuf file?",
    );
  }
  return proto;
}

function isGitLfsPointer(bytes: Uint8Array): boolean {
  return new TextDecoder().decode(bytes.subarray(0, 24)) === "version https://git-lfs.";
}

/** The model that a message with a graph stands for. @throws ModelError as `decodeModel` does */
export function decodeModelProto(proto: ModelProto, external: ExternalData | null): Model {
  const functions = proto.functions.map(
    (f): FunctionDef => ({
      domain: normalDomain(f.domain),
      name: f.name,
      overload: f.overload,
      inputs: f.input,
      outputs: f.output,
      attributes: f.attribute,
      opsets: decodeOpsets(f.opsetImport),
      external,
      origin: f,
    }),
  );
  const root = proto.graph!; // parseModelProto has checked for it
  checkFunctions(functions, root.node);
  return {
    graph: new Decoder(external).graph(root, null),
    irVersion: Number(proto.irVersion),
    opsets: decodeOpsets(proto.opsetImport),
    functions,
    producerName: proto.producerName,
    producerVersion: proto.producerVersion,
    metadata: new Map(proto.metadataProps.map((p) => [p.key, p.value])),
    external,
    origin: proto,
  };
}

/** "ai.onnx" and "" name the same domain; the IR uses "". */
export function normalDomain(domain: string): string {
  return domain === "ai.onnx" ? "" : domain;
}

/** Version by domain of a list of operator sets; the last of a doubled domain holds. */
export function decodeOpsets(imports: readonly { domain: string; version: bigint }[]): Map<string, number> {
  return new Map(imports.map((o) => [normalDomain(o.domain), Number(o.version)]));
}

/** Values by name, seen from inside a graph: its own first, then those of the graphs around it. */
class Scope {
  readonly own: Map<string, Value> = new Map();
  readonly outer: Scope | null;

  constructor(outer: Scope | null) {
    this.outer = outer;
  }

  find(name: string): Value | undefined {
    return this.own.get(name) ?? this.outer?.find(name);
  }
}

class Decoder {
  private readonly external: ExternalData | null;

  constructor(external: ExternalData | null) {
    this.external = external;
  }

  // Nesting is bounded where the bytes are parsed.
  graph(proto: GraphProto, outer: Scope | null): Graph {
    const scope = new Scope(outer);
    const graph = new Graph(proto.name);
    graph.origin = proto;
    for (const info of proto.input)
      graph.inputs.push(this.declare(scope, info, `graph "${proto.name}" input`));
    for (const stored of proto.initializer) {
      const value = this.initializer(scope, stored, `graph "${proto.name}" initializer`);
      const tensor = decodeTensor(stored, this.external?.bytes.get(stored));
      value.constant = tensor;
      value.stored = { proto: stored, tensor };
      value.type = { dtype: tensor.dtype, dims: tensor.dims };
      graph.initializers.push(value);
    }
    // A sparse initializer defines its name too; the tensor itself stays in the message.
    for (const sparse of proto.sparseInitializer) {
      const name = sparse.values?.name ?? "";
      if (!scope.own.has(name)) this.define(scope, name, `graph "${proto.name}" sparse initializer`);
    }
    this.nodes(proto, graph, scope);
    for (const info of proto.valueInfo) {
      const value = scope.own.get(info.name);
      if (value) describeValue(value, info);
    }
    for (const info of proto.output) {
      const value = scope.find(info.name);
      if (!value) throw new ModelError(`graph "${proto.name}": output "${info.name}" is computed by no node`);
      // An output may be a value of a graph around this one, which describes it better.
      if (scope.own.has(info.name)) describeValue(value, info);
      graph.outputs.push(value);
    }
    return graph;
  }

  functionBody(proto: FunctionProto): Graph {
    const scope = new Scope(null);
    const graph = new Graph(proto.name);
    graph.inputs = proto.input.map((name) => this.define(scope, name, `function "${proto.name}" input`));
    this.nodes(proto, graph, scope);
    graph.outputs = proto.output.map((name) => {
      const value = scope.find(name);
      if (!value) throw new ModelError(`function "${proto.name}": output "${name}" is computed by no node`);
      return value;
    });
    return graph;
  }

  /** Nodes, each behind those that compute what it reads. */
  private nodes(proto: { readonly node: readonly NodeProto[] }, graph: Graph, scope: Scope): void {
    const defined = new Set(proto.node.flatMap((n) => n.output));
    for (const n of inOrder(proto.node)) {
      const inputs = n.input.map((name) => {
        if (name === "") return null;
        const value = scope.find(name);
        if (value) return value;
        throw new ModelError(
          `${nameNode(n)} reads "${name}", ` +
            (defined.has(name)
              ? "which is computed from it: the graph has a cycle"
              : "which no input, initializer or node defines"),
          { details: { node: n.name, value: name } },
        );
      });
      const attributes = new Map<string, Attribute>();
      for (const a of n.attribute) {
        if (attributes.has(a.name))
          throw new ModelError(`${nameNode(n)}: attribute ${a.name} is given twice`);
        attributes.set(a.name, this.attribute(a, scope, nameNode(n)));
      }
      const outputs = n.output.map((name) => (name === "" ? null : this.define(scope, name, nameNode(n))));
      const node = new Node(n.opType, inputs, outputs, {
        domain: normalDomain(n.domain),
        name: n.name,
        overload: n.overload,
      });
      for (const [name, attribute] of attributes) node.attributes.set(name, attribute);
      node.origin = n;
      graph.nodes.push(node);
    }
  }

  private declare(scope: Scope, info: ValueInfoProto, where: string): Value {
    const value = this.define(scope, info.name, where);
    describeValue(value, info);
    return value;
  }

  // An initializer may be the default of an input, but not of another initializer.
  private initializer(scope: Scope, stored: TensorProto, where: string): Value {
    const input = scope.own.get(stored.name);
    return input && input.stored === null ? input : this.define(scope, stored.name, where);
  }

  private define(scope: Scope, name: string, where: string): Value {
    if (name === "") throw new ModelError(`${where} has no name`);
    if (scope.own.has(name)) throw new ModelError(`${where} defines "${name}", which is defined already`);
    const value = new Value(name);
    scope.own.set(name, value);
    return value;
  }

  attribute(proto: AttributeProto, scope: Scope | null, where: string): Attribute {
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    const place = `${where}: attribute ${proto.name}`;
    const origin = proto;
    if (proto.refAttrName) return { kind: "reference", value: proto.refAttrName, origin };
    switch (kindOf(proto)) {
      case Kind.FLOAT:
        return { kind: "float", value: proto.f, origin };
      case Kind.INT:
        return { kind: "int", value: Number(proto.i), origin };
      case Kind.STRING:
        return { kind: "string", value: text(proto.s), origin };
      case Kind.FLOATS:
        return { kind: "floats", value: proto.floats, origin };
      case Kind.INTS:
        return { kind: "ints", value: proto.ints.map(Number), origin };
      case Kind.STRINGS:
        return { kind: "strings", value: proto.strings.map(text), origin };
      case Kind.TENSOR: {
        if (proto.t === undefined) throw new ModelError(`${place} is a tensor without content`);
        return {
          kind: "tensor",
          value: decodeTensor(proto.t, this.external?.bytes.get(proto.t), place),
          origin,
        };
      }
      case Kind.GRAPH:
        if (proto.g === undefined) throw new ModelError(`${place} is a graph without content`);
        return { kind: "graph", value: this.graph(proto.g, scope), origin };
      case Kind.GRAPHS:
        return { kind: "graphs", value: proto.graphs.map((g) => this.graph(g, scope)), origin };
      default:
        return { kind: "other", origin };
    }
  }
}

/** The kind of an attribute; files of IR version 1 do not state it, there it is the field that is set. */
function kindOf(proto: AttributeProto): Kind {
  if (proto.type !== Kind.UNDEFINED) return proto.type;
  const { field } = AttributeProtoSchema;
  if (isFieldSet(proto, field.f)) return Kind.FLOAT;
  if (isFieldSet(proto, field.i)) return Kind.INT;
  if (isFieldSet(proto, field.s)) return Kind.STRING;
  if (proto.t) return Kind.TENSOR;
  if (proto.g) return Kind.GRAPH;
  if (proto.floats.length > 0) return Kind.FLOATS;
  if (proto.ints.length > 0) return Kind.INTS;
  if (proto.strings.length > 0) return Kind.STRINGS;
  return proto.graphs.length > 0 ? Kind.GRAPHS : Kind.UNDEFINED;
}

function nameNode(n: NodeProto): string {
  return `${n.opType} "${n.name || n.output[0] || ""}"`;
}

function describeValue(value: Value, info: ValueInfoProto): void {
  value.origin = info;
  value.declared = decodeType(info.type, info.name);
}

/**
 * A fresh copy of a model-local function's body. References to the function's attributes are replaced by `given`,
 * by the defaults that the function declares, or left out where neither exists.
 */
export function decodeFunctionBody(def: FunctionDef, given: ReadonlyMap<string, Attribute>): Graph {
  const decoder = new Decoder(def.external ?? null);
  const defaults = def.origin.attributeProto.map((a): [string, Attribute] => [
    a.name,
    decoder.attribute(a, null, `function "${def.name}"`),
  ]);
  const graph = decoder.functionBody(def.origin);
  resolveReferences(graph, new Map([...defaults, ...given]));
  return graph;
}

function resolveReferences(graph: Graph, values: ReadonlyMap<string, Attribute>): void {
  for (const node of graph.nodes) {
    for (const [name, attribute] of [...node.attributes]) {
      if (attribute.kind !== "reference") continue;
      const value = values.get(attribute.value);
      if (value) node.attributes.set(name, value);
      else node.attributes.delete(name);
    }
  }
  for (const sub of graph.subgraphs()) resolveReferences(sub, values);
}
