import { type JudgedBatch, type Judgement, type Meter, weightOf } from "./meter.ts";
import { placeOf } from "./ranks.ts";
import { Tally } from "./tally.ts";

/** Within how many of the nearest a partner counts as found. */
const NEAREST = [1, 5, 10] as const;

/**
 * Judges embeddings [B, 2, D] of images and their captions over the whole set: `recall-k`, the share of images and captions
 * whose own partner is among the k most similar of all, both directions counted alike; `loss`, the mean contrastive loss
 * of the batches, in nats, which depends on their size. An example is the more wrong the more others stand before its own.
 * Resampled, and weighted, are the queries; what they are searched among stays the whole set.
 */
export class RetrievalMeter implements Meter {
  private readonly images: Float32Array[] = [];
  private readonly texts: Float32Array[] = [];
  private readonly losses: number[] = [];
  private readonly weights: number[] = [];

  add(batch: JudgedBatch): void {
    const { output, indices } = batch;
    const { dims, data } = output;
    const width = dims[2] ?? 0;
    const row = (i: number, side: 0 | 1) => data.slice((2 * i + side) * width, (2 * i + side + 1) * width);
    const images = indices.map((_, i) => row(i, 0));
    const texts = indices.map((_, i) => row(i, 1));
    for (const [i, index] of indices.entries()) {
      this.images[index] = images[i]!;
      this.texts[index] = texts[i]!;
      this.weights[index] = weightOf(batch, i);
      this.losses[index] = (surprise(images[i]!, texts, i) + surprise(texts[i]!, images, i)) / 2;
    }
  }

  result(): Judgement {
    const { images, texts } = this;
    const count = images.length;
    const tally = new Tally({ count: 1, loss: 1, found: NEAREST.length });
    const wrongness = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      tally.begin(i, this.weights[i]!);
      tally.add("count", 1);
      tally.add("loss", this.losses[i]!);
      for (const [query, others] of [
        [images[i]!, texts],
        [texts[i]!, images],
      ] as const) {
        const similarities = others.map((other) => dot(query, other));
        const place = placeOf(similarities, 0, count, i);
        for (const [n, k] of NEAREST.entries()) if (place < k) tally.add("found", 1 / 2, n);
        wrongness[i]! += place / (2 * count);
      }
    }
    const judged = tally.judge(({ count: [all], loss, found }) => ({
      ...Object.fromEntries(NEAREST.map((k, n) => [`recall-${k}`, found[n]! / all!])),
      loss: loss[0]! / all!,
    }));
    return { count, ...judged, wrongness };
  }
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += a[d]! * b[d]!;
  return sum;
}

/** −log of the softmax of a query's similarities, at its own partner. */
function surprise(query: Float32Array, others: readonly Float32Array[], own: number): number {
  const similarities = others.map((other) => dot(query, other));
  const top = similarities.reduce((a, b) => Math.max(a, b));
  const sum = similarities.reduce((s, v) => s + Math.exp(v - top), 0);
  return top + Math.log(sum) - similarities[own]!;
}
