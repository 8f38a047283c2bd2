import { allProblems, HoldfastError, UnsupportedOpError } from "../errors.ts";
import type { Node } from "../onnx/node.ts";
import { formatType } from "../onnx/type.ts";
import type { Value } from "../onnx/value.ts";
import { axisOf, constantNumbers, isComposite, type PrimitiveOp, type VjpContext } from "../ops/define.ts";
import type { OpBuilder } from "../ops/op-builder.ts";
import { opOf } from "../ops/registry.ts";
import { isFloat } from "../tensor/data-type.ts";
import { shapesEqual } from "../tensor/shape.ts";

export interface VjpOptions {
  /** What to differentiate, each with the cotangent to start from (of the value's type); all are summed. */
  readonly seeds: Iterable<readonly [Value, Value]>;
  /** Values whose cotangents are asked for. */
  readonly wrt: readonly Value[];
  /** Values that are taken for constants: no derivative flows through them. */
  readonly detached?: ReadonlySet<Value>;
}

/**
 * Appends the vector–Jacobian product of a graph to the graph itself: walks back from the seeds, applies each
 * operator's rule, sums cotangents where a value is used more than once, and undoes broadcasting. What it appends is a graph
 * like any other, so the cotangents that it gives can be differentiated in turn.
 *
 * @param b a builder over the lowered graph to differentiate
 * @returns the cotangent of each value of `wrt`; null for one that the seeds do not depend on
 * @throws UnsupportedOpError naming every operator on the way from `wrt` to a seed that has no derivative
 */
export function vjp(b: OpBuilder, options: VjpOptions): Map<Value, Value | null> {
  const nodes = [...b.graph.nodes];
  const active = activeValues(nodes, options.wrt, b.opset, options.detached);
  const parts = new Map<Value, Value[]>();
  const receive = (value: Value, ct: Value) => {
    const list = parts.get(value);
    if (list) list.push(ct);
    else parts.set(value, [ct]);
  };
  for (const [value, ct] of options.seeds) if (active.has(value)) receive(value, ct);

  const collect = (value: Value): Value | null => {
    const list = parts.get(value);
    if (!list) return null;
    const total = b.sum(list)!; // a list is made with its first entry
    parts.set(value, [total]);
    return total;
  };

  const problems: UnsupportedOpError[] = [];
  for (const node of nodes.reverse()) {
    if (!node.outputs.some((v) => v !== null && parts.has(v) && active.has(v))) continue;
    const def = opOf(node, node.domain === "" ? b.opset : 1);
    if (isComposite(def) || def.vjp === "zero") continue;
    if (!node.inputs.some((v) => v !== null && active.has(v))) continue;
    const cotangents = node.outputs.map((v) => (v === null ? null : collect(v)));
    try {
      applyRule(b, node, def, cotangents, active).forEach((ct, i) => {
        const input = node.inputs[i] ?? null;
        if (ct !== null && input !== null && active.has(input)) receive(input, ct);
      });
    } catch (error) {
      if (!(error instanceof UnsupportedOpError)) throw error;
      problems.push(...error.problems);
      // Any cotangent will do from here on: what is before this node is looked through for further problems.
      for (const v of node.inputs) if (v !== null && active.has(v)) receive(v, v);
    }
  }
  if (problems.length > 0) throw allProblems(problems.reverse());
  return new Map(options.wrt.map((value) => [value, collect(value)]));
}

/**
 * Values through which a derivative can flow from `wrt`: float values computed from it by operators that are not locally
 * constant, and integers that were rounded from such values, with whatever is computed of these.
 */
export function activeValues(
  nodes: readonly Node[],
  wrt: readonly Value[],
  opset: number,
  detached: ReadonlySet<Value> = new Set(),
): Set<Value> {
  const active = new Set(wrt);
  for (const node of nodes) {
    if (!node.inputs.some((v) => v !== null && active.has(v))) continue;
    const def = opOf(node, node.domain === "" ? opset : 1);
    if (!isComposite(def) && def.vjp === "zero") continue;
    const isRounded =
      (!isComposite(def) && def.straightThrough) ||
      node.inputs.some((v) => v !== null && active.has(v) && !isFloat(v.dtype));
    for (const output of node.outputs)
      if (output !== null && (isFloat(output.dtype) || isRounded) && !detached.has(output))
        active.add(output);
  }
  return active;
}

function applyRule(
  b: OpBuilder,
  node: Node,
  def: PrimitiveOp,
  cotangents: readonly (Value | null)[],
  active: ReadonlySet<Value>,
): readonly (Value | null)[] {
  if (def.vjp === "zero") return [];
  if (typeof def.vjp !== "function") {
    throw new UnsupportedOpError(
      `${node.describe()} (opset ${b.opset}) lies on a trainable path and has no gradient: ${def.vjp.none}. ` +
        "Freeze the parameters before it with --trainable, or cut the model before it with --head.from.",
      { details: { node: node.name, opType: node.opType, domain: node.domain, reason: def.vjp.none } },
    );
  }
  const context: VjpContext = {
    node,
    b,
    cotangents,
    get ct() {
      return cotangents[0] ?? node.fail("internal: its first output has no cotangent");
    },
    needs: (i) => {
      const input = node.inputs[i] ?? null;
      return input !== null && active.has(input);
    },
    numbers: (i) => constantNumbers(node, i, node.domain === "" ? b.opset : undefined),
    axis: (axis, rank) => axisOf(node, axis, rank),
  };
  return def.vjp(context).map((ct, i) => {
    const input = node.inputs[i] ?? null;
    if (ct === null || input === null || !active.has(input)) return null;
    const whole = def.broadcasts ? b.unbroadcast(ct, input.dims) : ct;
    const fits = isFloat(input.dtype) ? whole.dtype === input.dtype : isFloat(whole.dtype);
    if (!fits || !shapesEqual(whole.dims, input.dims)) {
      throw new HoldfastError(
        `internal: the derivative of ${node.describe()} gave ${formatType(whole.type)} for input ${i}, which is ${formatType(input.type)}`,
      );
    }
    return whole;
  });
}
