import type { Attribute } from "../onnx/attribute.ts";
import type { Node } from "../onnx/node.ts";
import type { Value } from "../onnx/value.ts";
import { type DataType, dataTypeOfCode, dataTypes } from "../tensor/data-type.ts";
import { bfloat16ToFloat, floatToBfloat16, floatToHalf, halfToFloat } from "../tensor/half.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";

// A model in half floats is trained in float32: steps of 1e-5 are lost in weights of eleven bits, and sums of many
// products in activations of eleven bits. Lowering widens every half float; only what is written back is narrow again.

/** Attributes that name an element type by its code. */
const DTYPE_ATTRIBUTES: ReadonlySet<string> = new Set(["to", "dtype", "output_dtype"]);

export function isHalf(dtype: DataType): dtype is "float16" | "bfloat16" {
  return dtype === "float16" || dtype === "bfloat16";
}

/** float32 for half floats, every other dtype itself. */
export function widened(dtype: DataType): DataType {
  return isHalf(dtype) ? "float32" : dtype;
}

/** A tensor of half floats as float32, exactly; any other tensor itself. */
export function inFloat32(t: Tensor): Tensor {
  if (!isHalf(t.dtype)) return t;
  const read = t.dtype === "float16" ? halfToFloat : bfloat16ToFloat;
  return tensor("float32", t.dims, Float32Array.from(t.data as Uint16Array, read)); // half floats are held as their bits
}

/** A float32 tensor in half floats of the given dtype, rounded to the nearest, ties to even; any other as it is. */
export function narrowed(t: Tensor, dtype: DataType): Tensor {
  if (t.dtype !== "float32" || !isHalf(dtype)) return t;
  const bits = dtype === "float16" ? floatToHalf : floatToBfloat16;
  return tensor(dtype, t.dims, Uint16Array.from(t.data as Float32Array, bits)); // the dtype was checked just above
}

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
