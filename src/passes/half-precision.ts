import type { Attribute } from "../onnx/attribute.ts";
import type { Node } from "../onnx/node.ts";
import type { Value } from "../onnx/value.ts";
import { dataTypeOfCode, dataTypes } from "../tensor/data-type.ts";
import { inFloat32, isHalf, widened } from "../tensor/half-tensor.ts";

// A model in half floats is trained in float32: steps of 1e-5 are lost in weights of eleven bits, and sums of many
// products in activations of eleven bits. Lowering widens every half float; only what is written back is narrow again.

/** Attributes that name an element type by its code. */
const DTYPE_ATTRIBUTES: ReadonlySet<string> = new Set(["to", "dtype", "output_dtype"]);

/** Whether training can update a stored weight: in float32, from which it is written back as it was stored. */
export function canBeTrained({ constant }: Value): boolean {
  return constant !== null && widened(constant.dtype) === "float32";
}

/** The node as it is where half floats are float32: its tensors and the dtypes that its attributes name are widened. */
export function withoutHalves(node: Node): Node {
  const changed = new Map<string, Attribute>();
  for (const [name, attribute] of node.attributes) {
    if (attribute.kind === "tensor" && isHalf(attribute.value.dtype))
      changed.set(name, { kind: "tensor", value: inFloat32(attribute.value) });
    if (
      attribute.kind === "int" &&
      DTYPE_ATTRIBUTES.has(name) &&
      isHalf(dataTypeOfCode(attribute.value) ?? "float32")
    )
      changed.set(name, { kind: "int", value: dataTypes.float32.code });
  }
  return changed.size === 0 ? node : node.seenWith(new Map([...node.attributes, ...changed]));
}
