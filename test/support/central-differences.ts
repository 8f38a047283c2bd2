import { RunError } from "../../src/errors.ts";
import type { Session } from "../../src/runtime/session.ts";
import type { DataType } from "../../src/tensor/data-type.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { elementsOf } from "./backward.ts";

export interface LossOptions {
  readonly session: Session;
  readonly feeds: ReadonlyMap<string, Tensor>;
  /** The loss is Σ weight · output. */
  readonly weights: ReadonlyMap<string, Tensor>;
}

/** The slope of the loss along one coordinate, seen with several steps. */
export interface Slope {
  readonly index: number;
  /** Central differences, from the largest step to the smallest. */
  readonly central: readonly number[];
  /** How far the slopes before and behind the point are apart, at the step where they are closest: large at a kink. */
  readonly bend: number;
}

/** Slopes of the loss at up to `limit` coordinates of an input, spread over it. */
export async function slopes(
  loss: LossOptions,
  input: string,
  { steps, limit }: { readonly steps: readonly number[]; readonly limit: number },
): Promise<Slope[]> {
  const base = loss.feeds.get(input)!; // the caller feeds it
  const data = Float64Array.from(base.data as ArrayLike<number>);
  const stride = Math.max(1, Math.ceil(data.length / limit));
  const middle = await lossOf(loss, loss.feeds);
  const found: Slope[] = [];
  for (let index = 0; index < data.length; index += stride) {
    const at = async (step: number) => {
      const moved = data.slice();
      moved[index] = data[index]! + step;
      const copy = floats(base.dtype, base.dims, moved);
      const x = Number(copy.data[index]); // rounded to the dtype
      return { x, y: await lossOf(loss, new Map(loss.feeds).set(input, copy)) };
    };
    const central: number[] = [];
    let bend = Number.POSITIVE_INFINITY;
    for (const step of steps) {
      const [up, down] = [await at(step), await at(-step)];
      const x = data[index]!;
      central.push((up.y - down.y) / (up.x - down.x));
      const [before, behind] = [(middle - down.y) / (x - down.x), (up.y - middle) / (up.x - x)];
      bend = Math.min(bend, Math.abs(behind - before));
    }
    found.push({ index, central, bend });
  }
  return found;
}

async function lossOf({ session, weights }: LossOptions, feeds: LossOptions["feeds"]): Promise<number> {
  let outputs: ReadonlyMap<string, Tensor>;
  try {
    outputs = await session.run(feeds);
  } catch (error) {
    if (error instanceof RunError) return Number.NaN; // the operator is not defined there
    throw error;
  }
  let loss = 0;
  for (const [name, weight] of weights) {
    const [w, y] = [elementsOf(weight), elementsOf(outputs.get(name)!)]; // weights name outputs
    for (let i = 0; i < w.length; i++) if (w[i] !== 0) loss += w[i]! * y[i]!;
  }
  return loss;
}

function floats(dtype: DataType, dims: readonly number[], data: Float64Array): Tensor {
  return dtype === "float64" ? tensor(dtype, dims, data) : tensor("float32", dims, Float32Array.from(data));
}
