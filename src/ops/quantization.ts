import { UnsupportedOpError } from "../errors.ts";
import type { Node } from "../onnx/node.ts";
import type { TensorType } from "../onnx/type.ts";
import type { Value } from "../onnx/value.ts";
import { sizeOf } from "../tensor/shape.ts";
import { dtypeAttribute } from "./casting.ts";
import {
  axisOf,
  defineOp,
  type InferContext,
  LATEST,
  type OpDef,
  type PrimitiveOp,
  type VjpContext,
} from "./define.ts";
import type { OpBuilder } from "./op-builder.ts";

/** Conversion between floats and small integers. Quantised weights that nobody trains are folded to floats. */
export const quantizationOps: readonly OpDef[] = [
  /** DequantizeLinear(x, x_scale, x_zero_point). https://onnx.ai/onnx/operators/onnx__DequantizeLinear.html */
  dequantize({ opsets: [10, LATEST] }),
  /** The same in ONNX Runtime's domain, which had 16 bits earlier. */
  dequantize({ domain: "com.microsoft", opsets: [1, 1] }),
  /**
   * QuantizeLinear(x, y_scale, y_zero_point). What is rounded passes its derivative on, but for what is cut off.
   * https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html
   */
  quantize({ opsets: [10, LATEST] }),
  quantize({ domain: "com.microsoft", opsets: [1, 1] }),
  /** DynamicQuantizeLinear(x): uint8 values, their scale and zero point. https://onnx.ai/onnx/operators/onnx__DynamicQuantizeLinear.html */
  defineOp({
    opType: "DynamicQuantizeLinear",
    opsets: [11, LATEST],
    infer: (ctx) => [
      { dtype: "uint8", dims: ctx.dims(0) },
      { dtype: "float32", dims: [] },
      { dtype: "uint8", dims: [] },
    ],
    vjp: { none: "rounding has no useful derivative; start from the model that was not quantised" },
  }),
];

function dequantize(where: Pick<PrimitiveOp, "domain" | "opsets">): OpDef {
  return defineOp({
    ...where,
    opType: "DequantizeLinear",
    infer: (ctx) => [{ dtype: dtypeAttribute(ctx.node, "output_dtype", ctx.dtype(1)), dims: ctx.dims(0) }],
    vjp: dequantizeVjp,
  });
}

function quantize(where: Pick<PrimitiveOp, "domain" | "opsets">): OpDef {
  return defineOp({
    ...where,
    opType: "QuantizeLinear",
    straightThrough: true,
    infer: inferQuantize,
    vjp: quantizeVjp,
  });
}

/** y = (x − zero point) · scale */
function dequantizeVjp({ b, node, ct, needs }: VjpContext): readonly (Value | null)[] {
  const [x, scale] = [node.input(0), node.input(1)];
  const whole = b.cast(ct, scale.dtype);
  if (!needs(1)) return [b.mul(whole, perElement(b, node, scale))];
  const zero = node.hasInput(2) ? perElement(b, node, b.cast(node.input(2), scale.dtype)) : null;
  const offset = zero === null ? b.cast(x, scale.dtype) : b.sub(b.cast(x, scale.dtype), zero);
  return [needs(0) ? b.mul(whole, perElement(b, node, scale)) : null, toScale(b, node, b.mul(whole, offset))];
}

/** y = round(x / scale) + zero point, cut off at the ends of the integers. */
function quantizeVjp({ b, node, ct, needs }: VjpContext): readonly (Value | null)[] {
  const [x, scale] = [node.input(0), node.input(1)];
  if (needs(1)) {
    throw new UnsupportedOpError(
      `${node.describe()}: the scale of a rounding is not trained; freeze what it is computed from`,
    );
  }
  const divisor = perElement(b, node, b.cast(scale, x.dtype));
  const scaled = b.div(x, divisor);
  const zero = node.hasInput(2) ? perElement(b, node, b.cast(node.input(2), x.dtype)) : null;
  const placed = zero === null ? scaled : b.add(scaled, zero);
  const [lowest, highest] = rangeOf(node);
  const inside = b.op("And", [
    b.op("GreaterOrEqual", [placed, b.scalar(lowest, x.dtype)]),
    b.op("LessOrEqual", [placed, b.scalar(highest, x.dtype)]),
  ]);
  return [b.mul(b.div(b.cast(ct, x.dtype), divisor), b.cast(inside, x.dtype))];
}

/** The least and the greatest number of a node's dtype. */
function rangeOf(node: Node): readonly [number, number] {
  const { dtype } = node.output();
  const [, sign, bits] = /^(u?)int(\d+)$/.exec(dtype) ?? [];
  if (bits === undefined) return node.fail(`has no derivative for ${dtype}, only for integers`);
  const width = Number(bits);
  return sign === "u" ? [0, 2 ** width - 1] : [-(2 ** (width - 1)), 2 ** (width - 1) - 1];
}

/** A scale or zero point (one, one for each place of an axis, or one for each block of it) as it meets the elements. */
function perElement(b: OpBuilder, node: Node, factor: Value): Value {
  const { dims } = node.input(0);
  if (factor.dims.length <= 1 && sizeOf(factor.dims) === 1) return b.reshape(factor, []);
  const axis = axisOf(node, node.int("axis", 1), dims.length);
  if (factor.dims.length === 1)
    return b.reshape(
      factor,
      dims.map((d, i) => (i === axis ? d : 1)),
    );
  const block = node.int("block_size");
  const split = b.unsqueeze(factor, [axis + 1]);
  const repeated = b.expand(split, [...split.dims.slice(0, axis + 1), block, ...split.dims.slice(axis + 2)]);
  const joined = factor.dims.map((d, i) => (i === axis ? d * block : d));
  const long = b.reshape(repeated, joined);
  return joined[axis] === dims[axis]
    ? long
    : b.slice(long, { starts: [0], ends: [dims[axis]!], axes: [axis] });
}

/** Cotangents of the elements summed over what shares a scale. */
function toScale(b: OpBuilder, node: Node, ct: Value): Value {
  const { dims } = node.input(1);
  if (dims.length > 1) {
    const [axis, block] = [axisOf(node, node.int("axis", 1), dims.length), node.int("block_size")];
    const missing = dims[axis]! * block - ct.dims[axis]!;
    const zeros = dims.map(() => 0);
    const padded = b.pad(
      ct,
      zeros,
      zeros.map((z, i) => (i === axis ? missing : z)),
    );
    const blocks = [...dims.slice(0, axis + 1), block, ...dims.slice(axis + 1)];
    return b.reduceSum(b.reshape(padded, blocks), [axis + 1], false);
  }
  if (sizeOf(dims) === 1) return b.unbroadcast(ct, dims);
  const axis = axisOf(node, node.int("axis", 1), ct.dims.length);
  const others = ct.dims.map((_, i) => i).filter((i) => i !== axis);
  return b.reduceSum(ct, others, false);
}

function inferQuantize(ctx: InferContext): readonly TensorType[] {
  // output_dtype 0 stands for "not given".
  const given = ctx.node.int("output_dtype", 0) !== 0 ? dtypeAttribute(ctx.node, "output_dtype") : null;
  return [{ dtype: given ?? (ctx.node.hasInput(2) ? ctx.dtype(2) : "uint8"), dims: ctx.dims(0) }];
}
