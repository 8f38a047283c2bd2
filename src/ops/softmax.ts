import type { Node } from "../onnx/node.ts";
import type { Value } from "../onnx/value.ts";
import { sizeOf } from "../tensor/shape.ts";
import {
  type CompositeOp,
  defineComposite,
  defineOp,
  LATEST,
  type OpDef,
  type VjpContext,
} from "./define.ts";
import { uniformConstant } from "./rule-parts.ts";
import { sameAsInput } from "./typing-rules.ts";

/** The softmax family: distributions along an axis. */
export const softmaxOps: readonly OpDef[] = [
  flattening("Softmax"),
  /** Softmax(X): Y = e^X / Σ e^X along `axis`. https://onnx.ai/onnx/operators/onnx__Softmax.html */
  defineOp({ opType: "Softmax", opsets: [13, LATEST], infer: sameAsInput, vjp: softmaxVjp }),
  flattening("LogSoftmax"),
  /** LogSoftmax(X): Y = X − ln Σ e^X along `axis`. https://onnx.ai/onnx/operators/onnx__LogSoftmax.html */
  defineOp({
    opType: "LogSoftmax",
    opsets: [13, LATEST],
    infer: sameAsInput,
    // dX = dY − e^Y Σ dY
    vjp: (ctx) => {
      const { b, ct } = ctx;
      const total = b.reduceSum(ct, [axisOf(ctx)], true);
      return [b.sub(ct, b.mul(b.op("Exp", [ctx.node.output()]), total))];
    },
  }),
  flattening("Hardmax"),
  /** Hardmax(X): 1 at the first largest element along `axis`. https://onnx.ai/onnx/operators/onnx__Hardmax.html */
  defineOp({ opType: "Hardmax", opsets: [13, LATEST], infer: sameAsInput, vjp: "zero" }),
];

function axisOf(ctx: VjpContext): number {
  return ctx.axis(ctx.node.int("axis", -1), ctx.ct.dims.length);
}

/** dX = Y (dY − Σ Y dY) */
function softmaxVjp(ctx: VjpContext): readonly Value[] {
  const { b } = ctx;
  const { p, ct } = withoutNaN(ctx);
  return [b.mul(p, b.sub(ct, b.reduceSum(b.mul(p, ct), [axisOf(ctx)], true)))];
}

/**
 * The probabilities and their cotangent, with 0 for NaN if the model itself looks for NaN. Attention with a fully
 * masked row gives NaN, which exporters replace by Where(IsNaN(p), 0, p); the NaN must not come back through the
 * product with p.
 */
function withoutNaN({ b, node, ct }: VjpContext): { p: Value; ct: Value } {
  const p = node.output();
  const nanMask = [...p.uses].find((use) => use.node.opType === "IsNaN")?.node.output();
  if (!nanMask) return { p, ct };
  const isChoice = (n: Node | null) =>
    n?.opType === "Where" && n.input(0) === nanMask && uniformConstant(n.input(1)) === 0;
  const clean = [...nanMask.uses].find((use) => isChoice(use.node) && use.node.input(2) === p)?.node.output();
  const { producer } = ct;
  return {
    p: clean ?? b.where(nanMask, b.scalar(0, p.dtype), p),
    // Where p counts as 0 the cotangent is multiplied with 0, so it need not be 0 itself.
    ct: producer !== null && isChoice(producer) ? producer.input(2) : ct,
  };
}

/**
 * The operator up to opset 12, which acts on the input flattened to a matrix: the axes before `axis` (1 unless given)
 * are its rows, the others together its columns.
 */
function flattening(opType: string): CompositeOp {
  return defineComposite({
    opType,
    opsets: [1, 12],
    lower: ({ node, b, input, axis }) => {
      const x = input(0);
      const rank = x.dims.length;
      const at = axis(node.int("axis", 1), rank);
      if (at === rank - 1) return [b.op(opType, [x], { axis: -1 })];
      const matrix = [sizeOf(x.dims.slice(0, at)), sizeOf(x.dims.slice(at))];
      return [b.reshape(b.op(opType, [b.reshape(x, matrix)], { axis: -1 }), x.dims)];
    },
  });
}
