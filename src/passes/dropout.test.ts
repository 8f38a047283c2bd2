import { beforeAll, expect, test } from "vitest";
import { modelOf } from "../../test/support/graph-of.ts";
import { encodeModel } from "../onnx/encode.ts";
import { Graph } from "../onnx/graph.ts";
import { Value } from "../onnx/value.ts";
import { createOpBuilder } from "../ops/registry.ts";
import { openRuntime, type Runtime } from "../runtime/runtime.ts";
import { scalar, type Tensor, tensor } from "../tensor/tensor.ts";
import { dropout } from "./dropout.ts";

const [ROWS, COLUMNS] = [200, 300];
const ones = tensor("float32", [2, ROWS / 2, COLUMNS], new Float32Array(ROWS * COLUMNS).fill(1));

let runtime: Runtime;
beforeAll(async () => {
  runtime = await openRuntime({ prefer: "native", threads: 1 });
});

/** What is left of ones, for each seed. */
async function masks(ratio: number, stream: number, ...seeds: readonly number[]): Promise<Float32Array[]> {
  const graph = new Graph("dropout");
  const x = new Value("x", { dtype: "float32", dims: ones.dims });
  const seed = new Value("seed", { dtype: "int64", dims: [] });
  graph.inputs = [x, seed];
  const b = createOpBuilder(graph, 18, () => undefined);
  const y = dropout(b, x, { seed, ratio, stream });
  y.name = "y";
  graph.outputs = [y];
  const session = await runtime.createSession(encodeModel(modelOf(graph, 18)));
  try {
    const out: Float32Array[] = [];
    for (const s of seeds) {
      const feeds = new Map<string, Tensor>([
        ["x", ones],
        ["seed", scalar("int64", s)],
      ]);
      out.push((await session.run(feeds)).get("y")!.data as Float32Array);
    }
    return out;
  } finally {
    await session.release();
  }
}

/** Share of places where both are kept. */
const both = (a: Float32Array, b: Float32Array) =>
  a.reduce((n, v, i) => n + (v > 0 && b[i]! > 0 ? 1 : 0), 0) / a.length;
/** Five standard deviations of a share of that many coin throws. */
const spread = (p: number, count: number) => 5 * Math.sqrt((p * (1 - p)) / count);

test.each([0.05, 0.3, 0.5, 0.9])(
  "drops a share of %f, in each row and column, and scales the rest",
  async (ratio) => {
    const [mask] = await masks(ratio, 0, 12345);
    const keep = 1 - ratio;
    expect(new Set(mask)).toEqual(new Set([0, Math.fround(1 / keep)]));
    const share = (from: number, step: number, count: number) => {
      let kept = 0;
      for (let i = 0; i < count; i++) if (mask![from + i * step]! > 0) kept++;
      return kept / count;
    };
    expect(Math.abs(share(0, 1, ROWS * COLUMNS) - keep)).toBeLessThan(spread(keep, ROWS * COLUMNS));
    for (let r = 0; r < ROWS; r++)
      expect(Math.abs(share(r * COLUMNS, 1, COLUMNS) - keep)).toBeLessThan(spread(keep, COLUMNS));
    for (let c = 0; c < COLUMNS; c++)
      expect(Math.abs(share(c, COLUMNS, ROWS) - keep)).toBeLessThan(spread(keep, ROWS));
  },
);

test("equal seeds drop the same; other seeds, other places, and neighbouring rows drop independently", async () => {
  const [a, again, next, far] = await masks(0.5, 0, 1, 1, 2, 2 ** 31 + 7);
  expect(again).toEqual(a);
  const [elsewhere] = await masks(0.5, 1, 1);
  const limit = spread(0.25, ROWS * COLUMNS);
  for (const other of [next, far, elsewhere]) expect(Math.abs(both(a!, other!) - 0.25)).toBeLessThan(limit);
  const shifted = a!.slice(COLUMNS);
  expect(Math.abs(both(shifted, a!.subarray(0, shifted.length)) - 0.25)).toBeLessThan(limit);
});

test("what four corners of a rectangle keep tells nothing of each other", async () => {
  for (const seed of [3, 2 ** 20]) {
    const [mask] = await masks(0.5, 2, seed);
    const sign = (r: number, c: number) => (mask![r * COLUMNS + c]! > 0 ? 1 : -1);
    for (const [down, right] of [
      [1, 1],
      [1, 2],
      [7, 64],
      [100, 150],
    ] as const) {
      let sum = 0;
      let count = 0;
      for (let r = 0; r + down < ROWS; r += 2)
        for (let c = 0; c + right < COLUMNS; c += 2, count++)
          sum += sign(r, c) * sign(r + down, c) * sign(r, c + right) * sign(r + down, c + right);
      expect(Math.abs(sum / count), `${down}, ${right}`).toBeLessThan(5 / Math.sqrt(count));
    }
  }
});
