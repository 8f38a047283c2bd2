import { meanOfKnown } from "./columns.ts";
import { accuracyOf, intersectionOverUnion } from "./confusion.ts";
import type { JudgedBatch, Judgement, Meter } from "./meter.ts";

export interface SegmentationMeterOptions {
  /** Class of pixels that are not judged, beside negative ones. */
  readonly ignoreIndex?: number;
}

/**
 * Judges masks: intersection over union of each class over all pixels of the set, as the benchmarks have it, and not a
 * mean over images. An image is as wrong as the share of its pixels that are. `loss` is the mean cross-entropy over
 * judged pixels, in nats.
 */
export class SegmentationMeter implements Meter {
  private readonly classes: readonly string[];
  private readonly ignoreIndex: number | undefined;
  /** Pixels [true class][predicted class]. */
  private readonly pixels: number[][];
  private readonly wrongness: number[] = [];
  private count = 0;
  private loss = 0;

  constructor(classes: readonly string[], { ignoreIndex }: SegmentationMeterOptions = {}) {
    this.classes = classes;
    this.ignoreIndex = ignoreIndex;
    this.pixels = classes.map(() => new Array<number>(classes.length).fill(0));
  }

  /** `output` logits [B, C, H, W], `targets` class indices [B, H, W]. */
  add({ output, targets, indices }: JudgedBatch): void {
    const { length: classes } = this.classes;
    const area = output.dims.slice(2).reduce((a, b) => a * b, 1);
    for (const [row, index] of indices.entries()) {
      const logits = output.data.subarray(row * classes * area, (row + 1) * classes * area);
      let judged = 0;
      let wrong = 0;
      for (let pixel = 0; pixel < area; pixel++) {
        const label = Number(targets.data[row * area + pixel]);
        if (label < 0 || label === this.ignoreIndex) continue;
        const { best, loss } = judgePixel(logits, pixel, area, label);
        this.pixels[label]![best]!++;
        this.loss += loss;
        judged++;
        if (best !== label) wrong++;
      }
      this.wrongness[index] = judged === 0 ? 0 : wrong / judged;
      this.count++;
    }
  }

  result(): Judgement {
    const { count, pixels, wrongness } = this;
    const iou = intersectionOverUnion(pixels);
    const support = pixels.map((row) => row.reduce((a, b) => a + b, 0));
    return {
      count,
      metrics: {
        miou: meanOfKnown(iou),
        "pixel-accuracy": accuracyOf(pixels),
        loss: this.loss / support.reduce((a, b) => a + b, 0),
      },
      wrongness,
      parts: this.classes.map((name, c) => ({
        name,
        count: support[c]!,
        metrics: { iou: iou[c]!, recall: pixels[c]![c]! / support[c]! },
      })),
    };
  }
}

/** The likeliest class of a pixel and its cross-entropy, from logits [C, H · W]. */
function judgePixel(
  logits: Float32Array,
  pixel: number,
  area: number,
  label: number,
): { readonly best: number; readonly loss: number } {
  let best = 0;
  for (let at = pixel, c = 0; at < logits.length; at += area, c++) {
    if (logits[at]! > logits[best * area + pixel]!) best = c;
  }
  const top = logits[best * area + pixel]!;
  let sum = 0;
  for (let at = pixel; at < logits.length; at += area) sum += Math.exp(logits[at]! - top);
  return { best, loss: top + Math.log(sum) - logits[label * area + pixel]! };
}
