import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { ModelError } from "../errors.ts";
import { createRandom } from "../tensor/random.ts";
import { conformanceCases, readCase } from "./conformance.fixtures.ts";
import { decodeModel } from "./decode.ts";
import { checkOrder } from "./edit.ts";
import { encodeModel } from "./encode.ts";
import { loadModelBytes } from "./load.ts";
import {
  FunctionProtoSchema,
  GraphProtoSchema,
  AttributeProto_AttributeType as Kind,
  ModelProtoSchema,
} from "./proto/onnx-ml_pb.ts";

type GraphInit = MessageInitShape<typeof GraphProtoSchema>;
type FunctionInit = MessageInitShape<typeof FunctionProtoSchema>;

function modelOf(graph: GraphInit, functions: FunctionInit[] = []): Uint8Array {
  const message = create(ModelProtoSchema, { irVersion: 8n, graph: create(GraphProtoSchema, graph) });
  message.functions = functions.map((f) => create(FunctionProtoSchema, f));
  return toBinary(ModelProtoSchema, message);
}

function refusal(bytes: Uint8Array): string {
  try {
    decodeModel(bytes);
  } catch (error) {
    if (error instanceof ModelError) return error.message;
    throw error;
  }
  throw new Error("expected a refusal");
}

const small = modelOf({
  name: "g",
  input: [{ name: "x" }],
  initializer: [{ name: "w", dims: [2n, 2n], dataType: 1, rawData: new Uint8Array(16) }],
  node: [
    {
      opType: "MatMul",
      input: ["x", "w"],
      output: ["y"],
      attribute: [{ name: "ints", type: Kind.INTS, ints: [1n, 300n] }],
    },
  ],
  output: [{ name: "y" }],
});

test("a model cut at any byte is refused, or was whole up to there", () => {
  const messages = new Set<string>();
  for (let length = 0; length < small.length; length++) messages.add(refusal(small.subarray(0, length)));
  expect([...messages].join("\n")).toContain("graph says it has");
  expect(decodeModel(small).graph.nodes).toHaveLength(1);
});

/** Bytes of a field: tag and content. */
const field = (number: number, wire: number, ...content: number[]) => [(number << 3) | wire, ...content];
/** Bytes of a field that holds others. */
const nested = (number: number, inner: number[]) => field(number, 2, inner.length, ...inner);
const huge = [0xff, 0xff, 0xff, 0xff, 0x7f];

test.each([
  ["text", [...Buffer.from("hello, world")], "the model"],
  [
    "a Git LFS pointer",
    [...Buffer.from("version https://git-lfs.github.com/spec/v1\noid sha256:0")],
    "git lfs pull",
  ],
  ["nothing", [], "holds no graph"],
  ["no graph", field(1, 0, 8), "holds no graph"],
  ["a huge length", field(7, 2, ...huge), "graph says it has 34359738367 bytes, and 0 are left"],
  [
    "a length beyond the message that holds it",
    nested(7, field(2, 2, 100)),
    "graph.name says it has 100 bytes, and 0 are left",
  ],
  [
    "a huge length of raw data",
    nested(7, nested(5, field(9, 2, ...huge))),
    "graph.initializer[0].raw_data says",
  ],
  [
    "a number without an end",
    [...field(1, 0, ...Array(12).fill(0xff)), 0],
    "ir_version holds a number of more than 64 bits",
  ],
  ["a number cut off", field(1, 0, 0x80), "ir_version breaks off"],
  ["a number where a message belongs", field(7, 0, 1), "graph has wire type 0, expected 2"],
  ["bytes where a number belongs", field(1, 2, 1, 1), "ir_version has wire type 2, expected 0"],
  [
    "floats of a broken length",
    nested(7, nested(5, field(4, 2, 3, 0, 0, 0))),
    "float_data has 3 bytes, expected a multiple of 4",
  ],
  [
    "numbers cut off in a list",
    nested(7, nested(5, field(7, 2, 1, 0x80))),
    "graph.initializer[0].int64_data breaks off",
  ],
  [
    "a name that is no UTF-8",
    nested(7, [...nested(1, []), ...nested(1, field(3, 2, 1, 0xff))]),
    "graph.node[1].name is no UTF-8",
  ],
  ["field number 0", field(0, 0, 0), "a tag of 0"],
  ["an end of a group that never began", field(13, 4), "wire type 4"],
  ["a group without an end", field(13, 3, 0x08, 1), "breaks off"],
  ["wire type 7", field(15, 7), "wire type 7"],
])("%s is refused by its place", (_, bytes, problem) => {
  expect(refusal(Uint8Array.from(bytes))).toContain(problem);
});

test("unknown groups are kept", () => {
  const bytes = Uint8Array.from([...small, ...[0xfb, 0x06], ...field(1, 0, 5), ...[0xfc, 0x06]]);
  expect(encodeModel(decodeModel(bytes)).subarray(-6)).toEqual(bytes.subarray(-6));
});

