import { UnsupportedOpError } from "../errors.ts";
import type { Value } from "../onnx/value.ts";
import type { DataType } from "../tensor/data-type.ts";
import { toNumbers } from "../tensor/tensor.ts";
import {
  defineComposite,
  defineOp,
  LATEST,
  type LowerContext,
  type OpDef,
  type VjpContext,
} from "./define.ts";
import { geluDerivative, geluTanhDerivative } from "./gelu.ts";
import type { OpBuilder } from "./op-builder.ts";
import { elementwise, isEqual, isGreater } from "./rule-parts.ts";
import { sameAsInput } from "./typing-rules.ts";

/** Activation functions that stay one node; `activation-fused.ts` has those that are products of others. */
export const activationOps: readonly OpDef[] = [
  /** Relu(X): Y = max(X, 0); the derivative at 0 is taken as 0. https://onnx.ai/onnx/operators/onnx__Relu.html */
  elementwise("Relu", 6, ({ b, ct, y }) => b.mul(ct, isPositive(b, y))),
  /** LeakyRelu(X): Y = X, or alpha · X where X ≤ 0. https://onnx.ai/onnx/operators/onnx__LeakyRelu.html */
  elementwise("LeakyRelu", 6, ({ b, node, ct, x }) =>
    wherePositive(b, x, ct, b.scale(ct, node.float("alpha", 0.01))),
  ),
  /** PRelu(X, slope): Y = X, or slope · X where X ≤ 0. https://onnx.ai/onnx/operators/onnx__PRelu.html */
  defineOp({
    opType: "PRelu",
    opsets: [7, LATEST],
    broadcasts: true,
    infer: sameAsInput,
    vjp: ({ b, node, ct, needs }) => {
      const [x, slope] = [node.input(0), node.input(1)];
      return [
        needs(0) ? wherePositive(b, x, ct, b.mul(ct, slope)) : null,
        needs(1) ? b.mul(ct, b.op("Min", [x, b.scalar(0, x.dtype)])) : null, // dslope = dY · min(X, 0)
      ];
    },
  }),
  /** Elu(X): Y = X, or alpha (e^X − 1) where X ≤ 0. https://onnx.ai/onnx/operators/onnx__Elu.html */
  elementwise("Elu", 6, ({ b, node, ct, x, y }) =>
    wherePositive(b, x, ct, b.mul(ct, b.shift(y, node.float("alpha", 1)))),
  ),
  /** Selu(X): Y = gamma · X, or gamma · alpha (e^X − 1) where X ≤ 0. https://onnx.ai/onnx/operators/onnx__Selu.html */
  elementwise("Selu", 6, ({ b, node, ct, x, y }) => {
    const gamma = node.float("gamma", 1.0507009873554805);
    const alpha = node.float("alpha", 1.6732632423543772);
    return wherePositive(b, x, b.scale(ct, gamma), b.mul(ct, b.shift(y, gamma * alpha)));
  }),
  /** Celu(X): Y = X, or alpha (e^(X / alpha) − 1) where X ≤ 0. https://onnx.ai/onnx/operators/onnx__Celu.html */
  elementwise("Celu", 12, ({ b, node, ct, x, y }) =>
    wherePositive(b, x, ct, b.mul(ct, b.shift(b.scale(y, 1 / node.float("alpha", 1)), 1))),
  ),
  /** ThresholdedRelu(X): Y = X where X > alpha, else 0. https://onnx.ai/onnx/operators/onnx__ThresholdedRelu.html */
  elementwise("ThresholdedRelu", 10, ({ b, node, ct, x }) =>
    b.mul(ct, isGreater(b, x, b.scalar(node.float("alpha", 1), x.dtype), x.dtype)),
  ),
  /** Sigmoid(X): Y = 1 / (1 + e^−X). https://onnx.ai/onnx/operators/onnx__Sigmoid.html */
  elementwise("Sigmoid", 6, ({ b, ct, y }) => b.mul(ct, b.sub(y, b.mul(y, y)))), // dX = dY (Y − Y²)
  /** HardSigmoid(X): Y = alpha · X + beta, kept in [0, 1]. https://onnx.ai/onnx/operators/onnx__HardSigmoid.html */
  elementwise("HardSigmoid", 6, ({ b, node, ct, y }) => {
    const slope = b.scale(ct, node.float("alpha", 0.2));
    const inside = b.op("And", [
      b.op("Greater", [y, b.scalar(0, y.dtype)]),
      b.op("Less", [y, b.scalar(1, y.dtype)]),
    ]);
    return b.mul(slope, b.cast(inside, y.dtype));
  }),
  /** HardSwish(X): Y = X · clip(X / 6 + 1/2, 0, 1). https://onnx.ai/onnx/operators/onnx__HardSwish.html */
  elementwise("HardSwish", 14, ({ b, ct, x }) => {
    // dY/dX = 0 up to −3, X / 3 + 1/2 up to 3, then 1.
    const belowUpper = b.op("Less", [x, b.scalar(3, x.dtype)]);
    const slope = b.where(belowUpper, b.shift(b.scale(x, 1 / 3), 0.5), b.scalar(1, x.dtype));
    return b.mul(b.mul(ct, slope), isGreater(b, x, b.scalar(-3, x.dtype), x.dtype));
  }),
  /** Tanh(X). https://onnx.ai/onnx/operators/onnx__Tanh.html */
  elementwise("Tanh", 6, ({ b, ct, y }) => b.mul(ct, b.sub(b.scalar(1, y.dtype), b.mul(y, y)))),
  /** Softplus(X): Y = ln(1 + e^X). https://onnx.ai/onnx/operators/onnx__Softplus.html */
  elementwise("Softplus", 1, ({ b, ct, x }) => b.mul(ct, b.op("Sigmoid", [x]))),
  /** Softsign(X): Y = X / (1 + |X|). https://onnx.ai/onnx/operators/onnx__Softsign.html */
  elementwise("Softsign", 1, ({ b, ct, x }) => {
    const divisor = b.shift(b.op("Abs", [x]), 1);
    return b.div(ct, b.mul(divisor, divisor));
  }),
  /** Shrink(X): Y = X ± bias outside [−lambd, lambd], 0 inside. https://onnx.ai/onnx/operators/onnx__Shrink.html */
  elementwise("Shrink", 9, ({ b, node, ct, x }) => {
    const limit = b.scalar(node.float("lambd", 0.5), x.dtype);
    return b.mul(ct, isGreater(b, b.op("Abs", [x]), limit, x.dtype));
  }),
  /** Gelu(X): Y = X · Φ(X), or its tanh approximation. https://onnx.ai/onnx/operators/onnx__Gelu.html */
  elementwise("Gelu", 20, (point) =>
    point.node.string("approximate", "none") === "tanh" ? geluTanhDerivative(point) : geluDerivative(point),
  ),
  /** Clip(X) between attributes, in old models. https://onnx.ai/onnx/operators/onnx__Clip.html */
  defineComposite({
    opType: "Clip",
    opsets: [6, 10],
    lower: ({ node, b, input }) => {
      const x = input(0);
      const bound = (name: string) => (node.has(name) ? b.scalar(node.float(name), x.dtype) : null);
      return [b.op("Clip", [x, bound("min"), bound("max")])];
    },
  }),
  /** Clip(X, min, max). At a bound the cotangent still passes to X, as in PyTorch. https://onnx.ai/onnx/operators/onnx__Clip.html */
  defineOp({ opType: "Clip", opsets: [11, LATEST], infer: sameAsInput, vjp: clipVjp }),
  /** Dropout(X) in old models, which never trains; ONNX Runtime gives a mask of zeros. https://onnx.ai/onnx/operators/onnx__Dropout.html */
  defineComposite({ opType: "Dropout", opsets: [7, 9], lower: (ctx) => keepAll(ctx, ctx.input(0).dtype, 0) }),
  defineComposite({ opType: "Dropout", opsets: [10, 11], lower: (ctx) => keepAll(ctx, "bool", 0) }),
  /** Dropout(X, ratio, training_mode): X itself, unless it trains. https://onnx.ai/onnx/operators/onnx__Dropout.html */
  defineComposite({ opType: "Dropout", opsets: [12, LATEST], reads: [1, 2], lower: trainableDropout }),
];

