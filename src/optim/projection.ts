import { RunError } from "../errors.ts";
import type { HeldTensor } from "./held-tensor.ts";
import { type Held, holdRows } from "./hold.ts";

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
  /** n of each row, from θ as it stands before the projection. */
  readonly measure: (tensor: HeldTensor) => Float64Array;
  /** r of each row; sets the radius where there is none yet. */
  readonly ratios: (tensor: HeldTensor, n: Float64Array) => Float64Array;
  /** Moves the radius against the gradient at θ̄. `dots` are Σ g · (θ − θ0) of each row. */
  readonly learn: (tensor: HeldTensor, n: Float64Array, dots: Float64Array) => void;
}

/** A tensor that is to be projected. The last of its arrays is free to keep θ in. */
export interface Projected {
  readonly name: string;
  readonly strength: number;
  readonly projection: Projection;
  readonly tensor: HeldTensor;
}

/**
 * Projects tensors, learning their radii together: each round's gradients are taken with all of them projected.
 *
 * @param gradients computes the gradients of held-out data at the present parameters
 * @throws RunError if such a gradient is not finite; θ is what it was before
 */
export async function projectTensors(
  tensors: readonly Projected[],
  gradients: () => Promise<void>,
): Promise<ReadonlyMap<string, Held>> {
  const all = tensors.map((t) => ({
    ...t,
    n: t.projection.measure(t.tensor),
    kept: t.tensor.arrays.at(-1)!,
  }));
  for (const { tensor, kept } of all) tensor.keepParameter(kept);
  const project = () =>
    new Map(
      all.map(({ name, strength, projection, tensor, n }) => [
        name,
        holdRows(strength, tensor, projection.ratios(tensor, n)),
      ]),
    );
  const restore = () => {
    for (const { tensor, kept } of all) tensor.restoreParameter(kept);
  };
  const rounds = Math.max(0, ...all.map((t) => t.projection.iterations));
  for (let round = 0; round < rounds; round++) {
    project();
    try {
      await gradients();
    } finally {
      restore();
    }
    const dots = all.map(({ tensor, kept }) => tensor.rowDots(kept));
    const bad = dots.findIndex((sums) => !sums.every(Number.isFinite));
    if (bad !== -1)
      throw new RunError(`the gradient of "${all[bad]!.name}" on validation data is not finite.`);
    for (const [i, { tensor, projection, n }] of all.entries()) {
      if (round < projection.iterations) projection.learn(tensor, n, dots[i]!); // one list for each tensor
    }
  }
  return project();
}
