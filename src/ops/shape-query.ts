import { sizeOf } from "../tensor/shape.ts";
import { int64s, scalar } from "../tensor/tensor.ts";
import { defineComposite, LATEST, type OpDef } from "./define.ts";

/** Operators that ask for a type: in a lowered graph every type is known, so their answers are constants. */
export const shapeQueryOps: readonly OpDef[] = [
  /** Shape(data): the dimensions from `start` to `end` as int64 [N]. https://onnx.ai/onnx/operators/onnx__Shape.html */
  defineComposite({
    opType: "Shape",
    opsets: [1, LATEST],
    lower: ({ b, node, input }) => {
      const { dims } = input(0);
      // slice() counts negative bounds from the end and clamps, as the operator does.
      return [b.constant(int64s(dims.slice(node.int("start", 0), node.int("end", dims.length))))];
    },
  }),
  /** Size(data): the number of elements as an int64 scalar. https://onnx.ai/onnx/operators/onnx__Size.html */
  defineComposite({
    opType: "Size",
    opsets: [1, LATEST],
    lower: ({ b, input }) => [b.constant(scalar("int64", sizeOf(input(0).dims)))],
  }),
];
