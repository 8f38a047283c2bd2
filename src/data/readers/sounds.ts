import { DataError } from "../../errors.ts";
import type { Audio, Loading } from "../dataset.ts";
import { decodeWav } from "../formats/wav.ts";

export const soundExtensions: readonly string[] = [".wav", ".wave"];

/**
 * Loads sounds, which must all have the sample rate of the first one: a network hears another pitch otherwise.
 *
 * @throws DataError from the loader for a sound of another rate
 */
export function soundLoader(bytes: (i: number) => Promise<Uint8Array>, at: (i: number) => string): Loading {
  const read = async (i: number): Promise<Audio> => decodeWav(await bytes(i), at(i));
  let first: Promise<number | null> | null = null;
  const rateOfFirst = (): Promise<number | null> => {
    // A first one that cannot be read is its own problem, not that of the others.
    first ??= read(0).then(
      ({ sampleRate }) => sampleRate,
      () => null,
    );
    return first;
  };
  return {
    async load(i) {
      const [audio, rate] = [await read(i), await rateOfFirst()];
      if (rate === null || audio.sampleRate === rate) return audio;
      throw new DataError(`${at(i)}: ${audio.sampleRate} Hz, ${at(0)} has ${rate} Hz; resample one of them`);
    },
    stored: async (i) => [await bytes(i), `beside ${await rateOfFirst()} Hz`],
  };
}
