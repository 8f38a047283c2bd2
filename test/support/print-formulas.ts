import { formatAttribute, formatNumber } from "../../src/onnx/format.ts";
import type { Node } from "../../src/onnx/node.ts";
import { formatType } from "../../src/onnx/type.ts";
import type { Value } from "../../src/onnx/value.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

/** Constants of more elements are printed as their type. */
const MAX_PRINTED_ELEMENTS = 8;

/**
 * Nodes as formulas, one line per value that is named, read more than once, or read by nobody; the others stand inside
 * the lines that read them.
 *
 *     t0 = Mul(ct, 2)
 *     x0_grad = Add(t0, Exp(t0))
 *
 * @param nodes in an order in which every value is computed before it is read
 */
export function printNodes(nodes: readonly Node[]): string {
  const inside = new Set(nodes);
  const names = new Map<Value, string>();
  const nameOf = (value: Value): string => {
    const known = value.name || names.get(value);
    if (known) return known;
    const fresh = `t${names.size}`;
    names.set(value, fresh);
    return fresh;
  };
  const isInlined = (node: Node): boolean => {
    const [only, ...others] = node.outputs;
    return (
      only != null &&
      others.length === 0 &&
      only.name === "" &&
      [...only.uses].filter((u) => inside.has(u.node)).length === 1
    );
  };
  const operand = (value: Value | null): string => {
    if (value === null) return "–";
    if (value.constant !== null) return printConstant(value.constant);
    const { producer } = value;
    return producer !== null && inside.has(producer) && isInlined(producer)
      ? formula(producer)
      : nameOf(value);
  };
  const formula = (node: Node): string => {
    const attributes = [...node.attributes].map(
      ([name, attribute]) => `${name}=${formatAttribute(attribute)}`,
    );
    const op = node.domain ? `${node.domain}.${node.opType}` : node.opType;
    return `${op}${attributes.length > 0 ? `{${attributes.join(", ")}}` : ""}(${node.inputs.map(operand).join(", ")})`;
  };
  return nodes
    .filter((node) => !isInlined(node))
    .map((node) => {
      const right = formula(node); // first, so that its operands take their names before its results do
      return `${node.outputs.map((v) => (v === null ? "–" : nameOf(v))).join(", ")} = ${right}`;
    })
    .join("\n");
}

function printConstant(constant: Tensor): string {
  const { data, dims, dtype } = constant;
  if (data.length > MAX_PRINTED_ELEMENTS || dtype === "string") return formatType(constant);
  const elements = Array.from(data as ArrayLike<number | bigint>, (v) => formatNumber(Number(v)));
  return dims.length === 0 ? (elements[0] ?? "") : `[${elements.join(", ")}]`;
}
