/** Which examples are not wrong at all, as `Judgement.correct` has them: bit i % 8 of byte ⌊i / 8⌋. */
export function bitsOfRight(wrongness: ArrayLike<number>, count: number): Uint8Array {
  const bits = new Uint8Array(Math.ceil(count / 8));
  for (let i = 0; i < count; i++) if (wrongness[i] === 0) bits[i >> 3]! |= 1 << (i & 7);
  return bits;
}
