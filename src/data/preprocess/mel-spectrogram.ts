import { powerSpectrum } from "./fourier.ts";
import { type MelLayout, melFilters } from "./mel-filters.ts";

export interface MelSettings extends MelLayout {
  /** Numbers in a frame; the rest of the transform is zeros. */
  readonly frame: number;
  /** Numbers from one frame to the next. */
  readonly hop: number;
  /** Whether frames stand around their place, the wave mirrored at its ends, or begin there. */
  readonly centered: boolean;
  /** Hann's window over `frame` + 1 numbers, of which the last is left out, or over `frame`. */
  readonly periodic: boolean;
  /** Taken off each frame: its mean, and this much of the number before. */
  readonly emphasis: { readonly preemphasis: number } | null;
  /** The least energy. */
  readonly floor: number;
}

/** Makes energies in mel bins out of waves, [frames, bins], each at least `floor`; in float64. */
export function melSpectrogram(settings: MelSettings): (wave: Float32Array) => Float64Array[] {
  const { frame, hop, centered, periodic, emphasis, fftSize, floor } = settings;
  const filters = melFilters(settings).map(withoutZeros);
  const transform = powerSpectrum(fftSize);
  const turns = periodic ? frame : frame - 1;
  const window = Float64Array.from(
    { length: frame },
    (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / turns),
  );
  const buffer = new Float64Array(fftSize);
  const power = new Float64Array(Math.floor(fftSize / 2) + 1);
  return (wave) => {
    const margin = centered ? Math.floor(frame / 2) : 0;
    const count = Math.max(0, 1 + Math.floor((wave.length + 2 * margin - frame) / hop));
    return Array.from({ length: count }, (_, f) => {
      const start = f * hop - margin;
      for (let i = 0; i < frame; i++) buffer[i] = wave[mirrored(start + i, wave.length)] ?? 0;
      if (buffer.every((v) => v === 0)) return new Float64Array(filters.length).fill(floor);
      if (emphasis) emphasize(buffer, frame, emphasis.preemphasis);
      for (let i = 0; i < frame; i++) buffer[i]! *= window[i]!;
      transform(buffer, power);
      return Float64Array.from(filters, ({ from, weights }) => {
        let sum = 0;
        for (let k = 0; k < weights.length; k++) sum += weights[k]! * power[from + k]!;
        return Math.max(floor, sum);
      });
    });
  };
}

/** A place in a wave that goes on beyond its ends as in a mirror that stands on the last number. */
function mirrored(i: number, length: number): number {
  const inside = i < 0 ? -i : i;
  return inside < length ? inside : 2 * (length - 1) - inside;
}

function emphasize(buffer: Float64Array, frame: number, preemphasis: number): void {
  let mean = 0;
  for (let i = 0; i < frame; i++) mean += buffer[i]! / frame;
  for (let i = 0; i < frame; i++) buffer[i]! -= mean;
  for (let i = frame - 1; i > 0; i--) buffer[i]! -= preemphasis * buffer[i - 1]!;
  buffer[0]! *= 1 - preemphasis;
}

/** A filter from its first to its last weight. */
function withoutZeros(filter: Float64Array): { readonly from: number; readonly weights: Float64Array } {
  const from = Math.max(
    0,
    filter.findIndex((w) => w > 0),
  );
  const to = filter.findLastIndex((w) => w > 0) + 1;
  return { from, weights: filter.subarray(from, Math.max(from, to)) };
}
