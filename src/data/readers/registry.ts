import { csv } from "./csv.ts";
import { idx } from "./idx.ts";
import { imageFolder } from "./image-folder.ts";
import { npz } from "./npz.ts";
import type { Reader } from "./reader.ts";

/** Every kind of data that can be opened. */
export const readers: readonly Reader[] = [imageFolder, npz, idx, csv];
