import type { Value } from "../onnx/value.ts";
import { floatReader } from "../tensor/float-access.ts";
import { sizeOf } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Elements of this size or more are taken for the −∞ of an attention mask. */
const MASK_MAGNITUDE = 1e4;
/** A tensor of zeros and one value as low as this is a mask too: Swin writes −100. */
const MASK_VALUE = -50;
/** Larger tensors are looked at in as many places, evenly spread: what is asked here holds everywhere or nowhere in them. */
const MOST_PLACES = 2 ** 22;
/** How far cos² + sin² of a stored table may be from 1. */
const ROTATION_TOLERANCE = 1e-3;

/** Whether a tensor holds infinite or huge entries, or zeros and one very low value, as attention masks do. */
export function looksLikeMask(tensor: Tensor): boolean {
  const read = floatReader(tensor);
  const values = new Set<number>();
  const { length, stride } = placesOf(tensor);
  for (let i = 0; i < length; i += stride) {
    const v = read(i);
    if (!(Math.abs(v) < MASK_MAGNITUDE)) return true;
    if (values.size < 3) values.add(v);
  }
  const [a, b] = [Math.max(...values), Math.min(...values)];
  return values.size === 2 && a === 0 && b <= MASK_VALUE;
}

/** Whether a tensor is all zeros or all ones. */
export function isUniform(tensor: Tensor): boolean {
  const read = floatReader(tensor);
  const first = read(0);
  if (first !== 0 && first !== 1) return false;
  const { length, stride } = placesOf(tensor);
  for (let i = 1; i < length; i += stride) if (read(i) !== first) return false;
  return true;
}

/**
 * The stored values that are the folded cosines and sines of a rotary position encoding: pairs with a² + b² = 1.
 * Ones beside zeros fulfil that too, but are the gain and bias that a normalisation starts with.
 */
export function rotationTables(stored: readonly Value[]): ReadonlySet<Value> {
  const byShape = new Map<string, Value[]>();
  for (const value of stored) {
    const tensor = value.constant;
    if (!tensor || sizeOf(tensor.dims) < 4 || !isBoundedByOne(tensor) || isUniform(tensor)) continue;
    const key = tensor.dims.join();
    byShape.set(key, [...(byShape.get(key) ?? []), value]);
  }
  const found = new Set<Value>();
  for (const values of byShape.values()) {
    for (const a of values)
      for (const b of values) if (a !== b && isRotationPair(a.constant!, b.constant!)) found.add(a);
  }
  return found;
}

/** Odd, so that no axis of even length is missed. */
function placesOf({ dims }: Tensor): { readonly length: number; readonly stride: number } {
  const length = sizeOf(dims);
  return { length, stride: length <= MOST_PLACES ? 1 : 2 * Math.ceil(length / MOST_PLACES / 2) + 1 };
}

function isBoundedByOne(tensor: Tensor): boolean {
  const read = floatReader(tensor);
  const { length, stride } = placesOf(tensor);
  for (let i = 0; i < length; i += stride) if (!(Math.abs(read(i)) <= 1 + ROTATION_TOLERANCE)) return false;
  return true;
}

function isRotationPair(a: Tensor, b: Tensor): boolean {
  const [x, y] = [floatReader(a), floatReader(b)];
  for (let i = 0; i < a.data.length; i++)
    if (Math.abs(x(i) ** 2 + y(i) ** 2 - 1) > ROTATION_TOLERANCE) return false;
  return true;
}
