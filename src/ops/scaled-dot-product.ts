import type { Value } from "../onnx/value.ts";
import { type DataType, dataTypes, isFloat } from "../tensor/data-type.ts";
import type { Shape } from "../tensor/shape.ts";
import { tensor } from "../tensor/tensor.ts";
import type { OpBuilder } from "./op-builder.ts";

/** What attention is computed from. Query head h reads key head h · kvHeads / heads. */
export interface AttentionInputs {
  /** [B, heads, T, D] */
  readonly query: Value;
  /** [B, kvHeads, S, D] */
  readonly key: Value;
  /** [B, kvHeads, S, Dv] */
  readonly value: Value;
  /** Boolean masks, true where a query may read a key; each broadcasts to [B, heads, T, S]. */
  readonly allowed: readonly Value[];
  readonly biases: readonly Bias[];
  readonly scale: number;
  /** Scores become c · tanh(score / c); 0 for none. */
  readonly softcap: number;
  /** Precision of the softmax; that of the query if left out. */
  readonly softmaxType?: DataType;
}

/** Added to the scores; broadcasts to [B, heads, T, S]. */
export interface Bias {
  readonly value: Value;
  /** Known to hold no −∞, which would shut a key out. */
  readonly finite?: true;
}

export interface AttentionResult {
  /** [B, heads, T, Dv] */
  readonly output: Value;
  /** Scaled products of queries and keys, [B, heads, T, S], as are the next three. */
  readonly products: Value;
  readonly capped: Value;
  readonly masked: Value;
  /** Zero for a query that may read no key. Made when it is asked for. */
  readonly probabilities: () => Value;
}

/** The most negative number that a softmax still takes without giving NaN for a row that has nothing else. */
const LOWEST: Partial<Record<DataType, number>> = {
  float32: -3.4028234663852886e38,
  float64: -1e300,
  float16: -65504,
  bfloat16: -3.3e38,
};

/**
 * softmax(scale · Q Kᵀ + biases) V over the keys that are allowed; zero for a query that may read none.
 *
 * Heads that share a key are rows of one product: no key or value is copied.
 */
export function scaledDotProduct(b: OpBuilder, from: AttentionInputs): AttentionResult {
  const { query, key, value } = from;
  const [batch, heads, rows] = query.dims as [number, number, number, number];
  const [, kvHeads, columns, width] = value.dims as [number, number, number, number];
  const grouped = (x: Value): Value => b.reshape(x, [batch, kvHeads, (heads / kvHeads) * rows, x.dims[3]!]);
  const scores: Shape = [batch, heads, rows, columns];
  const scaled = b.scale(query, from.scale);
  const products = b.reshape(b.matmul(grouped(scaled), b.transposeLast(key)), scores);
  const capped =
    from.softcap > 0 ? b.scale(b.op("Tanh", [b.scale(products, 1 / from.softcap)]), from.softcap) : products;
  const lowest = b.scalar(LOWEST[query.dtype] ?? -3.4e38, query.dtype);
  const biases = from.biases.map((bias) =>
    hasNoInfinity(bias) ? bias.value : b.op("Max", [bias.value, lowest]),
  );
  const allowed = from.allowed.reduce<Value | null>((m, a) => (m === null ? a : b.op("And", [m, a])), null);
  const biased = biases.reduce((x, bias) => b.add(x, bias), capped);
  const masked = allowed === null ? biased : b.where(allowed, biased, lowest);
  const precise = b.cast(masked, from.softmaxType ?? query.dtype);
  const probabilities = b.cast(b.op("Softmax", [precise], { axis: -1 }), query.dtype);
  const mixed = b.reshape(b.matmul(grouped(probabilities), value), [batch, heads, rows, width]);
  return {
    output: zeroWhereShut(b, mixed, { allowed, biases: from.biases }),
    products,
    capped,
    masked,
    probabilities: () => zeroWhereShut(b, probabilities, { allowed, biases: from.biases }),
  };
}

/** Zero rows for queries that may read no key. Left out where constant masks show that there are none. */
function zeroWhereShut(
  b: OpBuilder,
  output: Value,
  masks: { readonly allowed: Value | null; readonly biases: readonly Bias[] },
): Value {
  let result = output;
  const keep = (mask: Value) => {
    const some = b.reduceMax(b.cast(mask, output.dtype), [mask.dims.length - 1], true);
    result = b.mul(result, some);
  };
  if (masks.allowed !== null && !everyRowOpen(masks.allowed)) keep(masks.allowed);
  for (const bias of masks.biases) {
    if (hasNoInfinity(bias)) continue;
    const { value } = bias;
    keep(b.op("Greater", [value, b.scalar(Number.NEGATIVE_INFINITY, value.dtype)]));
  }
  return result;
}

function everyRowOpen(allowed: Value): boolean {
  const mask = allowed.constant;
  if (mask === null || mask.dtype !== "bool") return false;
  const columns = allowed.dims.at(-1) ?? 1;
  const data = mask.data as Uint8Array;
  for (let row = 0; row < data.length; row += columns)
    if (!data.subarray(row, row + columns).includes(1)) return false;
  return true;
}

/** Whether a bias is known to hold no −∞: said so, or a constant without one. */
function hasNoInfinity({ value, finite }: Bias): boolean {
  if (finite) return true;
  const { constant, dtype } = value;
  if (constant === null || (dtype !== "float32" && dtype !== "float64")) return false;
  return !(constant.data as Float32Array | Float64Array).includes(Number.NEGATIVE_INFINITY);
}

/** A constant mask [T, S] from a condition on the positions of query and key. */
export function positionMask(
  b: OpBuilder,
  dims: readonly [rows: number, columns: number],
  isAllowed: (query: number, key: number) => boolean,
): Value {
  const [rows, columns] = dims;
  const data = new Uint8Array(rows * columns);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) data[i * columns + j] = isAllowed(i, j) ? 1 : 0;
  return b.constant(tensor("bool", [rows, columns], data));
}

/** [B, T, heads · D] as [B, heads, T, D]. */
export function splitHeads(b: OpBuilder, x: Value, heads: number): Value {
  const [batch, rows, hidden] = x.dims as [number, number, number];
  return b.transpose(b.reshape(x, [batch, rows, heads, hidden / heads]), [0, 2, 1, 3]);
}

/** [B, heads, T, D] as [B, T, heads · D]. */
export function mergeHeads(b: OpBuilder, x: Value): Value {
  const [batch, heads, rows, depth] = x.dims as [number, number, number, number];
  return b.reshape(b.transpose(x, [0, 2, 1, 3]), [batch, rows, heads * depth]);
}

/** ONNX's number of a dtype as a dtype. @throws RangeError if it is no float */
export function floatTypeOf(code: number): DataType {
  for (const [name, { code: c }] of Object.entries(dataTypes))
    if (c === code && isFloat(name as DataType)) return name as DataType; // keys of dataTypes are dtypes
  throw new RangeError(`data type ${code} is no float type`);
}
