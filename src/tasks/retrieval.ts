import { type CaptionedImage, wordsOf } from "../data/dataset.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Answer, Ranking, Said } from "./task.ts";

/** What was embedded, by what it is called: an image or a text that comes twice is one thing. */
type Embedded = Map<string, Float32Array>;

/**
 * Ranks images and texts by what two towers gave for pairs of them, [2, D]: to each image the texts of the largest
 * cosine, and to each text the images, among all that were seen; which were paired does not matter.
 */
export function createRetrieval(): Ranking {
  const images: Embedded = new Map();
  const texts: Embedded = new Map();
  return {
    add({ output, sample }, name) {
      images.set(name, unitRow(output, 0));
      texts.set(textOf(sample), unitRow(output, 1));
    },
    *answers(top) {
      const places = Math.min(top, Math.max(images.size, texts.size));
      for (const [kind, asked, others] of [
        ["image", images, texts],
        ["text", texts, images],
      ] as const)
        for (const [input, embedding] of asked)
          yield { input, ...told(kind, nearest(embedding, others, top), places) };
    },
  };
}

interface Match {
  readonly match: string;
  readonly similarity: number;
}

/** The most similar, the first of equals in front. */
function nearest(query: Float32Array, others: Embedded, count: number): readonly Match[] {
  const best: Match[] = [];
  for (const [match, embedding] of others) {
    const similarity = dot(query, embedding);
    const place = best.findIndex((b) => similarity > b.similarity);
    if (place < 0 && best.length >= count) continue;
    best.splice(place < 0 ? best.length : place, 0, { match, similarity });
    if (best.length > count) best.pop();
  }
  return best;
}

/** @param places columns of matches, empty where there are fewer */
function told(kind: "image" | "text", matches: readonly Match[], places: number): Answer {
  const columns = Array.from({ length: places }, (_, i) => {
    const suffix = i === 0 ? "" : `_${i + 1}`;
    const { match = "", similarity = "" } = matches[i] ?? {};
    return [[`match${suffix}`, match] as const, [`similarity${suffix}`, similarity] as const];
  });
  return {
    fields: { kind, matches: matches.map(({ match, similarity }) => ({ match, similarity })) },
    columns: [["kind", kind], ...columns.flat()],
  };
}

/** A row of [2, D] at length 1. */
function unitRow({ dims: [, width = 0], data }: Tensor<"float32">, row: 0 | 1): Float32Array {
  const values = data.subarray(row * width, (row + 1) * width);
  const length = Math.sqrt(dot(values, values));
  return values.map((v) => v / length);
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += a[d]! * b[d]!;
  return sum;
}

function textOf(sample: Said["sample"]): string {
  if (sample.kind !== "image-text")
    throw new TypeError(`internal: retrieval of a sample of kind ${sample.kind}`);
  const { text } = sample;
  return wordsOf(sourceOf(text));
}

function sourceOf(text: CaptionedImage["text"]) {
  return text.kind === "text" || text.kind === "dialogue" ? text : text.source;
}
