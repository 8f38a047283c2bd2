import { createRandom, type Random } from "../tensor/random.ts";

/**
 * A generator for one thing among many (an example in an epoch, the noise of one image), from the run's seed and what
 * names the thing. Equal parts give equal streams, whatever was drawn before and in whatever order.
 *
 * The 32-bit key is FNV-1a over the parts' text (Fowler, Noll, Vo, 1991), with a separator between parts.
 */
export function randomFor(...parts: readonly (number | string)[]): Random {
  let hash = 0x811c9dc5;
  for (const part of parts) {
    for (const unit of `${part}\u001f`) hash = Math.imul(hash ^ unit.codePointAt(0)!, 0x01000193);
  }
  return createRandom(hash);
}
