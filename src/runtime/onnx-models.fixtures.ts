/** Writes the smallest ONNX files that the tests of this folder need, byte by byte, so that they lean on no codec of ours. */

export interface TestValue {
  readonly name: string;
  /** `TensorProto.DataType`: 1 float32, 7 int64, 8 string, 9 bool, 10 float16. */
  readonly type: number;
  readonly dims: readonly (number | string)[];
}

export interface TestNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Integer attributes. */
  readonly ints?: Readonly<Record<string, number>>;
  readonly domain?: string;
}

/** A float32 initializer whose bytes are a whole file. */
export interface ExternalTensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly location: string;
}

/** An ONNX model of one graph: opset 17, IR version 8. */
export function onnxModel(graph: {
  readonly nodes: readonly TestNode[];
  readonly inputs: readonly TestValue[];
  readonly outputs: readonly TestValue[];
  readonly external?: readonly ExternalTensor[];
}): Uint8Array {
  const graphBytes = message(
    ...graph.nodes.map((n) => field(1, node(n))),
    field(2, text("g")),
    ...(graph.external ?? []).map((t) => field(5, externalTensor(t))),
    ...graph.inputs.map((v) => field(11, value(v))),
    ...graph.outputs.map((v) => field(12, value(v))),
  );
  const opset = message(field(1, text("")), varint(2, 17));
  return Uint8Array.from(message(varint(1, 8), field(8, opset), field(7, graphBytes)));
}

function node({ op, inputs, outputs, ints = {}, domain }: TestNode): number[] {
  return message(
    ...inputs.map((i) => field(1, text(i))),
    ...outputs.map((o) => field(2, text(o))),
    field(3, text(`${outputs[0]}_of_${op}`)),
    field(4, text(op)),
    // AttributeProto: name 1, i 3, type 20 = INT (2).
    ...Object.entries(ints).map(([name, i]) =>
      field(5, message(field(1, text(name)), varint(3, i), varint(20, 2))),
    ),
    ...(domain === undefined ? [] : [field(7, text(domain))]),
  );
}

function externalTensor({ name, dims, location }: ExternalTensor): number[] {
  // TensorProto: dims 1, data_type 2, name 8, external_data 13 of key 1 and value 2, data_location 14 = EXTERNAL (1).
  const entry = message(field(1, text("location")), field(2, text(location)));
  return message(
    ...dims.map((d) => varint(1, d)),
    varint(2, 1),
    field(8, text(name)),
    field(13, entry),
    varint(14, 1),
  );
}

function value({ name, type, dims }: TestValue): number[] {
  const shape = message(
    ...dims.map((d) => field(1, typeof d === "number" ? varint(1, d) : d === "" ? [] : field(2, text(d)))),
  );
  return message(field(1, text(name)), field(2, field(1, message(varint(1, type), field(2, shape)))));
}

const text = (s: string): number[] => [...new TextEncoder().encode(s)];
const message = (...parts: readonly number[][]): number[] => parts.flat();
const varint = (id: number, n: number): number[] => [...number(id << 3), ...number(n)];
const field = (id: number, bytes: number[]): number[] => [
  ...number((id << 3) | 2),
  ...number(bytes.length),
  ...bytes,
];

function number(n: number): number[] {
  const out: number[] = [];
  let rest = n;
  for (; rest > 127; rest = Math.floor(rest / 128)) out.push((rest % 128) | 128);
  out.push(rest);
  return out;
}
