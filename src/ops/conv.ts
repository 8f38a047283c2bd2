import type { TensorType } from "../onnx/type.ts";
import type { Value } from "../onnx/value.ts";
import { formatShape } from "../tensor/shape.ts";
import {
  type ConvGeometry,
  convBiasGradient,
  convInputGradient,
  convWeightGradient,
} from "./conv-gradient.ts";
import { defineOp, type InferContext, LATEST, type OpDef, type VjpContext } from "./define.ts";
import { windowsOf } from "./windows.ts";

/** Convolutions and their transposes. */
export const convOps: readonly OpDef[] = [
  /** Conv(X, W, B): X [N, C, …], W [M, C / group, …kernel], B [M]. https://onnx.ai/onnx/operators/onnx__Conv.html */
  defineOp({ opType: "Conv", opsets: [1, LATEST], infer: inferConv, vjp: convVjp }),
];

/** Geometry of a Conv node, after checking that its shapes fit. */
function geometryOf(ctx: Pick<InferContext | VjpContext, "node">): ConvGeometry {
  const { node } = ctx;
  const [x, w] = [node.input(0).dims, node.input(1).dims];
  if (x.length < 3) node.fail(`input X has shape ${formatShape(x)}, expected [N, C, …] with spatial axes`);
  const group = node.int("group", 1);
  if (w.length !== x.length || x[1] !== w[1]! * group || w[0]! % group !== 0) {
    node.fail(
      `weight has shape ${formatShape(w)}, expected [M, ${x[1]! / group}, …] with ${x.length - 2} kernel axes ` +
        `and M divisible by group=${group}, to match X ${formatShape(x)}`,
    );
  }
  return { ...windowsOf(node, x.slice(2), w.slice(2)), group };
}

function inferConv(ctx: InferContext): readonly TensorType[] {
  const { output } = geometryOf(ctx);
  return [{ dtype: ctx.dtype(0), dims: [ctx.dims(0)[0]!, ctx.dims(1)[0]!, ...output] }];
}

function convVjp(ctx: VjpContext): readonly (Value | null)[] {
  const { b, node, ct, needs } = ctx;
  const g = geometryOf(ctx);
  return [
    needs(0) ? convInputGradient(b, ct, node.input(1), g) : null,
    needs(1) ? convWeightGradient(b, node.input(0), ct, g) : null,
    needs(2) ? convBiasGradient(b, ct) : null,
  ];
}
