import type { Appender } from "../heads/resize-map.ts";
import { resizeMap } from "../heads/resize-map.ts";
import { type Model, opsetOf } from "../onnx/model.ts";
import { Node } from "../onnx/node.ts";
import { Value } from "../onnx/value.ts";
import type { Shape } from "../tensor/shape.ts";

/** The logits of a map [B, C, h, w] at the size of the labels [H, W], by nodes at the end of the graph. */
export function judgedMap(model: Model, output: Value, [height = 0, width = 0]: Shape): Value {
  const dims = output.declared?.dims;
  if (dims?.[2] === height && dims[3] === width) return output;
  const { graph } = model;
  const names = new Set([...graph.values()].map((v) => v.name));
  const fresh = (name: string) => {
    let unique = name;
    for (let i = 1; names.has(unique); i++) unique = `${name}_${i}`;
    names.add(unique);
    return unique;
  };
  const at: Appender = {
    opset: opsetOf(model) ?? 1,
    append(opType, inputs, name, attributes = {}) {
      const node = new Node(opType, inputs, [new Value(fresh(name))], { name: fresh(name), attributes });
      graph.nodes.push(node);
      return node.output();
    },
    store(t, name) {
      const value = new Value(fresh(name), { dtype: t.dtype, dims: t.dims });
      value.constant = t;
      graph.initializers.push(value);
      return value;
    },
  };
  return resizeMap(at, output, [height, width], "resized_logits");
}
