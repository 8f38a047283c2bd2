import type { Model } from "../onnx/model.ts";
import { findBlocks } from "../passes/blocks.ts";
import { storedTensors } from "../passes/parameters.ts";
import type { Network } from "./prepare-network.ts";
import type { TrainableParameter } from "./training-graph.ts";

/**
 * The block of the network that each parameter stands in, 0 nearest the input, and how many there are. Blocks come from
 * the graph's wiring (`findBlocks`); a parameter that the output does not depend on counts to the first.
 */
export function blocksOf(
  model: Model,
  network: Pick<Network, "logits">,
  parameters: readonly Pick<TrainableParameter, "source">[],
): { readonly count: number; readonly blocks: readonly number[] } {
  const weights = storedTensors(model).map((t) => t.value);
  const output = [...model.graph.values()].find((v) => v.name === network.logits) ?? model.graph.outputs[0];
  if (!output) return { count: 1, blocks: parameters.map(() => 0) };
  const { count, blockOf } = findBlocks(model.graph, output, new Set(weights));
  return { count, blocks: parameters.map((p) => blockOf.get(p.source) ?? 0) };
}

/**
 * Layer-wise learning rate decay: the factor ρ^(L − b) on the learning rate of a weight in block b of 0 … L, so that the
 * last block learns at the full rate and the first slowest. An encoder layer is two blocks, so that the ρ = 0.75 per layer
 * of MAE and BEiT is √0.75 here.
 *
 * @returns factors in the order of `parameters`
 */
export function layerDecayScales(
  model: Model,
  network: Pick<Network, "logits" | "headParameters">,
  parameters: readonly Pick<TrainableParameter, "source">[],
  decay: number,
): number[] {
  const { count, blocks } = blocksOf(model, network, parameters);
  return parameters.map((p, i) =>
    network.headParameters.has(p.source) ? 1 : decay ** (count - 1 - blocks[i]!),
  );
}
