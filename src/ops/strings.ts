import { defineFolded, defineOp, LATEST, type OpDef } from "./define.ts";
import { broadcastTo } from "./typing-rules.ts";

/** Operators on texts: what stands before a network in a file that holds its preprocessing. */
export const stringOps: readonly OpDef[] = [
  /** StringConcat(X, Y): https://onnx.ai/onnx/operators/onnx__StringConcat.html */
  defineOp({ opType: "StringConcat", opsets: [20, LATEST], infer: broadcastTo("string"), vjp: "zero" }),
  /** RegexFullMatch(X): bool. https://onnx.ai/onnx/operators/onnx__RegexFullMatch.html */
  defineOp({
    opType: "RegexFullMatch",
    opsets: [20, LATEST],
    infer: (ctx) => [{ dtype: "bool", dims: ctx.dims(0) }],
    vjp: "zero",
  }),
  /** StringNormalizer(X): texts without stop words. https://onnx.ai/onnx/operators/onnx__StringNormalizer.html */
  defineFolded({ opType: "StringNormalizer", opsets: [10, LATEST] }, "how many of its texts are stop words"),
  /** StringSplit(X): the parts of each text. https://onnx.ai/onnx/operators/onnx__StringSplit.html */
  defineFolded({ opType: "StringSplit", opsets: [20, LATEST] }, "how many parts its texts have"),
  /** TfIdfVectorizer(X [C] or [N, C]): weights of n-grams. https://onnx.ai/onnx/operators/onnx__TfIdfVectorizer.html */
  defineOp({
    opType: "TfIdfVectorizer",
    opsets: [9, LATEST],
    infer: (ctx) => [
      {
        dtype: "float32",
        dims: [...ctx.dims(0).slice(0, -1), Math.max(...ctx.node.ints("ngram_indexes")) + 1],
      },
    ],
    vjp: "zero",
  }),
];
