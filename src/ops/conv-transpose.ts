import type { Node } from "../onnx/node.ts";
import type { TensorType } from "../onnx/type.ts";
import type { Value } from "../onnx/value.ts";
import { formatShape } from "../tensor/shape.ts";
import { type ConvGeometry, convAttributes, convBiasGradient, convWeightGradient } from "./conv-gradient.ts";
import { defineOp, type InferContext, LATEST, type OpDef, type VjpContext } from "./define.ts";
import { extentOf } from "./windows.ts";

export const convTransposeOps: readonly OpDef[] = [
  /**
   * ConvTranspose(X, W, B): X [N, C, …], W [C, M / group, …kernel], B [M].
   * https://onnx.ai/onnx/operators/onnx__ConvTranspose.html
   */
  defineOp({
    opType: "ConvTranspose",
    opsets: [1, LATEST],
    infer: inferConvTranspose,
    vjp: convTransposeVjp,
  }),
];

/** Geometry of the convolution that this operator is the transpose of: it goes from our output to our input. */
function geometryOf(node: Node): ConvGeometry {
  const [x, w] = [node.input(0).dims, node.input(1).dims];
  if (x.length < 3) node.fail(`input X has shape ${formatShape(x)}, expected [N, C, …] with spatial axes`);
  const group = node.int("group", 1);
  if (w.length !== x.length || w[0] !== x[1] || x[1]! % group !== 0) {
    node.fail(
      `weight has shape ${formatShape(w)}, expected [${x[1]}, M / ${group}, …] with ${x.length - 2} kernel axes ` +
        `to match X ${formatShape(x)} and group=${group}`,
    );
  }
  const rank = x.length - 2;
  const list = (name: string, otherwise: number, length = rank): readonly number[] => {
    const found = node.ints(name, []);
    return found.length === 0 ? new Array<number>(length).fill(otherwise) : found;
  };
  const kernel = w.slice(2);
  const strides = list("strides", 1);
  const dilations = list("dilations", 1);
  const outputPadding = list("output_padding", 0);
  const pads = list("pads", 0, 2 * rank);
  const wanted = node.ints("output_shape", []).slice(-rank);
  const autoPad = node.string("auto_pad", "NOTSET");
  const isSame = autoPad === "SAME_UPPER" || autoPad === "SAME_LOWER";
  const output = x.slice(2);
  const input: number[] = [];
  const padBegin: number[] = [];
  const padEnd: number[] = [];
  for (let i = 0; i < rank; i++) {
    const full = (output[i]! - 1) * strides[i]! + outputPadding[i]! + extentOf({ kernel, dilations }, i);
    let [begin, end] = autoPad === "NOTSET" ? [pads[i]!, pads[i + rank]!] : [0, 0];
    let size = full - begin - end;
    if (wanted.length > 0 || isSame) {
      size = wanted[i] ?? output[i]! * strides[i]!;
      const total = Math.max(0, full - size);
      const less = Math.floor(total / 2);
      [begin, end] = autoPad === "SAME_UPPER" ? [less, total - less] : [total - less, less];
    }
    if (size < 1) node.fail(`pads leave no output along spatial axis ${i}: ${full} − ${begin} − ${end}`);
    input.push(size);
    padBegin.push(begin);
    padEnd.push(end);
  }
  return { input, output, kernel, strides, dilations, padBegin, padEnd, group };
}

function inferConvTranspose(ctx: InferContext): readonly TensorType[] {
  const g = geometryOf(ctx.node);
  return [{ dtype: ctx.dtype(0), dims: [ctx.dims(0)[0]!, ctx.dims(1)[1]! * g.group, ...g.input] }];
}

/** dX is the convolution of dY with W; dW is that convolution's weight gradient, with dY in the place of its input. */
function convTransposeVjp({ b, node, ct, needs }: VjpContext): readonly (Value | null)[] {
  const g = geometryOf(node);
  return [
    needs(0) ? inputGradient({ b, ct, w: node.input(1), g }) : null,
    needs(1) ? convWeightGradient(b, ct, node.input(0), g) : null,
    needs(2) ? convBiasGradient(b, ct) : null,
  ];
}

function inputGradient(args: { b: VjpContext["b"]; ct: Value; w: Value; g: ConvGeometry }): Value {
  const { b, ct, w, g } = args;
  const whole = b.op("Conv", [ct, w], convAttributes(g));
  // An output shape beyond the reach of the kernel makes room for windows that had no input.
  if (g.output.every((d, i) => whole.dims[i + 2] === d)) return whole;
  const axes = g.output.map((_, i) => i + 2);
  return b.slice(whole, { starts: axes.map(() => 0), ends: g.output, axes });
}
