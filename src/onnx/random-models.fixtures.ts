import {
  clone,
  create,
  type DescField,
  type DescMessage,
  type Message,
  ScalarType,
  type UnknownField,
} from "@bufbuild/protobuf";
import fc from "fast-check";
import {
  type AttributeProto,
  type GraphProto,
  AttributeProto_AttributeType as Kind,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  type TensorProto,
  type TypeProto,
  type ValueInfoProto,
} from "./proto/onnx-ml_pb.ts";
import { tensorsIn } from "./tensor-walk.ts";

/** Messages deeper than this stay empty. */
const DEPTH = 7;
const NEWEST_ELEMENT_TYPE = 28;

/** Fields 90 … 99, which no message of onnx.proto has. */
const unknownFields: fc.Arbitrary<UnknownField[]> = fc.array(
  fc.record({
    no: fc.integer({ min: 90, max: 99 }),
    wireType: fc.constant(5),
    data: fc.uint8Array({ minLength: 4, maxLength: 4 }),
  }),
  { maxLength: 1 },
);

const made = new Map<string, fc.Arbitrary<Message>>();

/** Random messages of a type; types nest, so each is made once for each depth. */
function messages(desc: DescMessage, depth: number): fc.Arbitrary<Message> {
  const key = `${desc.typeName} ${depth}`;
  const known = made.get(key);
  if (known) return known;
  const fresh = newMessages(desc, depth);
  made.set(key, fresh);
  return fresh;
}

function newMessages(desc: DescMessage, depth: number): fc.Arbitrary<Message> {
  const parts: Record<string, fc.Arbitrary<unknown>> = {};
  for (const field of desc.fields) {
    if (field.oneof) continue;
    if (field.message === undefined || depth < DEPTH) parts[field.localName] = fieldValues(field, depth);
  }
  for (const oneof of desc.oneofs) {
    const cases = oneof.fields
      .filter((f) => f.message === undefined || depth < DEPTH)
      .map((f) => fieldValues(f, depth).map((value) => ({ case: f.localName, value })));
    if (cases.length > 0) parts[oneof.localName] = fc.oneof(...cases);
  }
  // Else half of the models would have no graph, and half of the graphs no nodes.
  const requiredKeys = ["graph", "node"].filter((key) => depth < 2 && key in parts);
  return fc.tuple(fc.record(parts, { requiredKeys }), unknownFields).map(([init, unknown]) => {
    const message: Message = create(desc, init as Parameters<typeof create>[1]);
    if (unknown.length > 0) message.$unknown = unknown;
    return message;
  });
}

function fieldValues(field: DescField, depth: number): fc.Arbitrary<unknown> {
  const one = field.message
    ? messages(field.message, depth + 1)
    : field.enum
      ? fc.constantFrom(...field.enum.values.map((v) => v.number))
      : scalars(field.scalar ?? ScalarType.BYTES);
  return field.fieldKind === "list"
    ? fc.array(one, depth === 1 ? { minLength: 1, maxLength: 4 } : { maxLength: 2 })
    : one;
}

function scalars(type: ScalarType): fc.Arbitrary<unknown> {
  switch (type) {
    case ScalarType.STRING:
      return fc.string({ unit: "binary", maxLength: 8 });
    case ScalarType.BYTES:
      return fc.uint8Array({ maxLength: 8 });
    case ScalarType.FLOAT:
      return fc.float();
    case ScalarType.DOUBLE:
      return fc.double();
    case ScalarType.INT64:
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case ScalarType.UINT64:
      return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    default:
      return fc.integer();
  }
}

class Names {
  private count = 0;
  /** A new name; some hold what a path, a tree or a format string would stumble over. */
  next(): string {
    return `${["v", "größe/", "a::b_", "%", " ", "日本"][this.count % 6]}${this.count++}`;
  }
}

