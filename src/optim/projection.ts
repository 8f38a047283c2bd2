import type { HeldTensor } from "./held-tensor.ts";

/**
 * A projection of θ toward θ0 whose radius follows the gradient of a loss on held-out data:
 *
 *     θ̄ = θ0 + (1 − λ r) (θ − θ0)      for each row
 *
 * One round: `ratios` gives r, the parameters become θ̄, somebody computes gradients there, `learn` moves the radius.
 */
export interface Projection {
  /** Steps between two projections; 0 for one alone, after the last step. */
  readonly every: number;
  /** Rounds of learning in each projection. */
  readonly iterations: number;
  /** r of each row, from θ as it stands. */
  readonly ratios: (tensor: HeldTensor) => Float64Array;
  /** Moves the radius against the gradient at θ̄; the last of the tensor's arrays holds θ. */
  readonly learn: (tensor: HeldTensor, strength: number) => void;
}
