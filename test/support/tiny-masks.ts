import { encodeMaskPng, encodePng } from "../../src/data/encode-png.ts";
import { encodeModel } from "../../src/onnx/encode.ts";
import type { Files } from "../../src/platform/files.ts";
import { palette } from "../../src/tasks/mask-pictures.ts";
import { createRandom } from "../../src/tensor/random.ts";
import { sizeOf } from "../../src/tensor/shape.ts";
import { int64s, type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { graphOf, modelOf, type NodeText } from "./graph-of.ts";

const SIZE = 16;

/** Classifiers of grey images [batch, 1, 16, 16]: a convolutional network, and one on patches with a class token. */
export function tinyClassifier(kind: "convolutional" | "patches"): Uint8Array {
  const random = createRandom(3);
  const drawn = (...dims: number[]): Tensor =>
    tensor(
      "float32",
      dims,
      Float32Array.from({ length: sizeOf(dims) }, () => random.normal() * 0.3),
    );
  const convolution = { pads: [1, 1, 1, 1], kernel_shape: [3, 3] };
  const convolutional: NodeText[] = [
    ["Conv", ["x", "w1", "b1"], ["c1"], { ...convolution, strides: [2, 2] }],
    ["Relu", ["c1"], ["r1"]],
    ["Conv", ["r1", "w2", "b2"], ["c2"], { ...convolution, strides: [2, 2] }],
    ["Relu", ["c2"], ["r2"]],
    ["GlobalAveragePool", ["r2"], ["p"]],
    ["Flatten", ["p"], ["f"]],
    ["Gemm", ["f", "w3"], ["logits"]],
  ];
  const patches: NodeText[] = [
    ["Conv", ["x", "wp", "bp"], ["c"], { kernel_shape: [4, 4], strides: [4, 4] }],
    ["Reshape", ["c", "flat"], ["s"]],
    ["Transpose", ["s"], ["t"], { perm: [0, 2, 1] }],
    ["ReduceMean", ["t"], ["m"], { axes: [1], keepdims: 1 }],
    ["Concat", ["m", "t"], ["tokens"], { axis: 1 }],
    ["Gather", ["tokens", "first"], ["cls"], { axis: 1 }],
    ["Gemm", ["cls", "w3"], ["logits"]],
  ];
  const constants = {
    convolutional: {
      w1: drawn(6, 1, 3, 3),
      b1: drawn(6),
      w2: drawn(8, 6, 3, 3),
      b2: drawn(8),
      w3: drawn(8, 5),
    },
    patches: {
      wp: drawn(8, 1, 4, 4),
      bp: drawn(8),
      flat: int64s([0, 8, -1]),
      first: tensor("int64", [], BigInt64Array.of(0n)),
      w3: drawn(8, 5),
    },
  }[kind];
  const graph = graphOf({
    inputs: { x: { dtype: "float32", dims: ["batch", 1, SIZE, SIZE] } },
    constants,
    nodes: kind === "patches" ? patches : convolutional,
    outputs: ["logits"],
    declared: { logits: { dtype: "float32", dims: ["batch", 5] } },
  });
  return encodeModel(modelOf(graph, 17));
}

/** Images of bright rectangles on noise, and masks of background and rectangle whose outline does not count. */
export async function writeRectangles(files: Files, folder: string, count: number): Promise<void> {
  const random = createRandom(5);
  await files.write(`${folder}/classes.txt`, "background\nrectangle\n");
  for (let n = 0; n < count; n++) {
    const [top, left] = [random.integer(8), random.integer(8)];
    const [height, width] = [5 + random.integer(4), 5 + random.integer(4)];
    const data = new Uint8Array(SIZE * SIZE);
    const mask = new Uint8Array(SIZE * SIZE);
    for (let y = 0; y < SIZE; y++) {
      for (let x = 0; x < SIZE; x++) {
        const [dy, dx] = [y - top, x - left];
        const inside = dy >= 0 && dy < height && dx >= 0 && dx < width;
        const edge = inside && (dy === 0 || dx === 0 || dy === height - 1 || dx === width - 1);
        mask[y * SIZE + x] = edge ? 255 : Number(inside);
        data[y * SIZE + x] = (inside ? 160 : 20) + random.integer(70);
      }
    }
    const name = `${n}.png`;
    const image = { kind: "image", height: SIZE, width: SIZE, channels: 1, data } as const;
    await files.write(`${folder}/images/${name}`, await encodePng(image));
    await files.write(
      `${folder}/masks/${name}`,
      await encodeMaskPng({ height: SIZE, width: SIZE, data: mask }, palette),
    );
  }
}
