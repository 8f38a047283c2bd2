import { beforeAll, describe, expect, test } from "vitest";
import type { AttributeInit } from "../../src/onnx/attribute.ts";
import { Node } from "../../src/onnx/node.ts";
import { openRuntime, type Runtime } from "../../src/runtime/runtime.ts";
import { scalar, type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { gradientsOf, normals, relativeError } from "../support/gradients-of.ts";
import { graphOf, modelOf, type NodeText } from "../support/graph-of.ts";

let runtime: Runtime;
beforeAll(async () => {
  runtime = await openRuntime({ prefer: "native", threads: 1 });
});

const x = normals([3, 4], 1);
const before = normals([4, 4], 2, 0.5);
const gain = normals([4], 3);
const q = tensor(
  "int8",
  [4, 5],
  Int8Array.from({ length: 20 }, (_, i) => ((i * 37) % 200) - 100),
);
const scales = tensor("float32", [5], Float32Array.of(0.01, 0.02, 0.015, 0.03, 0.005));
const inputs = { x: { dtype: "float32", dims: [3, 4] } } as const;

function build(nodes: readonly NodeText[], constants: Readonly<Record<string, Tensor>>) {
  return modelOf(graphOf({ inputs, constants, nodes, outputs: ["y"] }), 21);
}

describe("a network with quantised weights in the middle", () => {
  const head = [
    ["MatMul", ["x", "before"], ["h"]],
    ["Mul", ["h", "gain"], ["g"]],
    ["Tanh", ["g"], ["t"]],
  ] as const satisfies readonly NodeText[];
  const floats = { before, gain };

  test("trains its float weights as if the others were floats, and leaves those as they are", async () => {
    const model = build(
      [...head, ["DequantizeLinear", ["q", "scales"], ["w"], { axis: 1 }], ["MatMul", ["t", "w"], ["y"]]],
      { ...floats, q, scales },
    );
    const wide = tensor(
      "float32",
      [4, 5],
      Float32Array.from(q.data, (v, i) => v * scales.data[i % 5]!),
    );
    const same = build([...head, ["MatMul", ["t", "wide"], ["y"]]], { ...floats, wide });
    const got = await gradientsOf(runtime, model, { x });
    const want = await gradientsOf(runtime, same, { x });
    expect([...got.of.keys()]).toEqual(["before", "gain"]);
    for (const [name, gradient] of got.of)
      expect(relativeError(gradient, want.of.get(name)!)).toBeLessThan(1e-6);
  });

  test("in blocks of four bits, the same", async () => {
    // Two blocks of 16 along K = 32 need a wider input than x has.
    const widen = normals([4, 32], 5);
    const packed = tensor(
      "uint8",
      [6, 2, 8],
      Uint8Array.from({ length: 96 }, (_, i) => (i * 53) % 256),
    );
    const blockScales = tensor(
      "float32",
      [12],
      Float32Array.from({ length: 12 }, (_, i) => 0.01 * (1 + i)),
    );
    const nodes: readonly NodeText[] = [
      ...head,
      ["MatMul", ["t", "widen"], ["wide"]],
      ["Identity", ["wide"], ["y"]],
    ];
    const model = build(nodes, { ...floats, widen, packed, blockScales });
    const attributes: Record<string, AttributeInit> = { K: 32, N: 6, bits: 4, block_size: 16 };
    const [wide, y] = [model.graph.nodes.at(-2)!.output(), model.graph.outputs[0]!];
    model.graph.nodes.pop()!.detach();
    const [b, s] = ["packed", "blockScales"].map((n) => model.graph.initializers.find((v) => v.name === n)!);
    model.graph.nodes.push(
      new Node("MatMulNBits", [wide, b!, s!], [y], { domain: "com.microsoft", attributes }),
    );
    model.opsets.set("com.microsoft", 1);
    // The same in floats: low four bits first, zero point 8.
    const dense = Float32Array.from({ length: 32 * 6 }, (_, i) => {
      const [k, n] = [Math.floor(i / 6), i % 6];
      const byte = packed.data[n * 16 + Math.floor(k / 2)]!;
      return (((byte >> (4 * (k % 2))) & 15) - 8) * blockScales.data[n * 2 + Math.floor(k / 16)]!;
    });
    const same = build([...nodes.slice(0, -1), ["MatMul", ["wide", "dense"], ["y"]]], {
      ...floats,
      widen,
      dense: tensor("float32", [32, 6], dense),
    });
    const got = await gradientsOf(runtime, model, { x }, /before|gain|widen/);
    const want = await gradientsOf(runtime, same, { x });
    expect([...got.of.keys()]).toEqual(["before", "gain", "widen"]);
    for (const [name, gradient] of got.of)
      expect(relativeError(gradient, want.of.get(name)!)).toBeLessThan(1e-5);
  });
});

describe("rounding to integers and back, around weights and activations", () => {
  const pair = (value: string, scale: string, zero: string, axis = 1): readonly NodeText[] => [
    ["QuantizeLinear", [value, scale, zero], [`${value}_q`], { axis }],
    ["DequantizeLinear", [`${value}_q`, scale, zero], [`${value}_dq`], { axis }],
  ];

  test("keeps its values, and derivatives go straight through what the range does not clip", async () => {
    const [zero, scale] = [scalar("uint8", 120), tensor("float32", [], Float32Array.of(0.01))];
    const zeros = tensor("int8", [4], Int8Array.of(0, 0, 0, 0));
    const perColumn = tensor("float32", [4], Float32Array.of(0.004, 0.01, 0.003, 0.02));
    const model = build(
      [
        ...pair("before", "perColumn", "zeros"),
        ["MatMul", ["x", "before_dq"], ["h"]],
        ...pair("h", "scale", "zero"),
        ["Identity", ["h_dq"], ["y"]],
      ],
      { before, perColumn, zeros, scale, zero },
    );
    const got = await gradientsOf(runtime, model, { x });

    // By hand, in float64: y = fake(x · fake(w)), loss = mean y².
    const fake = (v: number, s: number, z: number, low: number, high: number) => {
      const rounded = Math.min(high, Math.max(low, roundToEven(v / s) + z));
      const inside = v >= (low - z) * s && v <= (high - z) * s;
      return { value: (rounded - z) * s, slope: inside ? 1 : 0 };
    };
    const w = Array.from(before.data, (v, i) => fake(v, perColumn.data[i % 4]!, 0, -128, 127));
    const gradient = new Float64Array(16);
    let loss = 0;
    for (let row = 0; row < 3; row++)
      for (let column = 0; column < 4; column++) {
        let h = 0;
        for (let k = 0; k < 4; k++) h += x.data[row * 4 + k]! * w[k * 4 + column]!.value;
        const y = fake(h, 0.01, 120, 0, 255);
        loss += y.value ** 2 / 12;
        for (let k = 0; k < 4; k++)
          gradient[k * 4 + column]! +=
            ((2 * y.value) / 12) * y.slope * x.data[row * 4 + k]! * w[k * 4 + column]!.slope;
      }
    expect(w.some((v) => v.slope === 0)).toBe(true);
    expect(got.loss).toBeCloseTo(loss, 5);
    expect(relativeError(got.of.get("before")!, Float32Array.from(gradient))).toBeLessThan(1e-5);
  });

  test("by scales that the data decide is refused before a weight, with what to do", async () => {
    const model = build(
      [
        ["MatMul", ["x", "before"], ["h"]],
        ["DynamicQuantizeLinear", ["h"], ["hq", "hs", "hz"]],
        ["MatMulInteger", ["hq", "q", "hz"], ["product"]],
        ["Cast", ["product"], ["wide"], { to: 1 }],
        ["Mul", ["wide", "hs"], ["y"]],
      ],
      { before, q },
    );
    await expect(gradientsOf(runtime, model, { x })).rejects.toThrow(
      /^DynamicQuantizeLinear "hq".*rounding has no useful derivative; start from the model that was not quantised/,
    );
  });
});

function roundToEven(v: number): number {
  const r = Math.round(v);
  return Math.abs(v % 1) === 0.5 && r % 2 !== 0 ? r - 1 : r;
}
