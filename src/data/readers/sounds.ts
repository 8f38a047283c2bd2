import type { Loading } from "../dataset.ts";
import { decodeWav } from "../formats/wav.ts";

export const soundExtensions: readonly string[] = [".wav", ".wave"];

/** Loads sounds from their files' bytes, each at its own rate. @param at what messages call each file */
export function soundLoader(bytes: (i: number) => Promise<Uint8Array>, at: (i: number) => string): Loading {
  return {
    load: async (i) => decodeWav(await bytes(i), at(i)),
    stored: async (i) => [await bytes(i)],
  };
}
