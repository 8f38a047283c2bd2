import { audioFolder } from "./audio-folder.ts";
import { csv, tsv } from "./csv.ts";
import { idx } from "./idx.ts";
import { imageFolder } from "./image-folder.ts";
import { json } from "./json.ts";
import { jsonl } from "./jsonl.ts";
import { maskFolder } from "./mask-folder.ts";
import { npz } from "./npz.ts";
import { parquet } from "./parquet.ts";
import type { Reader } from "./reader.ts";
import { safetensors } from "./safetensors.ts";

/** Every kind of data that can be opened. */
export const readers: readonly Reader[] = [
  imageFolder,
  maskFolder,
  audioFolder,
  npz,
  safetensors,
  idx,
  csv,
  tsv,
  jsonl,
  json,
  parquet,
];
