import type { Value } from "../onnx/value.ts";
import { scalar } from "../tensor/tensor.ts";
import { defineComposite, LATEST, type LowerContext, type OpDef } from "./define.ts";

/**
 * Sequences and optionals. In a lowered graph a sequence is a list of values known while it is lowered, so that only
 * its tensors remain; an optional is the value that it holds.
 */
export const sequenceOps: readonly OpDef[] = [
  /** SequenceEmpty(): https://onnx.ai/onnx/operators/onnx__SequenceEmpty.html */
  defineComposite({ opType: "SequenceEmpty", opsets: [11, LATEST], lower: (ctx) => [ctx.makeSequence([])] }),
  /** SequenceConstruct(inputs…): https://onnx.ai/onnx/operators/onnx__SequenceConstruct.html */
  defineComposite({
    opType: "SequenceConstruct",
    opsets: [11, LATEST],
    lower: (ctx) => [ctx.makeSequence(ctx.node.inputs.map((_, i) => ctx.input(i)))],
  }),
  /** SequenceInsert(sequence, tensor, position): at the end without a position. https://onnx.ai/onnx/operators/onnx__SequenceInsert.html */
  defineComposite({
    opType: "SequenceInsert",
    opsets: [11, LATEST],
    reads: [2],
    lower: (ctx) => {
      const list = ctx.sequence(0);
      const at = position(ctx, 2, list.length, { omitted: list.length, last: list.length });
      return [ctx.makeSequence(list.toSpliced(at, 0, ctx.input(1)))];
    },
  }),
  /** SequenceErase(sequence, position): the last one without a position. https://onnx.ai/onnx/operators/onnx__SequenceErase.html */
  defineComposite({
    opType: "SequenceErase",
    opsets: [11, LATEST],
    reads: [1],
    lower: (ctx) => {
      const list = ctx.sequence(0);
      return [
        ctx.makeSequence(list.toSpliced(position(ctx, 1, list.length, { omitted: list.length - 1 }), 1)),
      ];
    },
  }),
  /** SequenceAt(sequence, position): https://onnx.ai/onnx/operators/onnx__SequenceAt.html */
  defineComposite({
    opType: "SequenceAt",
    opsets: [11, LATEST],
    reads: [1],
    lower: (ctx) => {
      const list = ctx.sequence(0);
      return [list[position(ctx, 1, list.length)]!]; // the position was checked
    },
  }),
  /** SequenceLength(sequence): an int64 scalar. https://onnx.ai/onnx/operators/onnx__SequenceLength.html */
  defineComposite({
    opType: "SequenceLength",
    opsets: [11, LATEST],
    lower: ({ b, sequence }) => [b.constant(scalar("int64", sequence(0).length))],
  }),
  /** ConcatFromSequence(sequence): along an axis, or along a new one. https://onnx.ai/onnx/operators/onnx__ConcatFromSequence.html */
  defineComposite({
    opType: "ConcatFromSequence",
    opsets: [11, LATEST],
    lower: ({ b, node, axis, sequence }) => {
      const list = sequence(0);
      const first = list[0] ?? node.fail("the sequence is empty, so its concatenation has no shape");
      const isNew = node.int("new_axis", 0) === 1;
      const at = axis(node.int("axis"), first.dims.length + (isNew ? 1 : 0));
      return [b.concat(isNew ? list.map((v) => b.unsqueeze(v, [at])) : list, at)];
    },
  }),
  /** SplitToSequence(input, split): https://onnx.ai/onnx/operators/onnx__SplitToSequence.html */
  defineComposite({ opType: "SplitToSequence", opsets: [11, LATEST], reads: [1], lower: splitToSequence }),
  /** SequenceMap(sequence, others…): a body applied to each element. https://onnx.ai/onnx/operators/onnx__SequenceMap.html */
  defineComposite({
    opType: "SequenceMap",
    opsets: [17, LATEST],
    lower: async (ctx) => {
      const body = ctx.node.graph("body");
      const lists = ctx.node.inputs.map((_, i) => (ctx.isSequence(i) ? ctx.sequence(i) : null));
      const results: (readonly Value[])[] = [];
      for (let t = 0; t < ctx.sequence(0).length; t++) {
        const actuals = lists.map((list, i) => (list ? list[t] : ctx.input(i)));
        if (actuals.includes(undefined)) ctx.node.fail(`its sequences differ in length`);
        results.push(await ctx.body(body, actuals as Value[])); // none is undefined: checked just above
      }
      return body.outputs.map((_, i) => ctx.makeSequence(results.map((outputs) => outputs[i]!)));
    },
  }),
  /** Optional(input): https://onnx.ai/onnx/operators/onnx__Optional.html */
  defineComposite({ opType: "Optional", opsets: [15, LATEST], lower: ({ optional }) => [optional(0)] }),
  /** OptionalHasElement(input): https://onnx.ai/onnx/operators/onnx__OptionalHasElement.html */
  defineComposite({
    opType: "OptionalHasElement",
    opsets: [15, LATEST],
    lower: ({ b, optional }) => [b.constant(scalar("bool", optional(0) === null ? 0 : 1))],
  }),
  /** OptionalGetElement(input): https://onnx.ai/onnx/operators/onnx__OptionalGetElement.html */
  defineComposite({ opType: "OptionalGetElement", opsets: [15, LATEST], lower: ({ input }) => [input(0)] }),
];

/** The place among `length` elements that input `i` names, counted from the front. @throws ModelError if there is none */
function position(
  { node, numbers }: LowerContext,
  i: number,
  length: number,
  otherwise: { omitted?: number; last?: number } = {},
): number {
  const given = numbers(i)?.[0] ?? otherwise.omitted ?? node.fail(`input ${i} (position) is missing`);
  const at = given < 0 ? given + length : given;
  if (at < 0 || at > (otherwise.last ?? length - 1))
    node.fail(`position ${given} is out of range for a sequence of ${length}`);
  return at;
}

function splitToSequence(ctx: LowerContext): (Value | null)[] {
  const { b, node, numbers, optional } = ctx;
  const x = ctx.input(0);
  const axis = ctx.axis(node.int("axis", 0), x.dims.length);
  const length = x.dims[axis]!;
  const given = numbers(1);
  const size = given === null ? 1 : given[0]!;
  const sizes =
    given !== null && optional(1)!.dims.length === 1
      ? given
      : Array.from({ length: Math.ceil(length / size) }, (_, i) => Math.min(size, length - i * size));
  const parts = sizes.length === 1 ? [x] : b.ops("Split", [x, b.ints(sizes)], sizes.length, { axis });
  const isDropped = given === null && node.int("keepdims", 1) === 0;
  return [ctx.makeSequence(isDropped ? parts.map((part) => b.squeeze(part, [axis])) : parts)];
}
