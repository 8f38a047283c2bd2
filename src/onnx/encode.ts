import { create, toBinary } from "@bufbuild/protobuf";
import { HoldfastError, ModelError } from "../errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Attribute } from "./attribute.ts";
import { decodeOpsets, normalDomain } from "./decode.ts";
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
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "./proto/onnx-ml_pb.ts";
import { encodeTensor, withRawData } from "./tensor-proto.ts";
import { replaceTensors, shallowCopy, tensorsIn } from "./tensor-walk.ts";
import { declaredTypesEqual, decodeType, encodeType } from "./type-proto.ts";
import type { Value } from "./value.ts";

/** Told of each stored tensor that was replaced: the message that will be written, and the one that was read. */
export type OnReplace = (now: TensorProto, before: TensorProto) => void;

/** A message of 2 GiB or more cannot be read back by any protobuf library. */
export const MAX_MESSAGE_BYTES: number = 2 ** 31 - 1;

/**
 * The bytes of an `.onnx` file that holds all its tensors, also those that were read from other files.
 * What was read and not changed is written as it was read.
 *
 * @throws ModelError if they are 2 GiB or more
 */
export function encodeModel(model: Model): Uint8Array {
  const proto = replaceTensors(ModelProtoSchema, encodeModelProto(model), (tensor) => {
    const bytes = model.external?.bytes.get(tensor);
    return bytes ? withRawData(tensor, bytes) : tensor;
  });
  return encodeBytes(proto);
}

/** The bytes of a message. @throws ModelError if they are 2 GiB or more */
export function encodeBytes(proto: ModelProto): Uint8Array {
  let tensors = 0;
  for (const tensor of tensorsIn(ModelProtoSchema, proto)) tensors += tensor.proto.rawData.length;
  const bytes = tensors <= MAX_MESSAGE_BYTES ? toBinary(ModelProtoSchema, proto) : null;
  if (bytes !== null && bytes.length <= MAX_MESSAGE_BYTES) return bytes;
  throw new ModelError(
    `the model takes ${bytes?.length ?? tensors} bytes in one file, and protobuf ends at 2 GiB; ` +
      "save it with saveModel, which writes large weights to a file beside it",
  );
}

/** The message of a model; tensors that were read from other files still point there. */
export function encodeModelProto(model: Model, onReplace?: OnReplace): ModelProto {
  const proto = model.origin ? shallowCopy(model.origin) : create(ModelProtoSchema);
  if (Number(proto.irVersion) !== model.irVersion) proto.irVersion = BigInt(model.irVersion);
  if (proto.producerName !== model.producerName) proto.producerName = model.producerName;
  if (proto.producerVersion !== model.producerVersion) proto.producerVersion = model.producerVersion;
  proto.opsetImport = encodeOpsets(model);
  proto.metadataProps = encodeMetadata(model);
  proto.functions = model.functions.map((f) => f.origin);
  proto.graph = new Encoder(model.graph, onReplace).graph(model.graph);
  return proto;
}

// A list with a doubled key says more than the map that was made of it, so it is kept while the map stands.
function encodeOpsets(model: Model): ModelProto["opsetImport"] {
  const old = model.origin?.opsetImport ?? [];
  if (mapsEqual(decodeOpsets(old), model.opsets)) return old;
  const left = new Map(model.opsets);
  const kept = old.flatMap((o) => {
    const domain = normalDomain(o.domain);
    const version = left.get(domain);
    left.delete(domain);
    if (version === undefined) return [];
    return version === Number(o.version)
      ? [o]
      : [Object.assign(shallowCopy(o), { version: BigInt(version) })];
  });
  const added = [...left].map(([domain, version]) =>
    create(OperatorSetIdProtoSchema, { domain, version: BigInt(version) }),
  );
  return [...kept, ...added];
}

function encodeMetadata(model: Model): ModelProto["metadataProps"] {
  const list = model.origin?.metadataProps ?? [];
  const old = new Map(list.map((p) => [p.key, p]));
  if (mapsEqual(new Map(list.map((p) => [p.key, p.value])), model.metadata)) return list;
  return [...model.metadata].map(([key, value]) => {
    const before = old.get(key);
    return before?.value === value ? before : create(StringStringEntryProtoSchema, { key, value });
  });
}

function mapsEqual<T>(a: ReadonlyMap<string, T>, b: ReadonlyMap<string, T>): boolean {
  const [x, y] = [[...a], [...b]];
  return x.length === y.length && x.every(([k, v], i) => y[i]?.[0] === k && y[i]?.[1] === v);
}

class Encoder {
  private readonly names = new Map<Value, string>();
  private readonly taken = new Set<string>();
  private readonly onReplace: OnReplace | undefined;
  private next = 0;

  constructor(root: Graph, onReplace: OnReplace | undefined) {
    this.onReplace = onReplace;
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
    const name = value.name || this.freshName("v");
    this.names.set(value, name);
    return name;
  }

  graph(graph: Graph): GraphProto {
    const proto = graph.origin ? shallowCopy(graph.origin) : create(GraphProtoSchema);
    if (proto.name !== graph.name) proto.name = graph.name;
    this.settleNames(graph);
    proto.input = graph.inputs.map((v, i) => this.valueInfo(v, graph.origin?.input, i));
    proto.initializer = graph.initializers.map((v) => this.initializer(v));
    proto.node = graph.nodes.map((n) => this.node(n));
    proto.output = graph.outputs.map((v, i) => this.valueInfo(v, graph.origin?.output, i));
    if (graph.origin) {
      const isLost = lostNames(graph, graph.origin);
      const untyped = untypedNames(graph);
      proto.valueInfo = graph.origin.valueInfo.filter(({ name }) => !isLost(name) && !untyped.has(name));
      proto.quantizationAnnotation = graph.origin.quantizationAnnotation.filter((a) => !isLost(a.tensorName));
    }
    return proto;
  }

