import { fileURLToPath } from "node:url";
import { nodeFiles } from "../platform/node-files.ts";
import type { Dataset, Image, Sample, SampleKind } from "./dataset.ts";
import type { Tokenizer } from "./preprocess/tokenizer.ts";

/** An image as `scripts/goldens/data.py` writes it. */
export interface GoldenImage {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  readonly data: readonly number[];
}

/** A file of `goldens/`; the caller says what the script put there. */
export async function golden<T>(name: string): Promise<T> {
  const path = fileURLToPath(new URL(`./goldens/${name}`, import.meta.url));
  return JSON.parse(await nodeFiles.readText(path)) as T;
}

export function imageOf({ data, ...rest }: GoldenImage): Image {
  return { kind: "image", ...rest, data: Uint8Array.from(data) };
}

export function bytesOfBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

/** A dataset in memory: `labels[i]` names the class of example `i`, whose content `sample(i)` makes. */
export function datasetOf(
  labels: readonly number[],
  sample: (i: number) => Sample,
  classes: readonly string[] | null = [...new Set(labels)].sort((a, b) => a - b).map(String),
): Dataset {
  return {
    source: "made up",
    format: "memory",
    kind: sample(0).kind as SampleKind,
    labelling: classes === null ? "numbers" : "class",
    classes,
    length: labels.length,
    warnings: [],
    label: (i) => (classes === null ? labels[i]! : classes.indexOf(`${labels[i]}`)),
    name: (i) => `example ${i}`,
    load: async (i) => sample(i),
  };
}

/** A grey image whose every pixel is `value`. */
export function flat(value: number, height = 2, width = 2): Image {
  return { kind: "image", height, width, channels: 1, data: new Uint8Array(height * width).fill(value) };
}

/** A tokenizer whose tokens are letters, numbered as Unicode does; nothing is put around them. */
export const letters: Tokenizer = {
  padId: 0,
  start: [],
  eosId: null,
  maskId: null,
  specialIds: new Set(),
  size: 0x10000,
  special: {},
  maxLength: null,
  content: (text) => Array.from(text, (c) => c.charCodeAt(0)),
  decode: (ids) => String.fromCharCode(...ids),
  idOf: (token) => (token.length === 1 ? token.charCodeAt(0) : undefined),
  encode: (text, _, maxLength) => {
    const ids = Int32Array.from(text.slice(0, maxLength), (c) => c.charCodeAt(0));
    return { ids, types: new Int32Array(ids.length) };
  },
};
