import type { Loader } from "../data/loader.ts";
import { ConfigError } from "../errors.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { updateRules } from "../optim/updates/registry.ts";
import { GradientMask } from "./gradient-mask.ts";
import type { Network } from "./prepare-network.ts";
import type { TrainingSessions } from "./sessions.ts";

export interface MaskParts {
  /** The optimizer's update rule. */
  readonly rule: string;
  readonly network: Network;
  /** Its parameters hold the values that training starts from. */
  readonly optimizer: Optimizer;
  readonly sessions: TrainingSessions;
  readonly loader: Loader;
}

/** Update rules that leave an element alone whose gradients are all zero: those that look at no other, even in a matrix. */
function elementwiseRules(): string[] {
  const matrix = { shape: [2, 2], role: "other" } as const;
  return updateRules
    .filter((r) => r.bind({}).forParameter(matrix).form.kind === "element")
    .map((r) => r.name);
}

/**
 * The elements with the largest gradients over the first batches of training, in all weights but a new head's.
 *
 * @throws ConfigError for an optimizer that would move the other elements too
 */
export async function findMask(
  { rule, network, optimizer, sessions, loader }: MaskParts,
  { share, batches }: { readonly share: number; readonly batches: number },
): Promise<GradientMask> {
  const elementwise = elementwiseRules();
  const pulled = optimizer.settings.filter((s) => s.rule.toward === "zero" && s.strength > 0);
  if (!elementwise.includes(rule) || pulled.length > 0) {
    const why =
      pulled.length > 0 ? `"${pulled[0]!.rule.name}" pulls them to zero` : `"${rule}" mixes elements`;
    throw new ConfigError(
      `mask.share ${share}: the elements that are left out would move all the same, because ${why}. ` +
        `Use one of ${elementwise.join(", ")}, and an anchor rule toward the pretrained weights, or none.`,
    );
  }
  const fresh = new Set(
    optimizer.settings.filter((s) => network.head === "new" && s.role === "head").map((s) => s.name),
  );
  const magnitudes = new Map<string, Float32Array>();
  for (const [name, gradient] of optimizer.gradients)
    if (!fresh.has(name)) magnitudes.set(name, new Float32Array(gradient.length));
  let taken = 0;
  for await (const batch of loader.from({ epoch: 0, batch: 0 })) {
    await sessions.step(batch);
    for (const [name, sum] of magnitudes) {
      const gradient = optimizer.gradients.get(name)!; // its names are the optimizer's
      for (let i = 0; i < sum.length; i++) sum[i]! += Math.abs(gradient[i]!);
    }
    if (++taken === Math.min(batches, loader.batchesPerEpoch)) break;
  }
  return GradientMask.ofLargest(magnitudes, share);
}
