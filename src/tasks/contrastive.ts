import { type BatchBuffer, bufferOver } from "../data/preprocess/batch-buffer.ts";
import type { Preprocessing } from "../data/preprocess/config.ts";
import { createPreprocessor } from "../data/preprocess/preprocessor.ts";
import { RetrievalMeter } from "../evaluation/retrieval-meter.ts";
import { type Tensor, tensor, zeros } from "../tensor/tensor.ts";
import { createRetrieval } from "./retrieval.ts";
import type { Said, Task } from "./task.ts";
import { embeddingPair, findTowers, scaleOf } from "./towers.ts";

/** The target of a row that is padding. */
const IGNORED = -100n;

/**
 * Images and their captions by a model of two towers, as CLIP is: embeddings [B, 2, D] of which each image's shall be
 * nearest to its own caption's, among those of its batch while it trains, of the whole set when it is judged.
 */
export const contrastive: Task = {
  name: "contrastive",
  summary: "images and their captions by a model of two towers: each nearest to its own",
  samples: ["image-text"],
  labelling: "sample",
  hasClasses: false,
  metrics: ["recall-1", "recall-5", "recall-10", "loss"],
  head: null,
  architectures: {},
  problemType: null,
  width: () => 0,
  loss: "contrastive",
  preprocessor(base, { tokenizer }) {
    const captions = createPreprocessor(ofOneLength(base.config), tokenizer);
    return { ...captions, buffer: (input, size) => withRows(captions.buffer(input, size), size) };
  },
  judged: ({ model }) => embeddingPair(model, findTowers(model)),
  answerOf(model) {
    const towers = findTowers(model);
    const scale = scaleOf(model);
    return {
      outputs: [towers.image.name, towers.text.name],
      combine: ([image, text]) => sideBySide(image!, text!, scale), // as many as outputs
    };
  },
  meter: () => new RetrievalMeter(),
  answer(said) {
    const similarity = cosine(said);
    return { fields: { similarity }, columns: [["similarity", similarity]] };
  },
  ranking: createRetrieval,
  show: (said) => ({ answer: `similarity ${cosine(said).toFixed(3)}` }),
};

/** Which captions stand in a batch together, and are told apart there, must not depend on how long they are. */
function ofOneLength(config: Preprocessing): Preprocessing {
  if (config.kind !== "image-text") return config;
  return { ...config, text: { ...config.text, lengthStep: config.text.maxLength } };
}

/** Each row belongs to itself, and a missing one to none. */
function withRows(buffer: BatchBuffer, size: number): BatchBuffer {
  return bufferOver(buffer, {
    targets(count) {
      const rows = BigInt64Array.from({ length: size }, (_, i) => (i < count ? BigInt(i) : IGNORED));
      return tensor("int64", [size], rows);
    },
  });
}

/** Embeddings [B, D] of two towers as [B, 2, D]: units, the image's times the scale. */
function sideBySide(image: Tensor<"float32">, text: Tensor<"float32">, scale: number): Tensor<"float32"> {
  const [rows = 0, width = 0] = image.dims;
  const out = zeros("float32", [rows, 2, width]);
  for (let i = 0; i < rows; i++) {
    for (const [k, { data }] of [image, text].entries()) {
      const row = data.subarray(i * width, (i + 1) * width);
      const factor = (k === 0 ? scale : 1) / Math.hypot(...row);
      for (let d = 0; d < width; d++) out.data[(i * 2 + k) * width + d] = row[d]! * factor;
    }
  }
  return out;
}

/** Of an image and its text, [2, D]. */
function cosine({ output: { dims, data } }: Said): number {
  const width = dims[1] ?? 0;
  let [dot, a, b] = [0, 0, 0];
  for (let d = 0; d < width; d++) {
    dot += data[d]! * data[width + d]!;
    a += data[d]! ** 2;
    b += data[width + d]! ** 2;
  }
  return dot / Math.sqrt(a * b);
}
