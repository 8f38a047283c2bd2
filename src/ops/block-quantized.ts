import { UnsupportedOpError } from "../errors.ts";
import type { Node } from "../onnx/node.ts";
import type { TensorType } from "../onnx/type.ts";
import type { Value } from "../onnx/value.ts";
import { halfToFloat } from "../tensor/half.ts";
import { sizeOf } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { floatTensor } from "./axis-map.ts";
import { constantInput, defineOp, type InferContext, type OpDef, type VjpContext } from "./define.ts";

/** Products and tables of weights held in a few bits per element, with one scale per block of a row. */
export const blockQuantizedOps: readonly OpDef[] = [
  /**
   * MatMulNBits(A [.., K], B uint8 [N, K / block, block · bits / 8], scales, zero_points, g_idx, bias): A Wᵀ + bias, with
   * W = (B − zero point) · scale. The weight stays as it is; what flows to A is the product with W in floats.
   * github.com/microsoft/onnxruntime, docs/ContribOperators.md
   */
  defineOp({
    domain: "com.microsoft",
    opType: "MatMulNBits",
    opsets: [1, 1],
    reads: [1, 2, 3, 4],
    infer: (ctx) => [productType(ctx)],
    vjp: matMulNBitsVjp,
  }),
  /**
   * GatherBlockQuantized(data, indices, scales, zero_points): rows of a table that is held in a few bits, in floats.
   * Small integers of uint8 data are packed along the last axis.
   */
  defineOp({
    domain: "com.microsoft",
    opType: "GatherBlockQuantized",
    opsets: [1, 1],
    infer: (ctx) => {
      const table = [...ctx.dims(0)];
      if (ctx.dtype(0) === "uint8") table.push(table.pop()! * (8 / ctx.node.int("bits", 4))); // data has an axis
      const axis = ctx.axis(ctx.node.int("gather_axis", 0), table.length);
      return [
        { dtype: ctx.dtype(2), dims: [...table.slice(0, axis), ...ctx.dims(1), ...table.slice(axis + 1)] },
      ];
    },
    vjp: {
      none: "the scales of quantised weights are not trained; start from the model in float32 or float16",
    },
  }),
];

function productType(ctx: InferContext): TensorType {
  const a = ctx.dims(0);
  const [k, n] = [ctx.node.int("K"), ctx.node.int("N")];
  if (a.at(-1) !== k) ctx.fail(`input A has shape [${a}], expected K=${k} along its last axis`);
  return { dtype: ctx.dtype(0), dims: [...a.slice(0, -1), n] };
}

function matMulNBitsVjp({ b, node, ct, needs }: VjpContext): readonly (Value | null)[] {
  const a = node.input(0);
  const [k, n] = [node.int("K"), node.int("N")];
  if (needs(2)) {
    throw new UnsupportedOpError(
      `${node.describe()}: the scales of quantised weights are not trained; start from the model in float32 or float16`,
    );
  }
  const bias = (node.inputs.length > 5 && needs(5) && b.unbroadcast(ct, [n])) || null;
  if (!needs(0)) return [null, null, null, null, null, bias];
  const weight = b.constant(floatTensor(a.dtype, [n, k], dequantizedBlocks(node)));
  const da = b.gemm(b.reshape(ct, [sizeOf(ct.dims) / n, n]), weight);
  return [b.reshape(da, a.dims), null, null, null, null, bias];
}

/** W [N, K] of a MatMulNBits in floats, row-major. @throws UnsupportedOpError if its columns were reordered */
export function dequantizedBlocks(node: Node): Float32Array {
  if (node.hasInput(4)) {
    throw new UnsupportedOpError(
      `${node.describe()}: weights whose columns were reordered (g_idx) have no gradient here; quantise without it`,
    );
  }
  const [k, n, bits, block] = [node.int("K"), node.int("N"), node.int("bits", 4), node.int("block_size")];
  const blocks = Math.ceil(k / block);
  const packed = constantInput(node, 1)?.data as Uint8Array | undefined; // uint8 by the operator's definition
  const scales = constantInput(node, 2) ?? node.fail("input 2 (scales) is missing");
  if (packed === undefined) return node.fail("input 1 (B) is missing");
  const zeroPoints = node.hasInput(3) ? constantInput(node, 3) : null;
  const rowBytes = blocks * Math.ceil((block * bits) / 8);
  const zeroRowBytes = Math.ceil((blocks * bits) / 8);
  const weight = new Float32Array(n * k);
  for (let row = 0; row < n; row++) {
    for (let at = 0; at < blocks; at++) {
      const scale = floatAt(scales, row * blocks + at);
      let zero = 2 ** (bits - 1);
      if (zeroPoints !== null) {
        zero =
          zeroPoints.dtype === "uint8"
            ? bitsAt(zeroPoints.data as Uint8Array, row * zeroRowBytes, at, bits)
            : floatAt(zeroPoints, row * blocks + at);
      }
      for (let i = at * block; i < Math.min(k, (at + 1) * block); i++)
        weight[row * k + i] = (bitsAt(packed, row * rowBytes, i, bits) - zero) * scale;
    }
  }
  return weight;
}

/** Number `index` of those packed from byte `from` on, low bits first. */
function bitsAt(bytes: Uint8Array, from: number, index: number, bits: number): number {
  const perByte = 8 / bits;
  const byte = bytes[from + Math.floor(index / perByte)]!;
  return (byte >> ((index % perByte) * bits)) & (2 ** bits - 1);
}

function floatAt(t: Tensor, i: number): number {
  const value = Number(t.data[i]);
  return t.dtype === "float16" ? halfToFloat(value) : value;
}
