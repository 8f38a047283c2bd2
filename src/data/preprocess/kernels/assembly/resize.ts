// AssemblyScript. The two passes of a resize on 8-bit pixels, in the integers of Pillow.
//
// A table of taps: for each output `first` and `count` (i32 each), then for each output `taps` weights (i32), zeros
// behind `count` of them; `taps` is a multiple of 4. Loads go up to 16 bytes over the end of what is read, and stores up
// to 16 over the end of what is written: rows are written in their order, and the caller leaves room behind the last.

const FRACTION_BITS: i32 = 22;
const HALF: i32 = 1 << (FRACTION_BITS - 1);

/** The low bytes of four sums without their fraction, kept within 0 … 255. */
// @ts-ignore: decorator
@inline
function rounded(sums: v128): v128 {
  const whole = i16x8.narrow_i32x4_s(i32x4.shr_s(sums, FRACTION_BITS), i32x4.splat(0));
  return i8x16.narrow_i16x8_u(whole, i16x8.splat(0));
}

/** Rows of `width` pixels of three bytes at `from` become rows of `outputs` such pixels at `to`. */
export function colourRows(
  from: usize,
  width: i32,
  rows: i32,
  table: usize,
  outputs: i32,
  taps: i32,
  to: usize,
): void {
  const counts = table + 4 * outputs;
  const weights = counts + 4 * outputs;
  // One of four pixels in a register each, its colours spread out to 32 bits.
  const spread0 = i8x16(0, -1, -1, -1, 1, -1, -1, -1, 2, -1, -1, -1, -1, -1, -1, -1);
  const spread1 = i8x16(3, -1, -1, -1, 4, -1, -1, -1, 5, -1, -1, -1, -1, -1, -1, -1);
  const spread2 = i8x16(6, -1, -1, -1, 7, -1, -1, -1, 8, -1, -1, -1, -1, -1, -1, -1);
  const spread3 = i8x16(9, -1, -1, -1, 10, -1, -1, -1, 11, -1, -1, -1, -1, -1, -1, -1);
  for (let y = 0; y < rows; y++) {
    const row = from + 3 * y * width;
    for (let o = 0; o < outputs; o++) {
      let pixels = row + 3 * load<i32>(table + 4 * o);
      let weight = weights + 4 * o * taps;
      const end = weight + 4 * load<i32>(counts + 4 * o);
      let sums = i32x4.splat(HALF);
      while (weight < end) {
        const four = v128.load(pixels);
        sums = i32x4.add(sums, i32x4.mul(i8x16.swizzle(four, spread0), v128.load32_splat(weight)));
        sums = i32x4.add(sums, i32x4.mul(i8x16.swizzle(four, spread1), v128.load32_splat(weight, 4)));
        sums = i32x4.add(sums, i32x4.mul(i8x16.swizzle(four, spread2), v128.load32_splat(weight, 8)));
        sums = i32x4.add(sums, i32x4.mul(i8x16.swizzle(four, spread3), v128.load32_splat(weight, 12)));
        pixels += 12;
        weight += 16;
      }
      v128.store32_lane(to, rounded(sums), 0);
      to += 3;
    }
  }
}

/** The same for pixels of one byte. */
export function greyRows(
  from: usize,
  width: i32,
  rows: i32,
  table: usize,
  outputs: i32,
  taps: i32,
  to: usize,
): void {
  const counts = table + 4 * outputs;
  const weights = counts + 4 * outputs;
  for (let y = 0; y < rows; y++) {
    const row = from + y * width;
    for (let o = 0; o < outputs; o++) {
      let pixels = row + load<i32>(table + 4 * o);
      let weight = weights + 4 * o * taps;
      const end = weight + 4 * load<i32>(counts + 4 * o);
      let sums = i32x4(HALF, 0, 0, 0);
      while (weight < end) {
        const four = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(pixels)));
        sums = i32x4.add(sums, i32x4.mul(four, v128.load(weight)));
        pixels += 4;
        weight += 16;
      }
      sums = i32x4.add(sums, v128.shuffle<i32>(sums, sums, 2, 3, 0, 1));
      sums = i32x4.add(sums, v128.shuffle<i32>(sums, sums, 1, 0, 3, 2));
      v128.store8_lane(to, rounded(sums), 0);
      to += 1;
    }
  }
}

/** Rows of `size` bytes at `from` become `outputs` rows at `to`. */
export function columns(from: usize, size: i32, table: usize, outputs: i32, taps: i32, to: usize): void {
  const counts = table + 4 * outputs;
  const weights = counts + 4 * outputs;
  for (let o = 0; o < outputs; o++) {
    const first = from + size * load<i32>(table + 4 * o);
    const begin = weights + 4 * o * taps;
    const end = begin + 4 * load<i32>(counts + 4 * o);
    for (let x = 0; x < size; x += 16) {
      let sums0 = i32x4.splat(HALF);
      let sums1 = sums0;
      let sums2 = sums0;
      let sums3 = sums0;
      let bytes = first + x;
      for (let at = begin; at < end; at += 4) {
        const weight = v128.load32_splat(at);
        const sixteen = v128.load(bytes);
        const low = i16x8.extend_low_i8x16_u(sixteen);
        const high = i16x8.extend_high_i8x16_u(sixteen);
        sums0 = i32x4.add(sums0, i32x4.mul(i32x4.extend_low_i16x8_u(low), weight));
        sums1 = i32x4.add(sums1, i32x4.mul(i32x4.extend_high_i16x8_u(low), weight));
        sums2 = i32x4.add(sums2, i32x4.mul(i32x4.extend_low_i16x8_u(high), weight));
        sums3 = i32x4.add(sums3, i32x4.mul(i32x4.extend_high_i16x8_u(high), weight));
        bytes += size;
      }
      const low = i16x8.narrow_i32x4_s(i32x4.shr_s(sums0, FRACTION_BITS), i32x4.shr_s(sums1, FRACTION_BITS));
      const high = i16x8.narrow_i32x4_s(i32x4.shr_s(sums2, FRACTION_BITS), i32x4.shr_s(sums3, FRACTION_BITS));
      v128.store(to + x, i8x16.narrow_i16x8_u(low, high));
    }
    to += size;
  }
}
