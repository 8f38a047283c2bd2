import type { TensorType } from "../onnx/type.ts";
import { broadcastShapes } from "../tensor/shape.ts";
import { defineOp, type InferContext, LATEST, type OpDef } from "./define.ts";

/** Constants, shapes, ranges and random values. */
export const generatorOps: readonly OpDef[] = [
  /** Expand(input, shape): the input broadcast against a shape. https://onnx.ai/onnx/operators/onnx__Expand.html */
  defineOp({
    opType: "Expand",
    opsets: [8, LATEST],
    reads: [1],
    infer: inferExpand,
    // The input was broadcast, so its cotangent is summed back.
    vjp: ({ b, node, ct }) => [b.unbroadcast(ct, node.input(0).dims), null],
  }),
];

function inferExpand(ctx: InferContext): readonly TensorType[] {
  const target = ctx.numbers(1) ?? ctx.fail("input 1 (shape) is missing");
  const dims = broadcastShapes(ctx.dims(0), target);
  return [
    {
      dtype: ctx.dtype(0),
      dims: dims ?? ctx.fail(`input [${ctx.dims(0)}] does not broadcast to [${target}]`),
    },
  ];
}
