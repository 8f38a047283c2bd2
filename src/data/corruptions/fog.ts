import { type AnyCorruption, defineCorruption, type Pair } from "./corruption.ts";

/**
 * (x + f P) M / (M + f) with M = max(x): a cloud P of values 0 … 1, the same for all channels, lightens the image.
 * The constants are f and the decay of the cloud's detail; the cloud's size is the next power of two of the longer edge.
 */
export const fog: AnyCorruption = defineCorruption<Pair>({
  name: "fog",
  severities: {
    cifar: [
      [0.2, 3],
      [0.5, 3],
      [0.75, 2.5],
      [1, 2],
      [1.5, 1.75],
    ],
    "tiny-imagenet": [
      [0.4, 3],
      [0.7, 3],
      [1, 2.5],
      [1.5, 2],
      [2, 1.75],
    ],
    imagenet: [
      [1.5, 2],
      [2, 2],
      [2.5, 1.7],
      [2.5, 1.5],
      [3, 1.4],
    ],
  },
  apply({ data, height, width, channels }, [f, decay], random) {
    const size = 2 ** Math.ceil(Math.log2(Math.max(height, width, 2)));
    const cloud = plasma(size, decay, () => random.next());
    let max = 0;
    for (const v of data) max = Math.max(max, v);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const p = f * cloud[y * size + x]!;
        const at = (y * width + x) * channels;
        for (let c = 0; c < channels; c++) data[at + c] = ((data[at + c]! + p) * max) / (max + f);
      }
    }
  },
});

/**
 * Diamond–square plasma on a torus, scaled to 0 … 1, row-major [size, size].
 *
 * From the corner cell 0 and w = 100, at each step: cell centres become the mean of their 4 corners plus w·U(−w, w), in
 * row-major order; then the midpoints of horizontal edges, then of vertical ones, the mean of their 4 neighbours plus
 * the same; the step halves and w is divided by the decay, while the step is at least 2.
 *
 * @param size a power of two
 * @param uniform numbers in [0, 1), drawn once per cell in the order above
 */
function plasma(size: number, decay: number, uniform: () => number): Float64Array {
  const map = new Float64Array(size * size);
  const at = (y: number, x: number): number => map[(y % size) * size + (x % size)]!;
  let w = 100;
  const noise = (): number => w * (2 * uniform() - 1) * w;
  for (let step = size; step >= 2; step /= 2) {
    const half = step / 2;
    // Positions before 0 wrap to the other side; adding the size keeps the remainder positive.
    const back = size - half;
    for (let y = half; y < size; y += step) {
      for (let x = half; x < size; x += step) {
        const corners =
          at(y - half, x - half) + at(y - half, x + half) + at(y + half, x - half) + at(y + half, x + half);
        map[y * size + x] = corners / 4 + noise();
      }
    }
    for (let y = 0; y < size; y += step) {
      for (let x = half; x < size; x += step) {
        const around = at(y + back, x) + at(y + half, x) + at(y, x - half) + at(y, x + half);
        map[y * size + x] = around / 4 + noise();
      }
    }
    for (let y = half; y < size; y += step) {
      for (let x = 0; x < size; x += step) {
        const around = at(y - half, x) + at(y + half, x) + at(y, x + back) + at(y, x + half);
        map[y * size + x] = around / 4 + noise();
      }
    }
    w /= decay;
  }
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const v of map) {
    min = Math.min(min, v);
    max = Math.max(max, v);
  }
  return map.map((v) => (v - min) / (max - min));
}
