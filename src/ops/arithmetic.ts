import { defineOp, LATEST, type OpDef } from "./define.ts";
import { broadcastInputs } from "./typing-rules.ts";

/** Sums, products and powers of broadcast inputs. */
export const arithmeticOps: readonly OpDef[] = [
  /** Add(A, B): C = A + B. https://onnx.ai/onnx/operators/onnx__Add.html */
  defineOp({
    opType: "Add",
    opsets: [7, LATEST],
    broadcasts: true,
    infer: broadcastInputs,
    vjp: ({ ct }) => [ct, ct], // dA = dB = dC
  }),
  /** Mul(A, B): C = A · B. https://onnx.ai/onnx/operators/onnx__Mul.html */
  defineOp({
    opType: "Mul",
    opsets: [7, LATEST],
    broadcasts: true,
    infer: broadcastInputs,
    // dA = dC · B, dB = dC · A
    vjp: ({ b, node, ct, needs }) => [
      needs(0) ? b.mul(ct, node.input(1)) : null,
      needs(1) ? b.mul(ct, node.input(0)) : null,
    ],
  }),
];
