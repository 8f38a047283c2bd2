import { setConstant } from "../onnx/edit.ts";
import type { Node } from "../onnx/node.ts";
import type { Value } from "../onnx/value.ts";
import { inFloat32, narrowed } from "../tensor/half-tensor.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { transposed } from "./matrix.ts";
import type { LayerWeights } from "./method.ts";
import type { Site, SiteUse } from "./site.ts";

/** Where a layer's bias is added, if it is a stored vector. */
interface BiasPlace {
  /** The product's own node, or the Add behind it. */
  readonly node: Node;
  readonly value: Value;
}

/** The bias of one use of a layer; null if it adds none, or one that is not stored. */
function biasOf(site: Site, use: SiteUse): BiasPlace | null {
  if (use.ownBias)
    return storedWeight(use.ownBias.value) ? { node: use.node, value: use.ownBias.value } : null;
  const [reader, ...others] = use.node.output().uses;
  if (!reader || others.length > 0 || reader.node.opType !== "Add" || reader.node.domain !== "") return null;
  const value = reader.node.inputs[1 - reader.index];
  const stored = value && storedWeight(value);
  const isVector = stored?.dims.length === 1 && stored.dims[0] === site.shape[0];
  return value && isVector ? { node: reader.node, value } : null;
}

/** The name of a layer's bias if something else reads it too: exporters keep one copy of equal tensors. */
export function sharedBias(site: Site): string | null {
  const places = site.uses.map((use) => biasOf(site, use));
  const own = new Set(places.map((p) => p?.node));
  const shared = places.find((p) => p && [...p.value.uses].some((u) => !own.has(u.node)));
  return shared?.value.name ?? null;
}

/** What a use of a layer gives, its bias included. */
export function resultOf(site: Site, use: SiteUse): Value {
  return (biasOf(site, use)?.node ?? use.node).output();
}

/** The weight and bias of a site in PyTorch's shapes; null where the weight is quantised. */
export function readLayer(site: Site): LayerWeights | null {
  const stored = site.isQuantized ? null : storedWeight(site.weight);
  if (stored === null) return null;
  const [rows, columns] = stored.dims as [number, number]; // a site's weight has two axes or more
  const flat = floatsOf(stored);
  const place = site.uses[0] && biasOf(site, site.uses[0]);
  const bias = place ? storedWeight(place.value) : null;
  return {
    weight: site.isTransposed ? transposed(flat, rows, columns) : flat,
    bias: bias && floatsOf(bias),
  };
}

/** Stores new values of a site's weight and bias, in the types and places that they had. */
export function writeLayer(site: Site, { weight, bias }: LayerWeights): void {
  const [out, inner] = site.shape as [number, number]; // a site's weight has two axes or more
  put(site.weight, site.isTransposed ? transposed(weight, out, inner) : weight);
  const place = site.uses[0] && biasOf(site, site.uses[0]);
  if (bias && place) put(place.value, bias);
}

/** Puts a weight on the line from what a value holds to `target`: `share` 1 is the target. */
export function blend(value: Value, target: Tensor<"float32">, share: number): void {
  const before = storedWeight(value);
  if (before) {
    const from = floatsOf(before);
    put(value, share === 1 ? target.data : target.data.map((w, i) => from[i]! + share * (w - from[i]!)));
  }
}

function put(value: Value, data: Float32Array): void {
  const before = storedWeight(value)!; // it was read before
  setConstant(value, narrowed(tensor("float32", before.dims, data), before.dtype));
}

/** The elements of an initializer, or of a Constant node's output. */
export function storedWeight(value: Value): Tensor | null {
  if (value.constant !== null) return value.constant;
  const attribute =
    value.producer?.opType === "Constant" ? value.producer.attributes.get("value") : undefined;
  return attribute?.kind === "tensor" ? attribute.value : null;
}

/** A float tensor's elements in float32; the tensor's own array if they are that already. */
function floatsOf(stored: Tensor): Float32Array {
  return inFloat32(stored).data as Float32Array; // sites are of float32 and the two half floats
}
