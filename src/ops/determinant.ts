import type { Value } from "../onnx/value.ts";
import { tensor } from "../tensor/tensor.ts";
import { floatTensor } from "./axis-map.ts";
import { defineOp, LATEST, type OpDef, type VjpContext } from "./define.ts";
import type { OpBuilder } from "./op-builder.ts";
import { sameAsInput } from "./typing-rules.ts";

/** Square matrices as a whole. */
export const determinantOps: readonly OpDef[] = [
  /** Det(X [*, M, M]): determinants [*]. https://onnx.ai/onnx/operators/onnx__Det.html */
  defineOp({
    opType: "Det",
    opsets: [11, LATEST],
    infer: (ctx) => [{ dtype: ctx.dtype(0), dims: ctx.dims(0).slice(0, -2) }],
    // dX = dY · cofactors of X, which also holds where X has no inverse
    vjp: ({ b, node, ct }: VjpContext) => {
      const x = node.input(0);
      return [b.mul(b.reshape(ct, [...ct.dims, 1, 1]), cofactors(b, x))];
    },
  }),
  /** Inverse(X [*, M, M]). github.com/microsoft/onnxruntime, docs/ContribOperators.md */
  defineOp({
    domain: "com.microsoft",
    opType: "Inverse",
    opsets: [1, 1],
    infer: sameAsInput,
    // dX = −Yᵀ dY Yᵀ
    vjp: ({ b, node, ct }) => {
      const transposed = b.transposeLast(node.output());
      return [b.neg(b.matmul(b.matmul(transposed, ct), transposed))];
    },
  }),
];

/** The cofactors of matrices [*, M, M]: signed determinants of what is left without row i and column j. */
function cofactors(b: OpBuilder, x: Value): Value {
  const size = x.dims.at(-1)!; // a matrix has two axes
  if (size === 1) return b.full(x.dims, 1, x.dtype);
  const lead = x.dims.length - 2;
  const others = BigInt64Array.from({ length: size * (size - 1) }, (_, k) => {
    const [left, at] = [Math.floor(k / (size - 1)), k % (size - 1)];
    return BigInt(at < left ? at : at + 1);
  });
  const index = b.constant(tensor("int64", [size, size - 1], others));
  const rows = b.op("Gather", [x, index], { axis: lead }); // [*, M, M − 1, M]
  const minors = b.op("Gather", [rows, index], { axis: lead + 2 }); // [*, M, M − 1, M, M − 1]
  const batch = x.dims.slice(0, -2).map((_, i) => i);
  const ordered = b.transpose(minors, [...batch, lead, lead + 2, lead + 1, lead + 3]);
  const signs = Array.from({ length: size * size }, (_, k) =>
    (Math.floor(k / size) + (k % size)) % 2 === 0 ? 1 : -1,
  );
  return b.mul(b.op("Det", [ordered]), b.constant(floatTensor(x.dtype, [size, size], signs)));
}
