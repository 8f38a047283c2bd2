import { type Image, ignoredIn } from "../data/dataset.ts";
import { bufferOver } from "../data/preprocess/batch-buffer.ts";
import type { Preprocessor } from "../data/preprocess/preprocessor.ts";
import { SegmentationMeter } from "../evaluation/segmentation-meter.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { classMap, resizedLogits } from "./class-map.ts";
import { judgedMap } from "./judged-map.ts";
import { maskDrawings, maskPicture } from "./mask-pictures.ts";
import type { Said, Task } from "./task.ts";

/** The class index that losses and meters leave out. */
const IGNORED = -100;

/** A class for every pixel: logits [B, C, h, w] against class indices [B, H, W], compared at the size of the labels. */
export const segmentation: Task = {
  name: "segmentation",
  summary: "a class for every pixel of each image, from images and masks",
  samples: ["image"],
  labelling: "sample",
  hasClasses: true,
  metrics: ["miou", "pixel-accuracy", "loss"],
  head: "map",
  architectures: { image: "ForSemanticSegmentation" },
  problemType: "semantic_segmentation",
  width: (train) => train.classes?.length ?? 0,
  loss: "cross-entropy",
  judged: ({ model, output, targets }) => judgedMap(model, output, targets),
  preprocessor: withMasks,
  meter(classes) {
    const meter = new SegmentationMeter(classes);
    return {
      // What a deployed model gives has not gone through `judged`.
      add: (batch) =>
        meter.add({ ...batch, output: resizedLogits(batch.output, batch.targets.dims.slice(1)) }),
      result: () => meter.result(),
    };
  },
  answer(said, top) {
    const areas = areasOf(said).slice(0, top);
    return {
      fields: { classes: areas.map(({ name, share }) => ({ class: name, share })) },
      columns: Array.from({ length: Math.min(top, said.classes.length) }, (_, i) => {
        const suffix = i === 0 ? "" : `_${i + 1}`;
        const area = areas[i];
        return [[`class${suffix}`, area?.name ?? ""] as const, [`share${suffix}`, area?.share ?? 0] as const];
      }).flat(),
    };
  },
  show(said, target) {
    const predicted = classMap(resizedLogits(batched(said.output), target.dims)).data;
    const judged = [...predicted.keys()].filter((i) => Number(target.data[i]) >= 0);
    const wrong = judged.filter((i) => Number(target.data[i]) !== predicted[i]).length;
    const share = judged.length === 0 ? 0 : wrong / judged.length;
    const present = [...new Set(judged.map((i) => Number(target.data[i])))].sort((a, b) => a - b);
    return {
      expected: present.map((c) => said.classes[c] ?? `${c}`).join(", "),
      answer: `${(100 * share).toFixed(1)} % of pixels wrong`,
      right: wrong === 0,
    };
  },
  draw: (said) => maskDrawings(imageOf(said), predictedAt(said)),
  picture: (said, target) => maskPicture(imageOf(said), { truth: target, predicted: predictedAt(said) }),
};

function imageOf({ sample }: Said): Image {
  if (sample.kind === "image") return sample;
  throw new TypeError(`internal: segmentation of a sample of kind ${sample.kind}`);
}

/** The predicted classes at the size of the image that was asked about. */
function predictedAt(said: Said) {
  const { height, width } = imageOf(said);
  return classMap(resizedLogits(batched(said.output), [height, width]));
}

function batched({ dims, data }: Tensor<"float32">): Tensor<"float32"> {
  return tensor("float32", [1, ...dims], data);
}

/** The classes that are there by their share of the area, the largest first. */
function areasOf(said: Said): { readonly name: string; readonly share: number }[] {
  const { data } = classMap(batched(said.output));
  const counts = new Map<number, number>();
  for (const c of data) counts.set(c, (counts.get(c) ?? 0) + 1);
  return [...counts]
    .map(([c, count]) => ({ name: said.classes[c] ?? `${c}`, share: count / data.length }))
    .sort((a, b) => b.share - a.share);
}

/** A preprocessor of images whose batches bring the masks along: int64 [B, H, W], −100 where a pixel does not count. */
function withMasks(base: Preprocessor): Preprocessor {
  if (base.config.kind !== "image") return base;
  const { height, width } = base.config.size;
  return {
    ...base,
    buffer(input, size) {
      const buffer = base.buffer(input, size);
      const masks = new Array<Image["mask"]>(size);
      return bufferOver(buffer, {
        write(sample, row) {
          buffer.write(sample, row);
          masks[row] = sample.kind === "image" ? sample.mask : undefined;
        },
        targets: (count) => targetsOf(masks.slice(0, count), [size, height, width]),
      });
    },
  };
}

function targetsOf(
  masks: readonly Image["mask"][],
  dims: readonly [number, number, number],
): Tensor<"int64"> {
  const [size, height, width] = dims;
  const area = height * width;
  const data = new BigInt64Array(size * area).fill(BigInt(IGNORED));
  // A class index fits the low word; writing words spares a BigInt for every pixel. Typed arrays are little-endian here.
  const words = new Int32Array(data.buffer);
  for (const [row, mask] of masks.entries()) {
    if (!mask) continue;
    const ignored = ignoredIn(mask);
    for (let i = 0, at = 2 * row * area; i < area; i++, at += 2) {
      const c = mask[i]!;
      if (c === ignored) continue;
      words[at] = c;
      words[at + 1] = 0;
    }
  }
  return tensor("int64", dims, data);
}
