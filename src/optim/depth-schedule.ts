import { ConfigError } from "../errors.ts";

/** Factors on λ for layer i of N: 1; 1 − i/N; ½ (1 + cos(π i/N)). The first layer has i = 0 and none reaches 0. */
const shapes = {
  constant: () => 1,
  linear: (at: number) => 1 - at,
  cosine: (at: number) => (1 + Math.cos(Math.PI * at)) / 2,
} as const;

export type DepthSchedule = keyof typeof shapes;

export const depthSchedules: readonly DepthSchedule[] = ["constant", "linear", "cosine"];

/**
 * Factors on the strength of parameters by where they stand: what lies near the input, and is most general, is held most.
 * Parameters of equal depth are one layer; layers are counted in the order of their depths, over the parameters given.
 * Huang et al., CVPR 2026 (MAPS). https://arxiv.org/abs/2511.19878
 *
 * @throws ConfigError if the strength is to fall and a parameter has no depth
 */
export function depthFactors(
  schedule: DepthSchedule,
  parameters: readonly { readonly name: string; readonly depth?: number }[],
): readonly number[] {
  if (schedule === "constant") return parameters.map(() => 1);
  const lost = parameters.filter((p) => p.depth === undefined);
  if (lost.length > 0) {
    throw new ConfigError(
      `strength by depth: parameter "${lost[0]!.name}" has no depth${lost.length > 1 ? `, nor have ${lost.length - 1} others` : ""}; ` +
        "give every parameter its place between input and output, or one strength to all.",
    );
  }
  const layers = [...new Set(parameters.map((p) => p.depth!))].sort((x, y) => x - y); // each was found to have one
  const place = new Map(layers.map((depth, i) => [depth, i / layers.length]));
  return parameters.map((p) => shapes[schedule](place.get(p.depth!)!));
}
