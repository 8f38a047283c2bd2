import { ModelError } from "../errors.ts";
import type { Value } from "../onnx/value.ts";
import { int64s } from "../tensor/tensor.ts";
import type { Appender } from "./graph-end.ts";

/**
 * Appends a bilinear resize of a map [B, C, h, w] to a height and width, between pixel centres: PyTorch's `interpolate`
 * with `align_corners` off. The batch and channels stay what they are, named or not.
 *
 * @param size int64 [2], a value of the graph, or two numbers
 * @throws ModelError for a model older than operator set 11, whose Resize takes no sizes
 */
export function resizeMap(
  at: Appender,
  x: Value,
  size: Value | readonly [number, number],
  name: string,
): Value {
  if (at.opset < 11) {
    throw new ModelError(
      `maps are resized from operator set 11 on, the model is of ${at.opset}; convert it with onnx.version_converter`,
    );
  }
  const sizes = Array.isArray(size)
    ? at.store(int64s(size as readonly number[]), `${name}.size`)
    : (size as Value); // the only other kind
  const outer = at.append(
    "Slice",
    [
      at.append("Shape", [x], name),
      at.store(int64s([0]), `${name}.from`),
      at.store(int64s([2]), `${name}.to`),
    ],
    name,
  );
  const all = at.append("Concat", [outer, sizes], name, { axis: 0 });
  return at.append("Resize", [x, null, null, all], name, {
    mode: "linear",
    coordinate_transformation_mode: "half_pixel",
  });
}
