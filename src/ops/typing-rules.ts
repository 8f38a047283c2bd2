import type { TensorType } from "../onnx/type.ts";
import type { DataType } from "../tensor/data-type.ts";
import { broadcastShapes, formatShape } from "../tensor/shape.ts";
import type { InferContext } from "./define.ts";

/** The output has the type of the first input. */
export function sameAsInput(ctx: InferContext): readonly TensorType[] {
  return [ctx.type(0)];
}

/** The output has the broadcast shape of all inputs and the dtype of the first. */
export function broadcastInputs(ctx: InferContext): readonly TensorType[] {
  return [{ dtype: ctx.dtype(0), dims: broadcastDims(ctx) }];
}

/** The output has the broadcast shape of all inputs and the given dtype. */
export function broadcastTo(dtype: DataType): (ctx: InferContext) => readonly TensorType[] {
  return (ctx) => [{ dtype, dims: broadcastDims(ctx) }];
}

/** The broadcast shape of the node's inputs. @throws ModelError if they do not broadcast */
export function broadcastDims(ctx: InferContext): readonly number[] {
  const shapes = ctx.node.inputs.map((_, i) => ctx.dims(i));
  return (
    broadcastShapes(...shapes) ??
    ctx.fail(`input shapes ${shapes.map(formatShape).join(" and ")} do not broadcast against each other`)
  );
}
