import { expect, test } from "vitest";
import { int64s, scalar, type Tensor, tensor } from "../src/tensor/tensor.ts";
import { checkModel } from "./support/gradient-check.ts";
import { graphOf, modelOf, type NodeText } from "./support/graph-of.ts";

const floats = (dims: readonly number[], ...data: number[]) =>
  tensor("float32", dims, Float32Array.from(data));
const bytes = (dims: readonly number[], ...data: number[]) => tensor("int8", dims, Int8Array.from(data));

const x = floats([2, 3], 0.31, -0.72, 1.15, 0.04, 0.9, -0.33);
const constants: Record<string, Tensor> = {
  s: floats([], 0.01),
  z: bytes([], 3),
  w: bytes([3, 2], 10, -20, 30, 5, -128, 127),
  ws: floats([2], 0.02, 0.005),
  wz: bytes([2], 0, 4),
};

/** A model from x to y, checked at x; `gradient` is that of the sum of y. */
function check(nodes: readonly NodeText[], gradient: readonly number[]): Promise<void> {
  const model = modelOf(
    graphOf({
      inputs: { x: { dtype: "float32", dims: x.dims } },
      constants: { ...constants, shape: int64s([3, 2]), zero: scalar("uint8", 0) },
      nodes,
      outputs: ["y"],
    }),
  );
  return checkModel(model, {
    title: "quantised path",
    feeds: new Map([["x", x]]),
    tolerance: 1e-3,
    step: 1e-2,
    gradients: [gradient],
  });
}

/** Sums of the rows of (w − wz) · ws, which the gradient of Σ x W is. */
const rows = [10 * 0.02 + -24 * 0.005, 30 * 0.02 + 1 * 0.005, -128 * 0.02 + 123 * 0.005];

test("the input's gradient flows through frozen int8 weights", async () => {
  await check(
    [
      ["DequantizeLinear", ["w", "ws", "wz"], ["weight"], { axis: 1 }],
      ["MatMul", ["x", "weight"], ["y"]],
    ],
    [...rows, ...rows],
  );
});

test("an activation that is rounded and read back passes its gradient on, also reshaped between", async () => {
  await check(
    [
      ["QuantizeLinear", ["x", "s", "z"], ["q"]],
      ["Reshape", ["q", "shape"], ["q2"]],
      ["Transpose", ["q2"], ["q3"]],
      ["Transpose", ["q3"], ["q4"]],
      ["DequantizeLinear", ["q4", "s", "z"], ["back"]],
      ["Mul", ["back", "s"], ["y"]],
    ],
    [0.01, 0.01, 0.01, 0.01, 0.01, 0.01],
  );
});

test("a product of rounded numbers on a trainable path is refused with the reason", async () => {
  const promise = check(
    [
      ["QuantizeLinear", ["x", "s", "z"], ["q"]],
      ["MatMulInteger", ["q", "w", "z"], ["sums"]],
      ["Cast", ["sums"], ["y"], { to: 1 }],
    ],
    [],
  );
  await expect(promise).rejects.toThrow(
    /MatMulInteger "sums" .* has no gradient: its inputs are rounded to small integers/,
  );
});
