import type { TensorType } from "../onnx/type.ts";
import type { Value } from "../onnx/value.ts";
import { shapesEqual } from "../tensor/shape.ts";
import { int64s } from "../tensor/tensor.ts";
import { defineOp, type InferContext, LATEST, type OpDef } from "./define.ts";
import type { OpBuilder } from "./op-builder.ts";
import { addAtTuples, scatterGathered } from "./scatter-rules.ts";

/** Operators that read at places given as indices. Indices may count from the end. */
export const indexingOps: readonly OpDef[] = [
  /** Gather(data, indices): whole slices along one axis. https://onnx.ai/onnx/operators/onnx__Gather.html */
  defineOp({
    opType: "Gather",
    opsets: [1, LATEST],
    infer: inferGather,
    vjp: ({ b, node, ct, axis }) => {
      const { dims } = node.input(0);
      const at = axis(node.int("axis", 0), dims.length);
      return [scatterGathered(b, ct, { dims, axis: at, indices: node.input(1) }), null];
    },
  }),
  /** GatherElements(data, indices): one element for each index. https://onnx.ai/onnx/operators/onnx__GatherElements.html */
  defineOp({
    opType: "GatherElements",
    opsets: [11, LATEST],
    infer: (ctx) => {
      ctx.axis(ctx.node.int("axis", 0), ctx.dims(0).length);
      if (ctx.dims(0).length !== ctx.dims(1).length) ctx.fail("data and indices differ in rank");
      return [{ dtype: ctx.dtype(0), dims: ctx.dims(1) }];
    },
    vjp: ({ b, node, ct }) => [
      b.op("ScatterElements", [b.zerosLike(node.input(0)), node.input(1), ct], {
        axis: node.int("axis", 0),
        reduction: "add",
      }),
      null,
    ],
  }),
  /** GatherND(data, indices): slices at index tuples. https://onnx.ai/onnx/operators/onnx__GatherND.html */
  defineOp({
    opType: "GatherND",
    opsets: [11, LATEST],
    infer: inferGatherNd,
    vjp: ({ b, node, ct }) => {
      const places = withBatchIndices(b, node.input(1), node.int("batch_dims", 0));
      return [addAtTuples(b, b.zerosLike(node.input(0)), places, ct), null];
    },
  }),
  /** ReverseSequence(input, sequence_lens). https://onnx.ai/onnx/operators/onnx__ReverseSequence.html */
  defineOp({
    opType: "ReverseSequence",
    opsets: [10, LATEST],
    infer: (ctx) => [ctx.type(0)],
    // Reversing is its own inverse.
    vjp: ({ b, node, ct }) => [
      b.op("ReverseSequence", [ct, node.input(1)], {
        batch_axis: node.int("batch_axis", 1),
        time_axis: node.int("time_axis", 0),
      }),
      null,
    ],
  }),
];

function inferGather(ctx: InferContext): readonly TensorType[] {
  const dims = ctx.dims(0);
  const axis = ctx.axis(ctx.node.int("axis", 0), dims.length);
  return [{ dtype: ctx.dtype(0), dims: [...dims.slice(0, axis), ...ctx.dims(1), ...dims.slice(axis + 1)] }];
}

function inferGatherNd(ctx: InferContext): readonly TensorType[] {
  const [data, indices] = [ctx.dims(0), ctx.dims(1)];
  const batch = ctx.node.int("batch_dims", 0);
  const depth = indices.at(-1) ?? ctx.fail("indices must not be a scalar");
  if (batch + depth > data.length || !shapesEqual(data.slice(0, batch), indices.slice(0, batch)))
    ctx.fail(`indices [${indices}] with batch_dims ${batch} do not fit data [${data}]`);
  return [{ dtype: ctx.dtype(0), dims: [...indices.slice(0, -1), ...data.slice(batch + depth)] }];
}

/** Index tuples without batch dimensions: the coordinates of the batch are put before each tuple. */
function withBatchIndices(b: OpBuilder, indices: Value, batch: number): Value {
  if (batch === 0) return indices;
  const lead = indices.dims.slice(0, -1);
  const coordinates = lead.slice(0, batch).map((length, axis) => {
    const count = b.constant(int64s(Array.from({ length }, (_, i) => i)));
    const shape = [...lead.map((_, i) => (i === axis ? length : 1)), 1];
    return b.expand(b.reshape(count, shape), [...lead, 1]);
  });
  return b.concat([...coordinates, indices], lead.length);
}
