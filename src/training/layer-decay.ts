import type { Model } from "../onnx/model.ts";
import { findBlocks } from "../passes/blocks.ts";
import { storedTensors } from "../passes/parameters.ts";
import type { Network } from "./prepare-network.ts";
import type { TrainableParameter } from "./training-graph.ts";

/**
 * Layer-wise learning rate decay: the factor ρ^(L − b) on the learning rate of a weight in block b of 0 … L, so that the
 * last block learns at the full rate and the first slowest. Blocks come from the graph's wiring (`findBlocks`); an encoder
 * layer is two of them, so that the ρ = 0.75 per layer of MAE and BEiT is √0.75 here.
 *
 * @returns factors in the order of `parameters`
 */
export function layerDecayScales(
  model: Model,
  network: Pick<Network, "logits" | "headParameters">,
  parameters: readonly TrainableParameter[],
  decay: number,
): number[] {
  const weights = storedTensors(model).map((t) => t.value);
  const output = [...model.graph.values()].find((v) => v.name === network.logits) ?? model.graph.outputs[0];
  if (!output) return parameters.map(() => 1);
  const { count, blockOf } = findBlocks(model.graph, output, new Set(weights));
  return parameters.map((p) => {
    const isHead = network.headParameters.has(p.source);
    return isHead ? 1 : decay ** (count - 1 - (blockOf.get(p.source) ?? 0));
  });
}
