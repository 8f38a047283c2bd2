import { create, toBinary } from "@bufbuild/protobuf";
import { dataTypes } from "../tensor/data-type.ts";
import type { Attribute } from "./attribute.ts";
import type { Graph } from "./graph.ts";
import type { Model } from "./model.ts";
import type { Node } from "./node.ts";
import {
  type AttributeProto,
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  AttributeProto_AttributeType as Kind,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "./proto/onnx-ml_pb.ts";
import { encodeTensor } from "./tensor-proto.ts";
import type { Dim } from "./type.ts";
import type { Value } from "./value.ts";

/** Turns a tensor that goes to another file into the message that points there; null keeps it in the model file. */
export type ExternalWriter = (proto: TensorProto) => TensorProto | null;

/** The bytes of an `.onnx` file. What was read and not changed is written as it was read. */
export function encodeModel(model: Model, external?: ExternalWriter): Uint8Array {
  return toBinary(ModelProtoSchema, encodeModelProto(model, external));
}

export function encodeModelProto(model: Model, external?: ExternalWriter): ModelProto {
  const proto = model.origin ? shallow(model.origin) : create(ModelProtoSchema);
  if (Number(proto.irVersion) !== model.irVersion) proto.irVersion = BigInt(model.irVersion);
  if (proto.producerName !== model.producerName) proto.producerName = model.producerName;
  if (proto.producerVersion !== model.producerVersion) proto.producerVersion = model.producerVersion;
  proto.opsetImport = encodeOpsets(model);
  proto.metadataProps = encodeMetadata(model);
  proto.functions = model.functions.map((f) => f.origin);
  proto.graph = new Encoder(model.graph, external).graph(model.graph);
  return proto;
}

function encodeOpsets(model: Model): ModelProto["opsetImport"] {
  const old = model.origin?.opsetImport ?? [];
  const isSame = (o: { domain: string; version: bigint }) =>
    model.opsets.get(o.domain === "ai.onnx" ? "" : o.domain) === Number(o.version);
  const kept = old.filter(isSame);
  const known = new Set(kept.map((o) => (o.domain === "ai.onnx" ? "" : o.domain)));
  const added = [...model.opsets].filter(([domain]) => !known.has(domain));
  return [
    ...kept,
    ...added.map(([domain, version]) =>
      create(OperatorSetIdProtoSchema, { domain, version: BigInt(version) }),
    ),
  ];
}

function encodeMetadata(model: Model): ModelProto["metadataProps"] {
  const old = new Map((model.origin?.metadataProps ?? []).map((p) => [p.key, p]));
  return [...model.metadata].map(([key, value]) => {
    const before = old.get(key);
    return before?.value === value ? before : create(StringStringEntryProtoSchema, { key, value });
  });
}

/** A copy of a message that shares its fields, so that replacing one leaves the original alone. */
function shallow<T extends object>(message: T): T {
  return Object.assign(Object.create(Object.getPrototypeOf(message)), message);
}

class Encoder {
  private readonly names = new Map<Value, string>();
  private readonly taken = new Set<string>();
  private readonly external: ExternalWriter | undefined;
  private next = 0;

  constructor(root: Graph, external: ExternalWriter | undefined) {
    this.external = external;
    this.reserve(root);
  }

  /** Names that people gave are fixed first; the rest gets fresh ones when it is met. */
  private reserve(graph: Graph): void {
    for (const value of graph.values()) if (value.name) this.taken.add(value.name);
    for (const sub of graph.subgraphs()) this.reserve(sub);
  }

  private nameOf(value: Value | null): string {
    if (value === null) return "";
    const known = this.names.get(value);
    if (known !== undefined) return known;
    let name = value.name;
    while (name === "" || (value.name === "" && this.taken.has(name))) name = `v${this.next++}`;
    this.taken.add(name);
    this.names.set(value, name);
    return name;
  }

  graph(graph: Graph): GraphProto {
    const proto = graph.origin ? shallow(graph.origin) : create(GraphProtoSchema);
    if (proto.name !== graph.name) proto.name = graph.name;
    proto.input = graph.inputs.map((v) => this.valueInfo(v));
    proto.initializer = graph.initializers.map((v) => this.initializer(v));
    proto.node = graph.nodes.map((n) => this.node(n));
    proto.output = graph.outputs.map((v) => this.valueInfo(v));
    if (graph.origin) {
      const present = new Set([...graph.values()].map((v) => v.name));
      proto.valueInfo = graph.origin.valueInfo.filter((info) => present.has(info.name));
    }
    return proto;
  }

  private valueInfo(value: Value): ValueInfoProto {
    const name = this.nameOf(value);
    if (value.origin?.name === name) return value.origin;
    const proto = create(ValueInfoProtoSchema, { name });
    const type = value.isTyped ? value.type : value.declared;
    if (type !== null) proto.type = encodeType(dataTypes[type.dtype].code, type.dims);
    return proto;
  }

  private initializer(value: Value): TensorProto {
    const name = this.nameOf(value);
    const { stored, constant } = value;
    if (constant === null) throw new Error(`internal: initializer "${name}" has no elements`);
    const proto =
      stored && stored.tensor === constant && stored.proto.name === name
        ? stored.proto
        : encodeTensor(constant, name, stored?.proto);
    return this.external?.(proto) ?? proto;
  }

  private node(node: Node): NodeProto {
    const proto = node.origin ? shallow(node.origin) : create(NodeProtoSchema, { opType: node.opType });
    if (proto.name !== node.name) proto.name = node.name;
    if (node.origin === null && node.domain) proto.domain = node.domain;
    if (node.origin === null && node.overload) proto.overload = node.overload;
    proto.input = node.inputs.map((v) => this.nameOf(v));
    proto.output = node.outputs.map((v) => this.nameOf(v));
    proto.attribute = [...node.attributes].map(([name, a]) => this.attribute(name, a));
    return proto;
  }

  private attribute(name: string, attribute: Attribute): AttributeProto {
    const { origin } = attribute;
    if (origin && attribute.kind !== "graph" && attribute.kind !== "graphs") return origin;
    const proto = origin ? shallow(origin) : create(AttributeProtoSchema, { name });
    const utf8 = (s: string) => new TextEncoder().encode(s);
    switch (attribute.kind) {
      case "float":
        proto.type = Kind.FLOAT;
        proto.f = attribute.value;
        break;
      case "int":
        proto.type = Kind.INT;
        proto.i = BigInt(attribute.value);
        break;
      case "string":
        proto.type = Kind.STRING;
        proto.s = utf8(attribute.value);
        break;
      case "floats":
        proto.type = Kind.FLOATS;
        proto.floats = [...attribute.value];
        break;
      case "ints":
        proto.type = Kind.INTS;
        proto.ints = attribute.value.map(BigInt);
        break;
      case "strings":
        proto.type = Kind.STRINGS;
        proto.strings = attribute.value.map(utf8);
        break;
      case "tensor":
        proto.type = Kind.TENSOR;
        proto.t = encodeTensor(attribute.value, "");
        break;
      case "graph":
        proto.type = Kind.GRAPH;
        proto.g = this.graph(attribute.value);
        break;
      case "graphs":
        proto.type = Kind.GRAPHS;
        proto.graphs = attribute.value.map((g) => this.graph(g));
        break;
      default:
        throw new Error(`internal: attribute "${name}" of kind ${attribute.kind} has no message to write`);
    }
    return proto;
  }
}

function encodeType(elemType: number, dims: readonly Dim[] | null): NonNullable<ValueInfoProto["type"]> {
  const tensor = create(TypeProto_TensorSchema, { elemType });
  if (dims !== null) {
    tensor.shape = create(TensorShapeProtoSchema, {
      dim: dims.map((d) => {
        const dim = create(TensorShapeProto_DimensionSchema);
        if (typeof d === "number") dim.value = { case: "dimValue", value: BigInt(d) };
        if (typeof d === "string") dim.value = { case: "dimParam", value: d };
        return dim;
      }),
    });
  }
  return create(TypeProtoSchema, { value: { case: "tensorType", value: tensor } });
}
