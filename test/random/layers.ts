import fc from "fast-check";
import { float } from "../../src/onnx/attribute.ts";
import { sizeOf } from "../../src/tensor/shape.ts";
import type { FloatInput, GradientCase } from "../support/gradient-check.ts";
import { axisOf, type Cases, flag, positive, shape } from "./draw.ts";

const some = { min: 1, max: 3 } as const;
const float32 = { precision: "float32" } as const;

/** Well spread, so that no row is nearly constant. */
function spread(dims: readonly number[]): FloatInput {
  return { dims, distinct: true, range: [-2, 2] };
}

const layerNorm: fc.Arbitrary<GradientCase> = shape(1, 4)
  .filter((dims) => dims.at(-1)! > 1)
  .chain((dims) =>
    fc
      .record({ axis: axisOf(dims.length), bias: fc.boolean(), rms: fc.boolean() })
      .map(({ axis, bias, rms }) => {
        const width = dims.slice(axis < 0 ? axis + dims.length : axis);
        return {
          opType: rms ? "RMSNormalization" : "LayerNormalization",
          opset: 23,
          inputs: [spread(dims), { dims: width }, ...(bias && !rms ? [{ dims: width }] : [])],
          attributes: { axis, epsilon: float(1e-2) },
          ...float32,
        };
      }),
  );

const perChannel: fc.Arbitrary<GradientCase> = fc
  .record({
    n: fc.integer(some),
    groups: fc.integer({ min: 1, max: 2 }),
    depth: fc.integer({ min: 1, max: 2 }),
    space: shape(1, 2).map((dims) => dims.map((d) => d + 1)),
    kind: fc.constantFrom("BatchNormalization", "InstanceNormalization", "GroupNormalization"),
  })
  .map(({ n, groups, depth, space, kind }) => {
    const c = groups * depth;
    const vector = { dims: [c] };
    return {
      opType: kind,
      inputs: [
        spread([n, c, ...space]),
        vector,
        vector,
        ...(kind === "BatchNormalization" ? [vector, positive([c])] : []),
      ],
      attributes: { epsilon: float(1e-2), ...(kind === "GroupNormalization" ? { num_groups: groups } : {}) },
      ...float32,
    };
  });

const lrn: fc.Arbitrary<GradientCase> = fc
  .record({ dims: shape(4, 4), size: fc.constantFrom(1, 3, 5), alpha: fc.constantFrom(0.1, 0.5) })
  .map(({ dims, size, alpha }) => ({
    opType: "LRN",
    inputs: [{ dims }],
    attributes: { size, alpha: float(alpha), beta: float(0.6), bias: float(1.2) },
    ...float32,
  }));

/** RNN, GRU and LSTM with every optional input there or not. */
const recurrent: fc.Arbitrary<GradientCase> = fc
  .record({
    opType: fc.constantFrom("RNN", "GRU", "LSTM"),
    direction: fc.constantFrom("forward", "reverse", "bidirectional"),
    t: fc.integer(some),
    b: fc.integer(some),
    i: fc.integer({ min: 1, max: 2 }),
    h: fc.integer({ min: 1, max: 2 }),
    bias: fc.boolean(),
    lens: fc.constantFrom("none", "stored", "fed"),
    initial: fc.boolean(),
    peepholes: fc.boolean(),
    option: flag,
    outputs: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
    lengths: fc.array(fc.integer(some), { minLength: 3, maxLength: 3 }),
  })
  .map((d): GradientCase => {
    const gates = { RNN: 1, GRU: 3, LSTM: 4 }[d.opType]!; // one of the three drawn
    const directions = d.direction === "bidirectional" ? 2 : 1;
    const isLstm = d.opType === "LSTM";
    const state = d.initial ? { dims: [directions, d.b, d.h] } : null;
    const lens =
      d.lens === "none"
        ? null
        : {
            dtype: "int32" as const,
            dims: [d.b],
            data: d.lengths.slice(0, d.b).map((n) => Math.min(n, d.t)),
            ...(d.lens === "fed" ? { fed: true as const } : {}),
          };
    const option = { RNN: {}, GRU: { linear_before_reset: d.option }, LSTM: { input_forget: d.option } }[
      d.opType
    ]!;
    const inputs = [
      { dims: [d.t, d.b, d.i] },
      { dims: [directions, gates * d.h, d.i] },
      { dims: [directions, gates * d.h, d.h] },
      d.bias ? { dims: [directions, 2 * gates * d.h] } : null,
      lens,
      state,
      ...(isLstm ? [state, d.peepholes ? { dims: [directions, 3 * d.h] } : null] : []),
    ];
    const outputs = d.outputs.slice(0, isLstm ? 3 : 2);
    if (!outputs.includes(true)) outputs[0] = true;
    return {
      opType: d.opType,
      inputs,
      attributes: { hidden_size: d.h, direction: d.direction, ...option },
      outputs,
      ...float32,
    };
  });

/** Attention of opset 23 with masks, grouped heads, a cache and a cap. */
const attention: fc.Arbitrary<GradientCase> = fc
  .record({
    b: fc.integer({ min: 1, max: 2 }),
    heads: fc.constantFrom([1, 1], [2, 2], [4, 2], [2, 1]),
    t: fc.integer(some),
    s: fc.integer(some),
    d: fc.integer({ min: 1, max: 3 }),
    dv: fc.integer({ min: 1, max: 3 }),
    flat: fc.boolean(),
    mask: fc.constantFrom("none", "bool", "float"),
    past: fc.integer({ min: 0, max: 2 }),
    causal: flag,
    cap: fc.constantFrom(0, 3),
  })
  .map((c): GradientCase => {
    const [q, kv] = c.heads as [number, number];
    // Of a single causal query over a cache, ONNX Runtime lets all keys be read, also those that come after it.
    const keys = c.causal === 1 && c.past > 0 ? c.t : c.s;
    const whole = keys + c.past;
    const of = (heads: number, rows: number, depth: number) => ({
      dims: c.flat ? [c.b, rows, heads * depth] : [c.b, heads, rows, depth],
    });
    const maskDims = [c.t, whole];
    const mask: GradientCase["inputs"][number] =
      c.mask === "none"
        ? null
        : c.mask === "float"
          ? { dims: maskDims }
          : {
              dtype: "bool",
              dims: maskDims,
              // The first key is open to every query.
              data: Array.from({ length: sizeOf(maskDims) }, (_, k) =>
                k % whole === 0 || k % 3 === 0 ? 1 : 0,
              ),
              fed: true,
            };
    const past = c.past > 0 ? [{ dims: [c.b, kv, c.past, c.d] }, { dims: [c.b, kv, c.past, c.dv] }] : [];
    return {
      opType: "Attention",
      opset: 23,
      inputs: [of(q, c.t, c.d), of(kv, keys, c.d), of(kv, keys, c.dv), mask, ...past],
      attributes: {
        is_causal: c.causal,
        softcap: float(c.cap),
        ...(c.flat ? { q_num_heads: q, kv_num_heads: kv } : {}),
      },
      outputs: c.past > 0 ? 3 : 1,
      ...float32,
    };
  });

export const layerCases: Cases<GradientCase> = {
  LayerNormalization: layerNorm,
  perChannel,
  LRN: lrn,
  recurrent,
  Attention: attention,
};
