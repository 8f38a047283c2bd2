import { type AnchorMemory, type BoundAnchor, type Memories, shareRemoved } from "./anchor-rule.ts";
import { numbers } from "./arithmetic.ts";
import type { HeldTensor } from "./held-tensor.ts";
import type { Motion } from "./motion.ts";

/** What acts on one tensor within the pass of the update rule. */
export interface Forces {
  readonly coupling: number;
  readonly pull: number;
  /** r of a rule that acts on the gradient, for the report. */
  readonly steered: number;
  /** Σ |θ − θ0| over each row, where the rule compares rows. */
  readonly distances: Float64Array | null;
}

/** What the anchor rule did to one tensor. */
export interface Held {
  /** r of the tensor, or the mean over its rows. */
  readonly ratio: number;
  /** Whether anything was held back. */
  readonly fired: boolean;
  /** ‖θ − θ0‖ after it. */
  readonly deviation: number;
}

/** A share below this changes no float32: what keeps a rule's divisions apart is no firing. */
const RESOLUTION = 2 ** -24;

const noForces: Forces = { coupling: 0, pull: 0, steered: 0, distances: null };

/** What the rule lets act on a step. At strength 0 nothing does, so that the arithmetic and the bits are the plain rule's. */
export function forcesOf(rule: BoundAnchor, strength: number, lr: number, tensor: HeldTensor): Forces {
  if (strength === 0 || rule.toward === "nothing") return noForces;
  const { coupling = 0, ratio = 0 } = lookBefore(rule.memory, tensor);
  return {
    coupling: (rule.coupling?.(strength) ?? 0) + strength * coupling,
    pull: rule.pull?.(numbers, strength, lr) ?? 0,
    steered: ratio,
    distances: rule.comparesRows === true ? tensor.rowDistances() : null,
  };
}

/** Lets a rule with a memory look at the tensor before its step, and keeps what it remembers. */
function lookBefore(memory: AnchorMemory | undefined, tensor: HeldTensor): Omit<Memories<number>, "numbers"> {
  if (!memory?.before) return {};
  const [array] = tensor.arrays;
  const found = memory.before(numbers, Array.from(tensor.numbers), {
    along: memory.array !== undefined && array ? tensor.gradientDot(array) : 0,
    ...(memory.looksAtDeviation ? tensor.agreement() : { gd: 0, dd: 0, gg: 0 }),
  });
  tensor.numbers.set(found.numbers);
  if (found.keep !== undefined && array) tensor.keepDeviation(array, found.keep);
  return found;
}

/** Pulls a tensor back after its step, where the rule says so. */
export function holdBack(
  rule: BoundAnchor,
  strength: number,
  tensor: HeldTensor,
  { motion, forces }: { readonly motion: Motion; readonly forces: Forces },
): Held {
  const free = pulledOnly(rule, motion, forces);
  if (rule.toward === "nothing") return free;
  if (rule.ratio) {
    const ratio = rule.ratio(numbers, motion);
    const share = shareRemoved(numbers, strength, ratio);
    if (share > 0) tensor.shrink(share);
    return { ratio, fired: share > 0, deviation: motion.nNext * (1 - share) };
  }
  if (strength === 0) return free;
  const ratios = rowRatiosOf(rule, tensor, motion, forces);
  return ratios === null ? free : holdRows(strength, tensor, ratios);
}

/** What a rule did that acts with the step alone. A pull toward zero holds nothing near where it started. */
function pulledOnly({ toward }: BoundAnchor, { n, nNext }: Motion, forces: Forces): Held {
  const { coupling, pull, steered } = forces;
  const acts = toward === "anchor" && n > 0 && (coupling !== 0 || pull !== 0);
  return { ratio: acts ? Math.max(steered, pull) : 0, fired: acts, deviation: nNext };
}

function rowRatiosOf(
  rule: BoundAnchor,
  tensor: HeldTensor,
  { gd }: Motion,
  { distances }: Forces,
): Float64Array | null {
  const { rowRatio, memory } = rule;
  if (memory?.row) return lookAtRows(memory, memory.row, tensor);
  if (rowRatio === undefined) return null;
  return tensor
    .rowDistances()
    .map((nNext, r) => rowRatio(numbers, { gd, n: distances?.[r] ?? Number.NaN, nNext }));
}

/** The same after it, row by row. */
function lookAtRows(
  { after }: AnchorMemory,
  row: NonNullable<AnchorMemory["row"]>,
  tensor: HeldTensor,
): Float64Array {
  const distances = tensor.rowDistances();
  const largest = distances.reduce((x, y) => Math.max(x, y), 0);
  const before = Array.from(tensor.numbers);
  const now = after?.(numbers, before, largest) ?? before;
  tensor.numbers.set(now);
  const rows = Array.from(distances, (n) => row(numbers, now, n));
  const [array] = tensor.arrays;
  if (array)
    tensor.keepDeviation(
      array,
      Float64Array.from(rows, (r) => r.keep),
    );
  return Float64Array.from(rows, (r) => r.ratio);
}

/** Removes min(1, λ r) of every row's deviation. */
export function holdRows(strength: number, tensor: HeldTensor, ratios: Float64Array): Held {
  const shares = ratios.map((ratio) => shareRemoved(numbers, strength, ratio));
  const ratio = ratios.reduce((sum, r) => sum + r, 0) / ratios.length;
  const fired = shares.some((share) => share > RESOLUTION);
  const isFree = shares.every((share) => share === 0);
  return { ratio, fired, deviation: isFree ? tensor.distance() : tensor.shrinkRows(shares) };
}
