/** How mel filters are laid out, as `transformers.audio_utils.mel_filter_bank` names it. */
export interface MelLayout {
  /** Numbers in the transform; there are half as many frequencies, and one. */
  readonly fftSize: number;
  readonly bins: number;
  /** Numbers a second. */
  readonly samplingRate: number;
  /** Hertz at which the first filter begins, and the last ends. */
  readonly from: number;
  readonly to: number;
  /** `slaney`: linear up to 1 kHz, triangles in hertz of equal area. `kaldi`: logarithmic, triangles in mel of equal height. */
  readonly scale: "slaney" | "kaldi";
}

/** Filters [bins, ⌊fftSize / 2⌋ + 1], which sum the power of neighbouring frequencies. */
export function melFilters(layout: MelLayout): Float64Array[] {
  const { fftSize, bins, samplingRate, from, to, scale } = layout;
  const { toMel, toHertz } = scales[scale];
  const [low, high] = [toMel(from), toMel(to)];
  const isKaldi = scale === "kaldi";
  const edges = Array.from({ length: bins + 2 }, (_, i) => {
    const mel = low + ((high - low) * i) / (bins + 1);
    return isKaldi ? mel : toHertz(mel);
  });
  const frequencies = Array.from({ length: Math.floor(fftSize / 2) + 1 }, (_, k) => {
    const hertz = (k * samplingRate) / fftSize;
    return isKaldi ? toMel(hertz) : hertz;
  });
  return Array.from({ length: bins }, (_, b) => {
    const [left, middle, right] = [edges[b]!, edges[b + 1]!, edges[b + 2]!]; // bins + 2 edges
    const height = isKaldi ? 1 : 2 / (right - left);
    return Float64Array.from(frequencies, (f) => {
      const [up, down] = [(f - left) / (middle - left), (right - f) / (right - middle)];
      return height * Math.max(0, Math.min(up, down));
    });
  });
}

interface MelScale {
  readonly toMel: (hertz: number) => number;
  readonly toHertz: (mel: number) => number;
}

/** Up to here Slaney's scale is linear, in hertz and in mel; it grows by 27 mel with each factor of 6.4 above. */
const [LINEAR_HERTZ, LINEAR_MEL] = [1000, 15];
const LOG_STEP = Math.log(6.4) / 27;

const scales: Readonly<Record<MelLayout["scale"], MelScale>> = {
  slaney: {
    toMel: (f) =>
      f < LINEAR_HERTZ ? (f * LINEAR_MEL) / LINEAR_HERTZ : LINEAR_MEL + Math.log(f / LINEAR_HERTZ) / LOG_STEP,
    toHertz: (m) =>
      m < LINEAR_MEL ? (m * LINEAR_HERTZ) / LINEAR_MEL : LINEAR_HERTZ * Math.exp((m - LINEAR_MEL) * LOG_STEP),
  },
  kaldi: {
    toMel: (f) => 1127 * Math.log(1 + f / 700),
    toHertz: (m) => 700 * (Math.exp(m / 1127) - 1),
  },
};
