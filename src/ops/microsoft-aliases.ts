import type { Value } from "../onnx/value.ts";
import { sizeOf } from "../tensor/shape.ts";
import { defineComposite, type LowerContext, type OpDef } from "./define.ts";

const domain = "com.microsoft";

/**
 * Operators that ONNX Runtime had before ONNX did, under the name that they bear in ai.onnx now, and small ones that its
 * optimizer puts together. github.com/microsoft/onnxruntime, docs/ContribOperators.md
 */
export const microsoftAliasOps: readonly OpDef[] = [
  renamed("Trilu"),
  renamed("GatherND"),
  /** Pad(data, pads, value). */
  defineComposite({
    domain,
    opType: "Pad",
    opsets: [1, 1],
    lower: ({ b, node, input, optional }) => [
      b.op("Pad", [input(0), b.reshape(input(1), [sizeOf(input(1).dims)]), optional(2)], {
        mode: node.string("mode", "constant"),
      }),
    ],
  }),
  /** Range(start, limit, delta), 1 if the last is left out. */
  defineComposite({
    domain,
    opType: "Range",
    opsets: [1, 1],
    reads: [0, 1, 2],
    lower: ({ b, input, optional }) => {
      const scalarOf = (x: Value) => b.reshape(x, []);
      const step = optional(2) ?? b.scalar(1, input(0).dtype);
      return [b.op("Range", [scalarOf(input(0)), scalarOf(input(1)), scalarOf(step)])];
    },
  }),
  /** ExpandDims(X, axis): an axis of one element. */
  defineComposite({
    domain,
    opType: "ExpandDims",
    opsets: [1, 1],
    reads: [1],
    lower: ({ b, input, numbers, axis }) => [
      b.unsqueeze(input(0), [axis(numbers(1)?.[0] ?? 0, input(0).dims.length + 1)]),
    ],
  }),
  /** BiasSoftmax(data, bias): the softmax of their sum over the axes from `axis` on. */
  defineComposite({ domain, opType: "BiasSoftmax", opsets: [1, 1], lower: lowerBiasSoftmax }),
  /** GatedAdd(X, Y, gate): X + Y · gate. */
  defineComposite({
    domain,
    opType: "GatedAdd",
    opsets: [1, 1],
    lower: ({ b, input }) => [b.add(input(0), b.mul(input(1), input(2)))],
  }),
];

/** An operator with the inputs and attributes of its namesake in ai.onnx. */
function renamed(opType: string): OpDef {
  return defineComposite({
    domain,
    opType,
    opsets: [1, 1],
    lower: ({ b, node, optional }) => {
      const inputs = node.inputs.map((_, i) => optional(i));
      return [b.op(opType, inputs, Object.fromEntries(node.attributes))];
    },
  });
}

/** The sum spreads as in ai.onnx, whichever way `is_inner_broadcast` says that it does. */
function lowerBiasSoftmax({ b, node, input, axis }: LowerContext): readonly Value[] {
  const sum = b.add(input(0), input(1));
  const from = axis(node.int("axis", 1), sum.dims.length);
  const rows = [sizeOf(sum.dims.slice(0, from)), sizeOf(sum.dims.slice(from))];
  return [b.reshape(b.op("Softmax", [b.reshape(sum, rows)], { axis: -1 }), sum.dims)];
}
