import type { Value } from "../onnx/value.ts";
import type { OpBuilder } from "../ops/op-builder.ts";
import { vjp } from "./vjp.ts";

/**
 * Appends the product of a Hessian with a vector to the graph: d⟨g, t⟩ / dx for gradients g that `vjp` gave, which is H t
 * because a Hessian is symmetric.
 *
 * @param gradients of one scalar, by what it was differentiated by
 * @param tangents the vector, in parts; of the same keys and types
 * @returns the product in parts; null for one that is zero because the gradients do not depend on its value
 * @throws UnsupportedOpError if an operator that a gradient is written in has no derivative
 */
export function hessianVectorProduct(
  b: OpBuilder,
  gradients: ReadonlyMap<Value, Value | null>,
  tangents: ReadonlyMap<Value, Value>,
): Map<Value, Value | null> {
  // Pairs, not a map: the terms of a sum have one gradient between them.
  const seeds = [...gradients].flatMap(([x, g]) => {
    const t = tangents.get(x);
    return g === null || t === undefined ? [] : [[g, t] as const];
  });
  return vjp(b, { seeds, wrt: [...tangents.keys()] });
}
