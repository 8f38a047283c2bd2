import { isComposite } from "./define.ts";
import { findOp } from "./registry.ts";

/** What can be done with an operator when gradients are asked for. */
export type GradientKind =
  /** It has a derivative. */
  | "yes"
  /** It is locally constant: gradients end there. */
  | "zero"
  /** It has none; `why` tells. */
  | "none"
  /** Holdfast does not know the operator. */
  | "unknown";

export interface GradientFacts {
  readonly gradient: GradientKind;
  /** Why it has no gradient. */
  readonly why?: string;
}

/**
 * Whether an operator has a gradient, by its record.
 *
 * @param opset the version of ai.onnx that the model imports; other domains have one version in practice
 */
export function gradientOf(
  op: { readonly domain: string; readonly opType: string },
  opset: number,
): GradientFacts {
  const def = findOp(op.domain, op.opType, op.domain === "" ? opset : 1);
  if (def === null) return { gradient: "unknown", why: "Holdfast has no record of this operator" };
  if (isComposite(def) || typeof def.vjp === "function") return { gradient: "yes" };
  return def.vjp === "zero" ? { gradient: "zero" } : { gradient: "none", why: def.vjp.none };
}
