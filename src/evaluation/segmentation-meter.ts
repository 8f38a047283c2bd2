import { meanOfKnown } from "./columns.ts";
import { countsFrom, intersectionOverUnion } from "./confusion.ts";
import { type JudgedBatch, type Judgement, type Meter, weightOf } from "./meter.ts";
import { type Sums, Tally } from "./tally.ts";

export interface SegmentationMeterOptions {
  /** Class of pixels that are not judged, beside negative ones. */
  readonly ignoreIndex?: number;
}

type Summed = "pixels" | "loss" | "truePositives" | "predicted" | "support";

/**
 * Judges masks: intersection over union of each class over all pixels of the set, as the benchmarks have it, and not a
 * mean over images. An image is as wrong as the share of its pixels that are. `loss` is the mean cross-entropy over
 * judged pixels, in nats.
 */
export class SegmentationMeter implements Meter {
  private readonly classes: readonly string[];
  private readonly ignoreIndex: number | undefined;
  private readonly tally: Tally<Summed>;
  private readonly wrongness: number[] = [];
  private count = 0;

  constructor(classes: readonly string[], { ignoreIndex }: SegmentationMeterOptions = {}) {
    this.classes = classes;
    this.ignoreIndex = ignoreIndex;
    const { length } = classes;
    this.tally = new Tally({ pixels: 1, loss: 1, truePositives: length, predicted: length, support: length });
  }

  /** `output` logits [B, C, H, W], `targets` class indices [B, H, W]. */
  add(batch: JudgedBatch): void {
    const { output, targets, indices } = batch;
    const { length: classes } = this.classes;
    const area = output.dims.slice(2).reduce((a, b) => a * b, 1);
    for (const [row, index] of indices.entries()) {
      const logits = output.data.subarray(row * classes * area, (row + 1) * classes * area);
      const counts = { truePositives: zeros(classes), predicted: zeros(classes), support: zeros(classes) };
      let judged = 0;
      let wrong = 0;
      let lossOfImage = 0;
      for (let pixel = 0; pixel < area; pixel++) {
        const label = Number(targets.data[row * area + pixel]);
        if (label < 0 || label === this.ignoreIndex) continue;
        const { best, loss } = judgePixel(logits, pixel, area, label);
        counts.support[label]!++;
        counts.predicted[best]!++;
        lossOfImage += loss;
        judged++;
        if (best === label) counts.truePositives[label]!++;
        else wrong++;
      }
      const { tally } = this;
      tally.begin(index, weightOf(batch, row));
      tally.add("pixels", judged);
      tally.add("loss", lossOfImage);
      for (let c = 0; c < classes; c++) {
        tally.add("truePositives", counts.truePositives[c]!, c);
        tally.add("predicted", counts.predicted[c]!, c);
        tally.add("support", counts.support[c]!, c);
      }
      this.wrongness[index] = judged === 0 ? 0 : wrong / judged;
      this.count++;
    }
  }

  result(): Judgement {
    const { count, tally, wrongness } = this;
    const { truePositives, support } = tally.sums;
    const iou = intersectionOverUnion(countsFrom(tally.sums));
    return {
      count,
      ...tally.judge(metricsOf),
      wrongness,
      parts: this.classes.map((name, c) => ({
        name,
        count: support[c]!,
        metrics: { iou: iou[c]!, recall: truePositives[c]! / support[c]! },
      })),
    };
  }
}

function metricsOf(sums: Sums<Summed>): Record<string, number> {
  const pixels = sums.pixels[0]!;
  return {
    miou: meanOfKnown(intersectionOverUnion(countsFrom(sums))),
    "pixel-accuracy": sums.truePositives.reduce((a, b) => a + b, 0) / pixels,
    loss: sums.loss[0]! / pixels,
  };
}

function zeros(length: number): Float64Array {
  return new Float64Array(length);
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
