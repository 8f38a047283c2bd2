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
    const { reach, taps } = diskKernel(radius, sigma);
    const padded = mirroredAround(data, height, width, channels, reach);
    const row = width * channels;
    const paddedRow = row + 2 * reach * channels;
    data.fill(0);
    // Row by row and tap by tap, so that memory is read in order.
    for (let y = 0; y < height; y++) {
      const to = y * row;
      for (const { dy, dx, weight } of taps) {
        const from = (y + reach + dy) * paddedRow + (reach + dx) * channels;
        for (let i = 0; i < row; i++) data[to + i]! += weight * padded[from + i]!;
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
function diskKernel(radius: number, sigma: number): { reach: number; taps: readonly Tap[] } {
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
  return { reach, taps };
}

function mirroredAround(
  data: Float64Array,
  height: number,
  width: number,
  channels: number,
  reach: number,
): Float64Array {
  const out = new Float64Array((height + 2 * reach) * (width + 2 * reach) * channels);
  let to = 0;
  for (let y = -reach; y < height + reach; y++) {
    for (let x = -reach; x < width + reach; x++) {
      const from = (mirror(y, height) * width + mirror(x, width)) * channels;
      for (let c = 0; c < channels; c++) out[to++] = data[from + c]!;
    }
  }
  return out;
}

// … 2 1 | 0 1 2 … n−1 | n−2 n−3 …, for any distance.
function mirror(i: number, n: number): number {
  if (n === 1) return 0;
  const period = 2 * (n - 1);
  const at = ((i % period) + period) % period;
  return at < n ? at : period - at;
}