test.each(["subgraphs", "types"])("%s nested without bound are refused before the stack ends", (what) => {
  let bytes: number[] = [];
  const wrap = (number: number) => {
    const length = bytes.length;
    const size = [(length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14];
    bytes = [...field(number, 2, ...size), ...bytes];
  };
  // graph → node → attribute → graph …; or type → sequence type → type …
  for (let depth = 0; depth < 1500; depth++)
    for (const number of what === "subgraphs" ? [6, 5, 1] : [1, 4]) wrap(number);
  for (const number of what === "subgraphs" ? [7] : [2, 11, 7]) wrap(number);
  expect(refusal(Uint8Array.from(bytes))).toContain("is nested more than 100 messages deep");
});

const relu = (input: string, output: string) => ({ opType: "Relu", input: [input], output: [output] });
const weight = { name: "w", dims: [1n], dataType: 1, floatData: [1] };

test.each<[string, GraphInit, string]>([
  ["a cycle", { node: [relu("b", "a"), relu("a", "b")] }, "which is computed from it: the graph has a cycle"],
  ["a value from nowhere", { node: [relu("ghost", "a")] }, 'Relu "a" reads "ghost", which no input'],
  [
    "a value computed twice",
    { input: [{ name: "x" }], node: [relu("x", "a"), relu("x", "a")] },
    '"a", which is defined already',
  ],
  [
    "two inputs of one name",
    { input: [{ name: "x" }, { name: "x" }] },
    'input defines "x", which is defined already',
  ],
  [
    "two initializers of one name",
    { initializer: [weight, weight] },
    'initializer defines "w", which is defined already',
  ],
  ["an initializer without a name", { initializer: [{ ...weight, name: "" }] }, "initializer has no name"],
  ["an output that nothing computes", { output: [{ name: "y" }] }, 'output "y" is computed by no node'],
  [
    "a node with an attribute twice",
    { node: [{ opType: "Loop", name: "l", attribute: [{ name: "a" }, { name: "a" }] }] },
    'Loop "l": attribute a is given twice',
  ],
  [
    "a tensor attribute of a wrong size",
    {
      node: [
        {
          opType: "Constant",
          output: ["c"],
          attribute: [{ name: "value", type: Kind.TENSOR, t: { dims: [3n], dataType: 1, floatData: [1] } }],
        },
      ],
    },
    'Constant "c": attribute value: dimensions [3] need 3 values',
  ],
  [
    "a tensor attribute without a tensor",
    { node: [{ opType: "Constant", output: ["c"], attribute: [{ name: "value", type: Kind.TENSOR }] }] },
    'Constant "c": attribute value is a tensor without content',
  ],
  [
    "a cycle in a subgraph",
    {
      node: [
        {
          opType: "If",
          attribute: [{ name: "then_branch", type: Kind.GRAPH, g: { node: [relu("a", "a")] } }],
        },
      ],
    },
    "the graph has a cycle",
  ],
])("a graph with %s is refused by its place", (_, graph, problem) => {
  expect(refusal(modelOf(graph))).toContain(problem);
});

test("nodes that stand before what they read are put behind it, however many and through subgraphs too", () => {
  const chain = Array.from({ length: 20_000 }, (_, i) => relu(`v${i}`, `v${i + 1}`));
  const branch = { node: [relu("v7", "inner")], output: [{ name: "inner" }] };
  const conditional = {
    opType: "If",
    input: ["condition"],
    output: ["chosen"],
    attribute: ["then_branch", "else_branch"].map((name) => ({ name, type: Kind.GRAPH, g: branch })),
  };
  const { graph } = decodeModel(
    modelOf({
      input: [{ name: "v0" }, { name: "condition" }],
      node: [conditional, ...chain.toReversed()],
      output: [{ name: "chosen" }],
    }),
  );
  checkOrder(graph);
  expect(graph.nodes.length).toBe(20_001);
});

test("functions that call themselves, are defined twice, or multiply without bound are refused", () => {
  const call = (name: string) => ({ opType: name, domain: "f" });
  const f = (name: string, ...callees: string[]) => ({ name, domain: "f", node: callees.map(call) });
  const main = { node: [call("f0")] };
  expect(refusal(modelOf(main, [f("f0", "f1"), f("f1", "f0")]))).toContain('"f::f0" calls itself');
  expect(refusal(modelOf(main, [f("f0"), f("f0")]))).toContain('"f::f0" is defined twice');
  const doubling = Array.from({ length: 40 }, (_, i) => f(`f${i}`, `f${i + 1}`, `f${i + 1}`));
  expect(refusal(modelOf(main, doubling))).toContain("nodes once its functions are inlined");
});

test("external data without a file to look in is refused", async () => {
  const initializer = [
    { name: "w", dims: [1n], dataType: 1, dataLocation: 1, externalData: [{ key: "location", value: "a" }] },
  ];
  expect(refusal(modelOf({ initializer }))).toContain("load the model by its path");
  await expect(loadModelBytes(modelOf({ initializer }), "up.onnx")).rejects.toThrow('up.onnx: tensor "w"');
});

const fuzzed = [
  "lstm_text_cls__dynN",
  "resnet_tiny__ts17",
  "unet_groupnorm__dynN",
  "vit_tiny__dynN",
  "swin_tiny__ts14",
];

describe("damaged real models give a ModelError or a model that can be written", () => {
  if (conformanceCases.size === 0) test.skip("../shared/conformance is not there", () => {});
  test.each(fuzzed.filter((name) => conformanceCases.has(name)))("%s", async (name) => {
    const { bytes, files, path } = await readCase(name);
    const random = createRandom(fuzzed.indexOf(name) + 1);
    let refused = 0;
    for (let run = 0; run < 120; run++) {
      const damaged = bytes.slice(0, run % 3 === 0 ? random.integer(bytes.length) : bytes.length);
      const flips = run % 3 === 0 ? 0 : 1 + random.integer(8);
      // Weights fill most of a file and bear any change, so most flips go to its ends, where the structure is.
      for (let i = 0; i < flips; i++) {
        const at = random.integer(Math.min(damaged.length, 1 << (4 + random.integer(14))));
        const place = random.integer(2) ? at : damaged.length - 1 - at;
        damaged[place] = random.integer(256);
      }
      try {
        encodeModel(await loadModelBytes(damaged, path, files));
      } catch (error) {
        if (!(error instanceof ModelError) || error.message.includes("internal")) throw error;
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(40);
  });
});
