import { Value } from "../onnx/value.ts";
import type { OpBuilder } from "../ops/op-builder.ts";
import { zeros } from "../tensor/tensor.ts";
import { vjp } from "./vjp.ts";

export interface JvpOptions {
  /** Values whose tangents are asked for. */
  readonly outputs: readonly Value[];
  /** What is moved: values with the direction that each moves in, of the value's type. */
  readonly tangents: ReadonlyMap<Value, Value>;
}

/**
 * Appends the Jacobian–vector product of a graph to the graph itself: how its outputs move as its inputs move in given
 * directions. It needs no rules of its own. The vector–Jacobian product g = Jᵀ u is linear in u, so its own
 * vector–Jacobian product by u is J t, whatever u is:
 *
 *     J t = d⟨Jᵀ u, t⟩ / du
 *
 * What is left of the first walk back reads zeros in the place of u, and no tangent depends on it: `prune` takes it out.
 *
 * @param b a builder over the lowered graph
 * @returns the tangent of each output, of its type; null for one that depends on nothing that moves
 * @throws UnsupportedOpError if an operator between has no derivative
 */
export function jvp(b: OpBuilder, options: JvpOptions): Map<Value, Value | null> {
  const { outputs, tangents } = options;
  const wrt = [...tangents.keys()];
  // Without elements as long as rules are applied: they must not take it for a constant.
  const cotangents = new Map(outputs.map((y) => [y, new Value("", y.type)]));
  const pulled = vjp(b, { seeds: cotangents, wrt });
  const seeds = [...pulled].flatMap(([x, g]) => (g === null ? [] : [[g, tangents.get(x)!] as const])); // wrt are its keys
  const pushed = vjp(b, { seeds, wrt: [...cotangents.values()] });
  for (const u of cotangents.values()) {
    u.constant = zeros(u.dtype, u.dims);
    b.graph.initializers.push(u);
  }
  return new Map(outputs.map((y) => [y, pushed.get(cotangents.get(y)!) ?? null]));
}
