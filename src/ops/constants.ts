import { UnsupportedOpError } from "../errors.ts";
import type { Node } from "../onnx/node.ts";
import type { TensorType } from "../onnx/type.ts";
import { int64s, type Tensor, tensor } from "../tensor/tensor.ts";
import { dtypeAttribute } from "./casting.ts";
import { defineComposite, defineOp, type InferContext, LATEST, type OpDef } from "./define.ts";

/** Operators that give constants, or tensors that a shape alone decides. */
export const constantOps: readonly OpDef[] = [
  /** Constant(): its attribute. https://onnx.ai/onnx/operators/onnx__Constant.html */
  defineComposite({
    opType: "Constant",
    opsets: [1, LATEST],
    lower: ({ b, node }) => [b.constant(constantOf(node))],
  }),
  /** ConstantOfShape(shape): filled with one value. https://onnx.ai/onnx/operators/onnx__ConstantOfShape.html */
  defineOp({
    opType: "ConstantOfShape",
    opsets: [9, LATEST],
    reads: [0],
    infer: (ctx) => [
      {
        dtype: ctx.node.has("value") ? ctx.node.tensor("value").dtype : "float32",
        dims: ctx.numbers(0) ?? ctx.fail("input 0 (shape) is missing"),
      },
    ],
    vjp: "zero",
  }),
  /** EyeLike(input): ones on a diagonal of a matrix of the input's shape. https://onnx.ai/onnx/operators/onnx__EyeLike.html */
  defineOp({
    opType: "EyeLike",
    opsets: [9, LATEST],
    infer: (ctx) => [{ dtype: dtypeAttribute(ctx.node, "dtype", ctx.dtype(0)), dims: ctx.dims(0) }],
    vjp: "zero",
  }),
  /** Range(start, limit, delta). https://onnx.ai/onnx/operators/onnx__Range.html */
  defineOp({ opType: "Range", opsets: [11, LATEST], reads: [0, 1, 2], infer: inferRange, vjp: "zero" }),
];

/**
 * What a Constant node holds, in any of the attributes that the versions of the operator allow.
 *
 * @throws UnsupportedOpError for a sparse tensor
 * @throws ModelError if the node has no value
 */
function constantOf(node: Node): Tensor {
  if (node.has("value")) return node.tensor("value");
  if (node.has("value_float")) return tensor("float32", [], Float32Array.of(node.float("value_float")));
  if (node.has("value_int")) return tensor("int64", [], BigInt64Array.of(BigInt(node.int("value_int"))));
  if (node.has("value_string")) return tensor("string", [], [node.string("value_string")]);
  if (node.has("value_floats")) {
    const values = Float32Array.from(node.floats("value_floats"));
    return tensor("float32", [values.length], values);
  }
  if (node.has("value_ints")) return int64s(node.ints("value_ints"));
  if (node.has("value_strings")) {
    const values = node.strings("value_strings");
    return tensor("string", [values.length], values);
  }
  if (node.has("sparse_value")) {
    throw new UnsupportedOpError(
      `${node.describe()}: holds a sparse tensor, which Holdfast does not read. Export the model with dense constants.`,
      { details: { node: node.name, opType: "Constant" } },
    );
  }
  return node.fail("has no value: expected one of value, value_float(s), value_int(s), value_string(s)");
}

function inferRange(ctx: InferContext): readonly TensorType[] {
  const [start, limit, delta] = [0, 1, 2].map(
    (i) => ctx.numbers(i)?.[0] ?? ctx.fail(`input ${i} is missing`),
  );
  if (delta === 0) ctx.fail("input 2 (delta) is 0");
  const length = Math.max(0, Math.ceil((limit! - start!) / delta!)); // three inputs were read just above
  return [{ dtype: ctx.dtype(0), dims: [length] }];
}
