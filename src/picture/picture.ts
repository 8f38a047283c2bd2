import { type Model, nodeOpset, opsetOf } from "../onnx/model.ts";
import { gradientOf } from "../ops/gradient-kind.ts";
import type { DimsOf } from "./box.ts";
import { type Network, networkOf } from "./boxes.ts";
import { amount } from "./names.ts";
import { sceneOf } from "./scene.ts";
import { toSvg } from "./svg.ts";

/** How much of a network is drawn. */
export type PictureDepth =
  /** Blocks as frames with a title. */
  | "blocks"
  /** And the layers in them. */
  | "layers"
  /** Every node by itself, constants and arithmetic on shapes left out. */
  | "nodes";

export interface PictureOptions {
  readonly title: string;
  /** Dimensions of a value of the model; left out, those that the file declares. */
  readonly dimsOf?: DimsOf;
  /** Left out: `layers`, or `blocks` where that would be more boxes than one can look at. */
  readonly depth?: PictureDepth;
}

/** More drawn boxes than this are no picture any more. */
const MAX_BOXES = 260;

/**
 * A picture of a network as an SVG file: data flows from top to bottom; blocks that stand one behind the other in equal
 * copies are drawn once; each has the number of its weights. Found by structure, names only label. The same model gives
 * the same text.
 */
export function drawNetwork(model: Model, { title, dimsOf, depth }: PictureOptions): string {
  const network = networkOf(model, {
    dimsOf: dimsOf ?? ((value) => value.declared?.dims ?? null),
    blockedBy: (node) => {
      const { gradient, why } = gradientOf(node, nodeOpset(model, node));
      return gradient === "none" || gradient === "unknown" ? (why ?? gradient) : null;
    },
    joins: depth !== "nodes",
  });
  let scene = sceneOf(network, depth !== "blocks");
  const drawn = scene.cards.reduce((sum, c) => sum + c.boxes.length, 0);
  if (depth === undefined && drawn > MAX_BOXES) scene = sceneOf(network, false);
  return toSvg(scene, network, { title, facts: [factsOf(model, network)] });
}

function factsOf(model: Model, { elements, nodes, hidden }: Network): string {
  const producer = [model.producerName, model.producerVersion].filter(Boolean).join(" ");
  return [
    `${amount(elements)} weights`,
    `${nodes} nodes, ${hidden} of them constants and arithmetic on shapes`,
    `opset ${opsetOf(model) ?? "?"}`,
    ...(producer ? [producer] : []),
  ].join(" · ");
}
