import { expect, test } from "vitest";
import { graphOf, modelOf } from "../../test/support/graph-of.ts";
import { encodeModel } from "../onnx/encode.ts";
import { openRuntime } from "../runtime/runtime.ts";
import { createRandom } from "../tensor/random.ts";
import { tensor, toNumbers } from "../tensor/tensor.ts";
import { classMap, resizedLogits } from "./class-map.ts";
import { judgedMap } from "./judged-map.ts";
import { maskDrawings, maskPicture, palette } from "./mask-pictures.ts";

/** Of a float32 sum of four products. */
const TOLERANCE = 1e-5;
const random = createRandom(1);
const logits = tensor(
  "float32",
  [2, 3, 5, 4],
  Float32Array.from({ length: 120 }, () => random.normal()),
);

test.each([
  [10, 8],
  [16, 16],
  [3, 9],
  [1, 1],
])(
  "logits at %i × %i are what ONNX Runtime makes of the nodes that training puts behind them",
  async (height, width) => {
    const graph = graphOf({
      inputs: { x: { dtype: "float32", dims: ["batch", 3, null, null] } },
      nodes: [["Identity", ["x"], ["y"]]],
      outputs: ["y"],
    });
    const model = modelOf(graph, 17);
    graph.outputs = [judgedMap(model, graph.outputs[0]!, [height, width])];
    const name = graph.outputs[0]!.name;
    const runtime = await openRuntime({ prefer: "native", threads: 1 });
    const session = await runtime.createSession(encodeModel(model), { name: "resize" });
    const out = (await session.run(new Map([["x", logits]]), { outputs: [name] })).get(name)!;
    await session.release();
    const own = resizedLogits(logits, [height, width]);
    expect(own.dims).toEqual(out.dims);
    const theirs = toNumbers(out);
    for (const [i, v] of own.data.entries()) expect(Math.abs(v - theirs[i]!)).toBeLessThan(TOLERANCE);
  },
);

test("logits of the size already are left alone", () => {
  expect(resizedLogits(logits, [5, 4])).toBe(logits);
});

test("the class of a place is that of its largest logit, the first of equals", () => {
  const x = tensor("float32", [1, 3, 1, 3], Float32Array.of(0, 2, 1, 5, 2, 1, -1, 2, 3));
  expect(classMap(x)).toEqual({ height: 1, width: 3, data: Uint8Array.of(1, 0, 2) });
});

test("the palette is that of Pascal VOC", () => {
  // From the development kit's VOCcolormap: background, aeroplane, bicycle, bird, boat, …, tv, and the outline at 255.
  const known = {
    0: [0, 0, 0],
    1: [128, 0, 0],
    2: [0, 128, 0],
    3: [128, 128, 0],
    4: [0, 0, 128],
    20: [0, 64, 128],
    255: [224, 224, 192],
  };
  for (const [c, colour] of Object.entries(known))
    expect([...palette.subarray(3 * Number(c), 3 * Number(c) + 3)]).toEqual(colour);
});

test("a picture shows the image, the truth, the prediction and errors in red, none where nothing counts", async () => {
  const image = { kind: "image", height: 1, width: 3, channels: 1, data: Uint8Array.of(90, 90, 90) } as const;
  const predicted = { height: 1, width: 3, data: Uint8Array.of(1, 1, 1) };
  const truth = tensor("int64", [1, 3], BigInt64Array.of(1n, 0n, -100n));
  const { height, width, data } = maskPicture(image, { truth, predicted });
  expect([height, width]).toEqual([1, 4 * 3 + 3 * 2]);
  const pixel = (x: number) => [...data.subarray(3 * x, 3 * x + 3)];
  expect([pixel(0), pixel(5), pixel(6), pixel(7)]).toEqual([
    [90, 90, 90],
    [128, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
  ]);
  expect([pixel(15), pixel(16), pixel(17)]).toEqual([
    [45, 45, 45],
    [220, 30, 30],
    [45, 45, 45],
  ]);
  expect((await maskDrawings(image, predicted)).map((d) => d.suffix)).toEqual(["", ".overlay"]);
});
