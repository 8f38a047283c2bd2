import { type DataType, dataTypeOfCode, dataTypes, isFloat } from "../tensor/data-type.ts";
import { defineComposite, defineOp, type InferContext, LATEST, type OpDef } from "./define.ts";

/** Operators that change the element type. */
export const castingOps: readonly OpDef[] = [
  /** Cast(input): the input as another dtype. https://onnx.ai/onnx/operators/onnx__Cast.html */
  defineOp({
    opType: "Cast",
    opsets: [6, LATEST],
    infer: (ctx) => [{ dtype: dtypeAttribute(ctx.node, "to"), dims: ctx.dims(0) }],
    // Between float dtypes the cotangent is cast back; that of rounded integers is a float as it is.
    vjp: ({ b, node, ct }) => {
      const { dtype } = node.input(0);
      return [isFloat(dtype) ? b.cast(ct, dtype) : ct];
    },
  }),
  /** CastLike(input, target_type): Cast to the dtype of the second input. https://onnx.ai/onnx/operators/onnx__CastLike.html */
  defineComposite({
    opType: "CastLike",
    opsets: [15, LATEST],
    lower: ({ b, node, input }) => [
      b.op("Cast", [input(0)], {
        to: dataTypes[input(1).dtype].code,
        ...Object.fromEntries([...node.attributes].filter(([name]) => name === "saturate")),
      }),
    ],
  }),
  /** BitCast(input): the same bits read as a dtype of the same width. https://onnx.ai/onnx/operators/onnx__BitCast.html */
  defineOp({
    opType: "BitCast",
    opsets: [26, LATEST],
    infer: (ctx) => [{ dtype: sameWidth(ctx, dtypeAttribute(ctx.node, "to")), dims: ctx.dims(0) }],
    vjp: { none: "reading the bits of a number as another type is not differentiable" },
  }),
];

function sameWidth(ctx: InferContext, to: DataType): DataType {
  const from = ctx.dtype(0);
  if (dataTypes[from].bits !== dataTypes[to].bits) ctx.fail(`${from} and ${to} differ in width`);
  return to;
}

/** The dtype that an attribute of a node names by its code; `otherwise` if the node lacks the attribute. */
export function dtypeAttribute(node: InferContext["node"], name: string, otherwise?: DataType): DataType {
  const code = node.int(name, otherwise === undefined ? undefined : dataTypes[otherwise].code);
  return dataTypeOfCode(code) ?? node.fail(`attribute ${name} is ${code}, which is no element type of ONNX`);
}
