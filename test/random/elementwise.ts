import fc from "fast-check";
import { float } from "../../src/onnx/attribute.ts";
import type { GradientCase } from "../support/gradient-check.ts";
import { axesOf, axisOf, broadcastOf, type Cases, distinct, flag, ints, positive, shape } from "./draw.ts";

const operands = shape(0, 5).chain((whole) =>
  fc.tuple(broadcastOf(whole), broadcastOf(whole), broadcastOf(whole)),
);

/** Operators that broadcast, on shapes of up to five axes. */
function broadcasting(opType: string, count: 2 | 3): fc.Arbitrary<GradientCase> {
  return operands.map((shapes) => ({ opType, inputs: shapes.slice(0, count).map(positive) }));
}

/** A reduction: axes as an input or (before opset 18) an attribute, left out, or none at all. */
function reduction(opType: string): fc.Arbitrary<GradientCase> {
  return shape(1, 5).chain((dims) =>
    fc
      .record({
        axes: fc.option(axesOf(dims.length, 1), { nil: null }),
        keepdims: flag,
        old: fc.boolean(),
        empty: fc.boolean(),
        noop: flag,
      })
      .map(({ axes, keepdims, old, empty, noop }): GradientCase => {
        const x = /Max|Min/.test(opType) ? distinct(dims) : positive(dims);
        if (old && opType !== "ReduceSum")
          return { opType, opset: 13, inputs: [x], attributes: { keepdims, ...(axes ? { axes } : {}) } };
        const given = axes ? ints(...axes) : empty ? ints() : null;
        return { opType, inputs: [x, given], attributes: { keepdims, noop_with_empty_axes: noop } };
      }),
  );
}

function alongAxis(opType: string, extra: Partial<GradientCase> = {}): fc.Arbitrary<GradientCase> {
  return shape(1, 5).chain((dims) =>
    fc.record({ axis: axisOf(dims.length), opset: fc.constantFrom(11, 13, 21) }).map(({ axis, opset }) => ({
      opType,
      opset,
      inputs: [distinct(dims)],
      attributes: { axis },
      ...extra,
    })),
  );
}

const gemm: fc.Arbitrary<GradientCase> = fc
  .record({
    m: fc.integer({ min: 1, max: 3 }),
    k: fc.integer({ min: 1, max: 3 }),
    n: fc.integer({ min: 1, max: 3 }),
    transA: flag,
    transB: flag,
    alpha: fc.constantFrom(1, 0.5, -2),
    beta: fc.constantFrom(1, 0, 1.5),
  })
  .chain(({ m, k, n, transA, transB, alpha, beta }) =>
    fc.option(broadcastOf([m, n]), { nil: null }).map((c) => ({
      opType: "Gemm",
      inputs: [
        { dims: transA ? [k, m] : [m, k] },
        { dims: transB ? [n, k] : [k, n] },
        ...(c ? [{ dims: c }] : []),
      ],
      attributes: { transA, transB, alpha: float(alpha), beta: float(beta) },
    })),
  );

const matmul: fc.Arbitrary<GradientCase> = fc
  .record({ batch: shape(0, 3), m: fc.integer({ min: 1, max: 3 }), k: fc.integer({ min: 1, max: 3 }) })
  .chain(({ batch, m, k }) =>
    fc
      .record({
        left: broadcastOf(batch),
        right: broadcastOf(batch),
        n: fc.integer({ min: 1, max: 3 }),
        vectors: fc.constantFrom("none", "left", "right"),
      })
      .map(({ left, right, n, vectors }) => ({
        opType: "MatMul",
        inputs: [
          { dims: vectors === "left" ? [k] : [...left, m, k] },
          { dims: vectors === "right" ? [k] : [...right, k, n] },
        ],
      })),
  );

/** Two or three operands over five letters; what is not in the output is summed; a letter may stand twice in a term. */
const einsum: fc.Arbitrary<GradientCase> = fc
  .record({
    sizes: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 5, maxLength: 5 }),
    terms: fc.array(fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 0, maxLength: 3 }), {
      minLength: 1,
      maxLength: 3,
    }),
    hidden: fc.boolean(),
  })
  .chain(({ sizes, terms, hidden }) => {
    const used = [...new Set(terms.flat())];
    return fc
      .record({ output: fc.shuffledSubarray(used), batch: fc.integer({ min: 1, max: 2 }) })
      .map(({ output, batch }): GradientCase => {
        const letters = (term: readonly number[]) => term.map((i) => "abcde"[i]).join("");
        const dots = hidden ? "..." : "";
        return {
          opType: "Einsum",
          inputs: terms.map((term) => ({
            dims: [...(hidden ? [batch] : []), ...term.map((i) => sizes[i]!)],
          })),
          attributes: {
            equation: `${terms.map((term) => dots + letters(term)).join(",")}->${dots}${letters(output)}`,
          },
        };
      });
  });

export const elementwiseCases: Cases<GradientCase> = {
  Add: broadcasting("Add", 2),
  Sub: broadcasting("Sub", 2),
  Mul: broadcasting("Mul", 2),
  Div: broadcasting("Div", 2),
  Pow: broadcasting("Pow", 2),
  Max: broadcasting("Max", 3),
  Min: broadcasting("Min", 3),
  Sum: broadcasting("Sum", 3).map((c) => ({ ...c, precision: "float32", step: 0.5 })),
  Mean: broadcasting("Mean", 3).map((c) => ({ ...c, precision: "float32", step: 0.5 })),
  Where: operands.map(([condition, yes, no]) => ({
    opType: "Where",
    inputs: [
      {
        dtype: "bool",
        dims: condition,
        data: Array.from({ length: condition.reduce((a, d) => a * d, 1) }, (_, i) => ((i * 7) % 3) % 2),
        fed: true,
      },
      { dims: yes },
      { dims: no },
    ],
  })),
  Clip: fc
    .record({ dims: shape(0, 4), low: fc.boolean(), high: fc.boolean() })
    .map(({ dims, low, high }) => ({
      opType: "Clip",
      inputs: [
        distinct(dims),
        low ? { dims: [], data: [-3.1] } : null,
        high ? { dims: [], data: [4.3] } : null,
      ],
    })),
  ReduceSum: reduction("ReduceSum"),
  ReduceMean: reduction("ReduceMean"),
  ReduceMax: reduction("ReduceMax"),
  ReduceMin: reduction("ReduceMin"),
  ReduceProd: reduction("ReduceProd").map((c) => ({ ...c, precision: "float32" })),
  ReduceL1: reduction("ReduceL1").map((c) => ({ ...c, precision: "float32" })),
  ReduceL2: reduction("ReduceL2").map((c) => ({ ...c, precision: "float32" })),
  ReduceLogSum: reduction("ReduceLogSum"),
  ReduceLogSumExp: reduction("ReduceLogSumExp"),
  ReduceSumSquare: reduction("ReduceSumSquare"),
  Softmax: alongAxis("Softmax"),
  LogSoftmax: alongAxis("LogSoftmax"),
  Hardmax: alongAxis("Hardmax", { precision: "float32", zero: true }),
  Gemm: gemm,
  MatMul: matmul,
  Einsum: einsum,
};