/** 1 where x > 0, else 0. */
function isPositive(b: OpBuilder, x: Value): Value {
  return isGreater(b, x, b.scalar(0, x.dtype), x.dtype);
}

function wherePositive(b: OpBuilder, x: Value, yes: Value, no: Value): Value {
  return b.where(b.op("Greater", [x, b.scalar(0, x.dtype)]), yes, no);
}

function clipVjp({ b, node, ct, needs }: VjpContext): readonly (Value | null)[] {
  const [x, y] = [node.input(0), node.output()];
  const bound = (i: number, wins: (limit: Value) => Value) => {
    if (!needs(i)) return null;
    const limit = node.input(i);
    return b.unbroadcast(b.mul(ct, wins(limit)), limit.dims);
  };
  // The upper bound is applied last, so a lower one above it has no say.
  const max = node.hasInput(2) ? node.input(2) : null;
  return [
    needs(0) ? b.mul(ct, isEqual(b, x, y, x.dtype)) : null, // unchanged means within the bounds
    bound(1, (min) =>
      max === null
        ? isGreater(b, min, x, x.dtype)
        : b.mul(isGreater(b, min, x, x.dtype), b.cast(b.op("LessOrEqual", [min, max]), x.dtype)),
    ),
    bound(2, (limit) => isGreater(b, node.hasInput(1) ? b.op("Max", [x, node.input(1)]) : x, limit, x.dtype)),
  ];
}

/** Dropout as inference runs it: X, and a mask filled with one number. */
function keepAll({ node, b, input }: LowerContext, dtype: DataType, mask: number): readonly (Value | null)[] {
  const x = input(0);
  return [b.op("Identity", [x]), node.hasOutput(1) ? b.full(x.dims, mask, dtype) : null];
}

function trainableDropout(ctx: LowerContext): readonly (Value | null)[] {
  const { node, optional } = ctx;
  const ratio = optional(1)?.constant ?? null;
  const trains = optional(2) !== null && ctx.numbers(2)?.[0] !== 0;
  const dropsNothing = ratio !== null && toNumbers(ratio)[0] === 0;
  if (trains && !dropsNothing) {
    throw new UnsupportedOpError(
      `${node.describe()}: it is in training mode, so it would drop other elements at each run. ` +
        "Export the model in evaluation mode.",
      { details: { node: node.name, opType: node.opType } },
    );
  }
  return keepAll(ctx, "bool", 1);
}