  /**
   * Settles the names of a graph's own values. Inputs, initializers and outputs keep theirs, for they are how others
   * know them; of two inner values with one name, the later takes a fresh one.
   */
  private settleNames(graph: Graph): void {
    const border = new Set([...graph.inputs, ...graph.initializers, ...graph.outputs]);
    const own = new Map<string, Value>();
    for (const value of [...border, ...graph.values()]) {
      const name = this.nameOf(value);
      const other = own.get(name) ?? value;
      if (other === value) {
        own.set(name, value);
      } else if (border.has(value)) {
        throw new ModelError(
          `graph "${graph.name}": two of its inputs, initializers and outputs are named "${name}"; rename one of them`,
        );
      } else {
        this.names.set(value, this.freshName(`${name}_`));
      }
    }
  }

  private freshName(prefix: string): string {
    let name = "";
    do name = `${prefix}${this.next++}`;
    while (this.taken.has(name));
    this.taken.add(name);
    return name;
  }

  /** The message that described a value, unless it has another type now; the message may know more than the IR. */
  private valueInfo(
    value: Value,
    read: readonly ValueInfoProto[] | undefined,
    index: number,
  ): ValueInfoProto {
    const name = this.nameOf(value);
    const { origin } = value;
    if (origin === null) {
      const type = value.isTyped ? value.type : value.declared;
      return create(ValueInfoProtoSchema, type === null ? { name } : { name, type: encodeType(type) });
    }
    const isAt = read?.[index]?.name === name;
    const before = (isAt ? read?.[index] : read?.find((info) => info.name === name)) ?? origin;
    const isRetyped = !declaredTypesEqual(decodeType(origin.type, name), value.declared);
    if (before.name === name && !isRetyped) return before;
    const proto = Object.assign(shallowCopy(before), { name });
    if (isRetyped) {
      if (value.declared) proto.type = encodeType(value.declared);
      else delete proto.type;
    }
    return proto;
  }

  private initializer(value: Value): TensorProto {
    const name = this.nameOf(value);
    const { stored, constant } = value;
    if (constant === null) throw new HoldfastError(`internal: initializer "${name}" has no elements`);
    if (stored === null) return encodeTensor(constant, name);
    if (stored.tensor !== constant)
      return this.replaced(encodeTensor(constant, name, stored.proto), stored.proto);
    if (stored.proto.name === name) return stored.proto;
    return this.replaced(Object.assign(shallowCopy(stored.proto), { name }), stored.proto);
  }

  /** A tensor in the place of the one that was read there, if any: a changed weight in a Constant node. */
  private attributeTensor(tensor: Tensor, before: TensorProto | undefined): TensorProto {
    if (before === undefined) return encodeTensor(tensor, "");
    return this.replaced(encodeTensor(tensor, before.name, before), before);
  }

  private replaced(now: TensorProto, before: TensorProto): TensorProto {
    this.onReplace?.(now, before);
    return now;
  }

  private node(node: Node): NodeProto {
    const proto = node.origin ? shallowCopy(node.origin) : create(NodeProtoSchema, { opType: node.opType });
    if (proto.name !== node.name) proto.name = node.name;
    if (node.origin === null && node.domain) proto.domain = node.domain;
    if (node.origin === null && node.overload) proto.overload = node.overload;
    proto.input = node.inputs.map((v) => this.nameOf(v));
    proto.output = node.outputs.map((v) => this.nameOf(v));
    proto.attribute = [...node.attributes].map(([name, a]) => this.attribute(name, a, node.origin));
    return proto;
  }

  private attribute(name: string, attribute: Attribute, node: NodeProto | null): AttributeProto {
    const { origin } = attribute;
    if (origin && attribute.kind !== "graph" && attribute.kind !== "graphs") {
      return origin.name === name ? origin : Object.assign(shallowCopy(origin), { name });
    }
    const proto = origin ? shallowCopy(origin) : create(AttributeProtoSchema, { name });
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
        proto.t = this.attributeTensor(attribute.value, node?.attribute.find((a) => a.name === name)?.t);
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
        throw new HoldfastError(
          `internal: attribute "${name}" of kind ${attribute.kind} has no message to write`,
        );
    }
    return proto;
  }
}

/** The names of values whose type the file states, and which state none any more. */
function untypedNames(graph: Graph): Set<string> {
  const untyped = [...graph.values()].filter(
    ({ declared, origin, name }) =>
      declared === null && origin !== null && decodeType(origin.type, name) !== null,
  );
  return new Set(untyped.map((v) => v.name));
}

/** Tells the names of values that were read with a graph and have left it since; what the file says of them goes too. */
function lostNames(graph: Graph, origin: GraphProto): (name: string) => boolean {
  const present = new Set([...graph.values()].map((v) => v.name));
  const read = new Set(origin.node.flatMap((n) => n.output));
  for (const { name } of [...origin.input, ...origin.initializer]) read.add(name);
  read.delete(""); // an output that the node leaves out
  return (name) => read.has(name) && !present.has(name);
}
