import { DataError } from "../errors.ts";
import type { OptimizerState } from "../optim/state.ts";

/** Early on the mean follows closely, so that the weights before training do not linger in it. */
const WARM_UP = 10;

/**
 * An exponential moving average of the weights over the steps: θ̄ ← d θ̄ + (1 − d) θ with d = min(decay, (1 + t) / (10 + t)).
 * The averaged weights are what a run judges and keeps.
 */
export class WeightAverage {
  private readonly decay: number;
  private readonly parameters: ReadonlyMap<string, Float32Array>;
  private readonly mean: ReadonlyMap<string, Float32Array>;

  /** @param parameters views on the weights that are trained @param decay in [0, 1) */
  constructor(parameters: ReadonlyMap<string, Float32Array>, decay: number) {
    this.decay = decay;
    this.parameters = parameters;
    this.mean = new Map([...parameters].map(([name, values]) => [name, values.slice()]));
  }

  /** Takes in the weights after step `step`, 1 at the first. */
  update(step: number): void {
    const rest = 1 - Math.min(this.decay, (1 + step) / (WARM_UP + step));
    for (const [name, values] of this.parameters) {
      const mean = this.mean.get(name)!; // made from the same names
      for (let i = 0; i < values.length; i++) mean[i]! += rest * (values[i]! - mean[i]!);
    }
  }

  /** Runs something with the averaged weights in the place of the trained ones. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.swap();
    try {
      return await work();
    } finally {
      this.swap();
    }
  }

  /** The averaged weights: views, to be written or copied before the next step. */
  get values(): ReadonlyMap<string, Float32Array> {
    return this.mean;
  }

  /** @throws DataError if there are no saved values for one of the weights */
  restore(saved: ReadonlyMap<string, Float32Array>): void {
    for (const [name, mean] of this.mean) {
      const values = saved.get(name);
      if (values?.length !== mean.length)
        throw new DataError(
          `the checkpoint has no average of "${name}"; was the run started without optimizer.ema?`,
        );
      mean.set(values);
    }
  }

  private swap(): void {
    for (const [name, values] of this.parameters) {
      const mean = this.mean.get(name)!; // as above
      for (let i = 0; i < values.length; i++) {
        const value = values[i]!;
        values[i] = mean[i]!;
        mean[i] = value;
      }
    }
  }
}

const PREFIX = "average/";

/** An optimizer's state with the average beside it, as a checkpoint keeps them. */
export function withAverage(state: OptimizerState, average: WeightAverage | undefined): OptimizerState {
  if (!average) return state;
  const tensors = new Map(state.tensors);
  for (const [name, values] of average.values) tensors.set(`${PREFIX}${name}`, values);
  return { ...state, tensors };
}

/** Takes the two apart again. */
export function splitAverage(state: OptimizerState): {
  readonly optimizer: OptimizerState;
  readonly average: ReadonlyMap<string, Float32Array>;
} {
  const own = [...state.tensors].filter(([key]) => !key.startsWith(PREFIX));
  const averaged = [...state.tensors].filter(([key]) => key.startsWith(PREFIX));
  return {
    optimizer: { ...state, tensors: new Map(own) },
    average: new Map(averaged.map(([key, values]) => [key.slice(PREFIX.length), values])),
  };
}
