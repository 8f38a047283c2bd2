import type { Loading } from "../dataset.ts";
import { decodeImage } from "../decode-image.ts";

/** Loads images from their files' bytes. @param at what messages call each file */
export function imageLoader(bytes: (i: number) => Promise<Uint8Array>, at: (i: number) => string): Loading {
  return {
    load: async (i) => decodeImage(await bytes(i), at(i)),
    stored: async (i) => [await bytes(i)],
  };
}
