import { appenderOf } from "../heads/graph-end.ts";
import { resizeMap } from "../heads/resize-map.ts";
import type { Model } from "../onnx/model.ts";
import type { Value } from "../onnx/value.ts";
import type { Shape } from "../tensor/shape.ts";

/** The logits of a map [B, C, h, w] at the size of the labels [H, W], by nodes at the end of the graph. */
export function judgedMap(model: Model, output: Value, [height = 0, width = 0]: Shape): Value {
  const dims = output.declared?.dims;
  if (dims?.[2] === height && dims[3] === width) return output;
  return resizeMap(appenderOf(model), output, [height, width], "resized_logits");
}
