import { UnsupportedOpError } from "../errors.ts";
import type { Value } from "../onnx/value.ts";
import { sizeOf } from "../tensor/shape.ts";
import { int64s } from "../tensor/tensor.ts";
import {
  defineComposite,
  defineOp,
  LATEST,
  type LowerContext,
  type OpDef,
  type VjpContext,
} from "./define.ts";
import { addAtTuples } from "./scatter-rules.ts";
import { sameAsInput } from "./typing-rules.ts";

/** Operators that write at places given as indices. */
export const scatteringOps: readonly OpDef[] = [
  /** Scatter was renamed to ScatterElements in opset 11. */
  defineComposite({
    opType: "Scatter",
    opsets: [9, 10],
    lower: ({ b, node, input }) => [
      b.op("ScatterElements", [input(0), input(1), input(2)], { axis: node.int("axis", 0) }),
    ],
  }),
  /** ScatterElements(data, indices, updates). https://onnx.ai/onnx/operators/onnx__ScatterElements.html */
  defineOp({
    opType: "ScatterElements",
    opsets: [11, LATEST],
    infer: sameAsInput,
    vjp: (ctx) => {
      const { b, node } = ctx;
      const axis = node.int("axis", 0);
      return scatterVjp(ctx, {
        read: (x) => b.op("GatherElements", [x, node.input(1)], { axis }),
        write: (data, updates, reduction) =>
          b.op("ScatterElements", [data, node.input(1), updates], { axis, reduction }),
      });
    },
  }),
  /** ScatterND(data, indices, updates). https://onnx.ai/onnx/operators/onnx__ScatterND.html */
  defineOp({
    opType: "ScatterND",
    opsets: [11, LATEST],
    infer: sameAsInput,
    vjp: (ctx) => {
      const { b, node } = ctx;
      return scatterVjp(ctx, {
        read: (x) => b.op("GatherND", [x, node.input(1)]),
        write: (data, updates, reduction) =>
          reduction === "add"
            ? addAtTuples(b, data, node.input(1), updates)
            : b.op("ScatterND", [data, node.input(1), updates], { reduction }),
      });
    },
  }),
  /** TensorScatter(past_cache, update, write_indices): a cache with new entries. https://onnx.ai/onnx/operators/onnx__TensorScatter.html */
  defineComposite({ opType: "TensorScatter", opsets: [24, LATEST], lower: tensorScatter }),
];

/** The two directions of a scatter at fixed indices. */
interface Places {
  read(x: Value): Value;
  write(data: Value, updates: Value, reduction: string): Value;
}

function scatterVjp(ctx: VjpContext, places: Places): readonly (Value | null)[] {
  const { b, node, ct, needs } = ctx;
  const [data, , updates] = [node.input(0), node.input(1), node.input(2)];
  const reduction = node.string("reduction", "none");
  switch (reduction) {
    case "none": // what was overwritten has no influence
      return [
        needs(0) ? places.write(ct, b.zerosLike(updates), "none") : null,
        null,
        needs(2) ? places.read(ct) : null,
      ];
    case "add":
      return [ct, null, needs(2) ? places.read(ct) : null];
    case "mul":
      if (needs(2)) throw noProductRule(ctx);
      return [places.write(ct, updates, "mul"), null, null];
    case "max":
    case "min": {
      // The winners at a place share its cotangent equally.
      const output = node.output();
      const dataWins = b.cast(b.op("Equal", [data, output]), ct.dtype);
      const updateWins = b.cast(b.op("Equal", [updates, places.read(output)]), ct.dtype);
      const share = b.div(ct, places.write(dataWins, updateWins, "add"));
      return [
        needs(0) ? b.mul(share, dataWins) : null,
        null,
        needs(2) ? b.mul(places.read(share), updateWins) : null,
      ];
    }
    default:
      return node.fail(`reduction "${reduction}" is not one of none, add, mul, min, max`);
  }
}

function noProductRule({ node }: VjpContext): UnsupportedOpError {
  return new UnsupportedOpError(
    `${node.describe()}: the updates of a scatter with reduction "mul" lie on a trainable path, and Holdfast has no ` +
      "derivative for them. Freeze the parameters before it with --trainable, or cut the model before it with --head.from.",
    { details: { node: node.name, opType: node.opType, reduction: "mul" } },
  );
}

/** Entry t of the update of each example goes to place `write_indices` + t along the axis. */
function tensorScatter({ b, node, input, optional, axis }: LowerContext): Value[] {
  const [cache, update, first] = [input(0), input(1), optional(2)];
  const at = axis(node.int("axis", -2), cache.dims.length);
  const along = (value: Value, k: number) =>
    b.reshape(
      value,
      cache.dims.map((_, i) => (i === k ? sizeOf(value.dims) : 1)),
    );
  const count = b.constant(int64s(Array.from({ length: update.dims[at]! }, (_, t) => t)));
  const places = first === null ? along(count, at) : b.add(along(first, 0), along(count, at));
  const isCircular = node.string("mode", "linear") === "circular";
  const wrapped = isCircular ? b.op("Mod", [places, b.scalar(cache.dims[at]!, "int64")]) : places;
  return [b.op("ScatterElements", [cache, b.expand(wrapped, update.dims), update], { axis: at })];
}