/** Makes names and tensors of a graph sound; `around` are names of the graphs around it. */
function mendGraph(graph: GraphProto, names: Names, around: readonly string[]): void {
  const known: string[] = [];
  const define = (): string => {
    const name = names.next();
    known.push(name);
    return name;
  };
  for (const info of graph.input) mendInfo(info, define());
  for (const [i, stored] of graph.initializer.entries()) {
    // Every other one is the default of an input, where there are inputs left.
    stored.name = i % 2 === 0 && i < graph.input.length ? graph.input[i]!.name : define();
    mendTensor(stored);
  }
  for (const sparse of graph.sparseInitializer) {
    sparse.values ??= create(ModelProtoSchema, { graph: { initializer: [{}] } }).graph!.initializer[0]!;
    sparse.values.name = define();
    for (const t of [sparse.values, sparse.indices]) if (t) mendTensor(t);
  }
  for (const node of graph.node) mendNode(node, names, [...around, ...known], define);
  for (const [i, info] of graph.valueInfo.entries()) {
    // Some describe inner values, some what is not in the graph.
    mendInfo(info, known.length > 0 && i % 3 < 2 ? known[(i * 5) % known.length]! : `stale ${i}`);
  }
  if (known.length === 0) graph.output = [];
  for (const [i, info] of graph.output.entries()) mendInfo(info, known[(i * 7) % known.length]!);
}

function mendNode(node: NodeProto, names: Names, visible: readonly string[], define: () => string): void {
  node.opType = `Op${node.opType}`;
  node.input = node.input.map((_, i) =>
    visible.length > 0 && i % 3 < 2 ? visible[(i * 3 + 1) % visible.length]! : "",
  );
  for (const [i, attribute] of node.attribute.entries()) {
    attribute.name = `attribute ${i}`;
    mendAttribute(attribute, names, visible);
  }
  node.output = node.output.map((_, i) => (i % 3 < 2 ? define() : ""));
}

function mendAttribute(attribute: AttributeProto, names: Names, visible: readonly string[]): void {
  if (attribute.t) mendTensor(attribute.t);
  for (const t of attribute.tensors) mendTensor(t);
  for (const sparse of [
    ...(attribute.sparseTensor ? [attribute.sparseTensor] : []),
    ...attribute.sparseTensors,
  ])
    for (const t of [sparse.values, sparse.indices]) if (t) mendTensor(t);
  for (const g of attribute.g ? [attribute.g, ...attribute.graphs] : attribute.graphs)
    mendGraph(g, names, visible);
  if (attribute.type === Kind.TENSOR && !attribute.t) attribute.type = Kind.INT;
  if (attribute.type === Kind.GRAPH && !attribute.g) attribute.type = Kind.INT;
}

/** Keeps one way of storing: as many bytes or values as the tensor happens to have. */
function mendTensor(t: TensorProto): void {
  if (t.rawData.length > 0) {
    t.dataType = 2; // uint8
    t.dims = [BigInt(t.rawData.length)];
  } else {
    t.dataType = 1; // float32
    t.dims = t.floatData.length % 2 ? [1n, BigInt(t.floatData.length)] : [BigInt(t.floatData.length)];
  }
}

function mendInfo(info: ValueInfoProto, name: string): void {
  info.name = name;
  if (info.type) mendType(info.type);
}

function mendType({ value }: TypeProto): void {
  if (value.case === "tensorType")
    value.value.elemType = Math.abs(value.value.elemType) % (NEWEST_ELEMENT_TYPE + 1);
}

/**
 * Random models: any field of any message of onnx.proto set or not, unknown fields everywhere, and then just enough
 * order that they are models: names defined once and before they are read, tensors with as many elements as they say.
 */
export const randomModels: fc.Arbitrary<ModelProto> = messages(ModelProtoSchema, 0).map((message) => {
  const model = clone(ModelProtoSchema, message as ModelProto); // made of this very schema
  model.graph ??= create(ModelProtoSchema, { graph: {} }).graph!;
  mendGraph(model.graph, new Names(), []);
  // Tensors of functions and training graphs may say anything but that their data lies elsewhere.
  for (const { proto } of tensorsIn(ModelProtoSchema, model)) proto.dataLocation = 0;
  for (const [i, f] of model.functions.entries()) f.name = `function ${i}`;
  return model;
});
