import { type AnyCorruption, defineCorruption, type Pair } from "./corruption.ts";

/**
 * Correlates each channel with a disk, as a lens out of focus does; borders are mirrored without repeating the edge.
 * The constants are the disk's radius R and the σ of the Gaussian that smooths the disk itself.
 */
export const defocusBlur: AnyCorruption = defineCorruption<Pair>({
  name: "defocus-blur",
  severities: {
    cifar: [
      [0.3, 0.4],
      [0.4, 0.5],
      [0.5, 0.6],
      [1, 0.2],
      [1.5, 0.1],
    ],
    "tiny-imagenet": [
      [0.5, 0.6],
      [1, 0.1],
      [1.5, 0.1],
      [2.5, 0.01],
      [3, 0.1],
    ],
    imagenet: [
      [3, 0.1],
      [4, 0.5],
      [6, 0.5],
      [8, 0.5],
      [10, 0.5],
    ],
  },
  apply({ data, height, width, channels }, [radius, sigma]) {
    const taps = diskKernel(radius, sigma);
    const source = data.slice();
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const to = (y * width + x) * channels;
        for (let c = 0; c < channels; c++) data[to + c] = 0;
        for (const { dy, dx, weight } of taps) {
          const from = (mirror(y + dy, height) * width + mirror(x + dx, width)) * channels;
          for (let c = 0; c < channels; c++) data[to + c]! += weight * source[from + c]!;
        }
      }
    }
  },
});

interface Tap {
  readonly dy: number;
  readonly dx: number;
  readonly weight: number;
}

/** The disk x² + y² ≤ R², normalised, then smoothed by a Gaussian of 3×3 taps (5×5 if R > 8); taps of weight 0 are left out. */
export function diskKernel(radius: number, sigma: number): readonly Tap[] {
  const reach = Math.max(8, radius);
  const side = 2 * reach + 1;
  const disk = new Float64Array(side * side);
  let sum = 0;
  for (let y = -reach; y <= reach; y++) {
    for (let x = -reach; x <= reach; x++) {
      if (x * x + y * y > radius * radius) continue;
      disk[(y + reach) * side + x + reach] = 1;
      sum++;
    }
  }
  const half = radius <= 8 ? 1 : 2;
  const line = Array.from({ length: 2 * half + 1 }, (_, i) =>
    Math.exp(-((i - half) ** 2) / (2 * sigma * sigma)),
  );
  const total = line.reduce((a, b) => a + b, 0);
  const taps: Tap[] = [];
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      let weight = 0;
      for (let dy = -half; dy <= half; dy++) {
        for (let dx = -half; dx <= half; dx++) {
          const value = disk[mirror(y + dy, side) * side + mirror(x + dx, side)]!;
          weight += (value * line[dy + half]! * line[dx + half]!) / (total * total * sum);
        }
      }
      if (weight !== 0) taps.push({ dy: y - reach, dx: x - reach, weight });
    }
  }
  return taps;
}

// … 2 1 | 0 1 2 … n−1 | n−2 n−3 …, for any distance.
function mirror(i: number, n: number): number {
  if (n === 1) return 0;
  const period = 2 * (n - 1);
  const at = ((i % period) + period) % period;
  return at < n ? at : period - at;
}
