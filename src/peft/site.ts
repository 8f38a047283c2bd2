import type { Model } from "../onnx/model.ts";
import type { Node } from "../onnx/node.ts";
import type { Value } from "../onnx/value.ts";
import { type DataType, isFloat } from "../tensor/data-type.ts";
import type { Shape } from "../tensor/shape.ts";
import { type ModuleName, moduleNameOf } from "./module-name.ts";

export type SiteKind = "linear" | "conv" | "embedding";

/** One node that computes with a site's weight. A layer that a model uses several times has several. */
export interface SiteUse {
  readonly node: Node;
  /** Which input of the node is multiplied with the weight; the indices, for an embedding. */
  readonly input: number;
  /** Gemm's transA: the input is [in, rows]. */
  readonly isInputTransposed: boolean;
  /** Gemm's alpha: factor on the product. */
  readonly alpha: number;
  /** Gemm's beta and the bias that it multiplies, which is in the node's output already. */
  readonly ownBias: { readonly value: Value; readonly beta: number } | null;
}

/** A layer of the model that an adapter can sit on: a stored weight, and the nodes that compute with it. */
export interface Site {
  readonly kind: SiteKind;
  readonly module: string;
  readonly namedBy: ModuleName["by"];
  /** The stored weight, in whatever type. */
  readonly weight: Value;
  /** Shape as PyTorch has it: [out, in], [out, in / groups, kernel …], or [count, width] of an embedding. */
  readonly shape: Shape;
  /** Whether the file holds the transpose, [in, out]. */
  readonly isTransposed: boolean;
  /** What the layer computes in. */
  readonly dtype: DataType;
  /** Whether the weight is stored in integers with scales. */
  readonly isQuantized: boolean;
  readonly uses: readonly SiteUse[];
  /** Why no adapter can sit here; null if one can. */
  readonly refusal: string | null;
}

/** What a weight goes through before it is multiplied. */
const UNPACKING: ReadonlySet<string> = new Set(["Identity", "Cast", "Transpose", "DequantizeLinear"]);

/**
 * The layers of a model's graph (not of its functions and subgraphs) that adapters can sit on, in the order in which
 * they are computed: MatMul, Gemm, MatMulNBits and Conv on a stored weight, and Gather on a stored table.
 *
 * @param isWeight tells weights from constants, for stored float tensors
 */
export function findSites(model: Model, isWeight: (value: Value) => boolean): Site[] {
  const found = new Map<Value, Found[]>();
  for (const node of model.graph.nodes) {
    const site = siteOf(node);
    if (site === null || !(site.isQuantized || isWeight(site.weight))) continue;
    const others = found.get(site.weight);
    if (others) others.push(site);
    else found.set(site.weight, [site]);
  }
  const taken = new Set<string>();
  return [...found.values()].map((same) => {
    const [first, ...others] = same as [Found, ...Found[]]; // a list is made with its first entry
    const name = moduleNameOf(first.use.node, first.weight.name);
    // Two products in one scope: the second bears its tensor's name.
    const isFree = !taken.has(name.path);
    const module = isFree ? name.path : first.weight.name;
    taken.add(module);
    const { use, ...facts } = first;
    return {
      ...facts,
      module,
      namedBy: isFree ? name.by : "file",
      uses: same.map((s) => s.use),
      refusal: refusalOf(first, others),
    };
  });
}

type Found = Omit<Site, "module" | "namedBy" | "uses" | "refusal"> & { readonly use: SiteUse };

function siteOf(node: Node): Found | null {
  if (node.domain === "com.microsoft" && node.opType === "MatMulNBits") return quantizedSite(node);
  if (node.domain !== "") return null;
  const [first, second] = node.inputs;
  if (!first || !second) return null;
  const plain = { node, input: 0, isInputTransposed: false, alpha: 1, ownBias: null };
  switch (node.opType) {
    case "MatMul": {
      const stored = unpack(second);
      return stored && matrixSite(stored, false, plain);
    }
    case "Gemm": {
      const stored = unpack(second);
      const bias = node.inputs[2] ?? null;
      return (
        stored &&
        matrixSite(stored, node.int("transB", 0) !== 0, {
          node,
          input: 0,
          isInputTransposed: node.int("transA", 0) !== 0,
          alpha: node.float("alpha", 1),
          ownBias: bias && { value: bias, beta: node.float("beta", 1) },
        })
      );
    }
    case "Conv": {
      const stored = unpack(second);
      if (!stored || stored.flips || stored.dims.length < 3) return null;
      const bias = node.inputs[2] ?? null;
      return {
        ...describe(stored),
        kind: "conv",
        shape: stored.dims,
        isTransposed: false,
        use: { ...plain, ownBias: bias && { value: bias, beta: 1 } },
      };
    }
    case "Gather": {
      const stored = node.int("axis", 0) === 0 ? unpack(first) : null;
      if (!stored || stored.flips || stored.dims.length !== 2 || !isFloat(stored.dtype)) return null;
      return {
        ...describe(stored),
        kind: "embedding",
        shape: stored.dims,
        isTransposed: false,
        use: { ...plain, input: 1 },
      };
    }
    default:
      return null;
  }
}

interface Stored {
  readonly weight: Value;
  readonly dims: Shape;
  readonly dtype: DataType;
  readonly flips: boolean;
  readonly isQuantized: boolean;
}

const describe = ({ weight, dtype, isQuantized }: Stored) => ({ weight, dtype, isQuantized });

/** @param isOutIn whether the node takes its second input as [out, in] */
function matrixSite(stored: Stored, isOutIn: boolean, use: SiteUse): Found | null {
  const [a, c] = stored.dims;
  if (stored.dims.length !== 2 || a === undefined || c === undefined) return null;
  const isTransposed = isOutIn === stored.flips;
  return {
    ...describe(stored),
    kind: "linear",
    shape: isTransposed ? [c, a] : [a, c],
    isTransposed,
    use,
  };
}

function quantizedSite(node: Node): Found | null {
  const [input, weight, scales] = node.inputs;
  if (!input || !weight || !scales) return null;
  const bias = node.inputs[5] ?? null;
  return {
    kind: "linear",
    weight,
    shape: [node.int("N"), node.int("K")],
    isTransposed: false,
    dtype: scales.constant?.dtype === "float16" ? "float16" : "float32",
    isQuantized: true,
    use: { node, input: 0, isInputTransposed: false, alpha: 1, ownBias: bias && { value: bias, beta: 1 } },
  };
}

/** The stored tensor behind an operand; null if it depends on data. */
function unpack(operand: Value): Stored | null {
  let value = operand;
  let flips = false;
  let isQuantized = false;
  let dtype: DataType | null = null;
  for (;;) {
    const stored = storedTensor(value);
    if (stored) return { weight: value, dims: stored.dims, dtype: dtype ?? stored.dtype, flips, isQuantized };
    const node = value.producer;
    const input = node?.inputs[0];
    if (!node || !input || node.domain !== "" || !UNPACKING.has(node.opType)) return null;
    if (node.opType === "Transpose") {
      const perm = node.has("perm") ? node.ints("perm") : [1, 0];
      if (perm.length !== 2) return null;
      if (perm[0] === 1) flips = !flips;
    }
    if (node.opType === "DequantizeLinear") {
      isQuantized = true;
      const scale = node.inputs[1];
      dtype ??= (scale && storedTensor(scale)?.dtype) ?? "float32";
    }
    // The last Cast on the way decides, and it is met first.
    if (node.opType === "Cast") dtype ??= CAST_TARGETS.get(node.int("to")) ?? null;
    value = input;
  }
}

/** ONNX's codes of the types that a product can be computed in. */
const CAST_TARGETS: ReadonlyMap<number, DataType> = new Map([
  [1, "float32"],
  [10, "float16"],
  [11, "float64"],
  [16, "bfloat16"],
]);

/** The elements of an initializer, or of a Constant node's output. */
function storedTensor(value: Value): Value["constant"] {
  if (value.constant !== null) return value.constant;
  const attribute =
    value.producer?.opType === "Constant" ? value.producer.attributes.get("value") : undefined;
  return attribute?.kind === "tensor" ? attribute.value : null;
}

function refusalOf(first: Found, others: readonly Found[]): string | null {
  const uses = new Set([first, ...others].map((s) => s.use.node));
  const stranger = readersOf(first.weight).find((node) => !uses.has(node));
  if (stranger) return `its weight is read by ${stranger.describe()} too`;
  const other = others.find((s) => s.kind !== first.kind || s.isTransposed !== first.isTransposed);
  if (other)
    return `its weight serves ${first.use.node.describe()} and ${other.use.node.describe()} in two ways (tied weights)`;
  if (first.dtype === "float64") return "it computes in float64";
  if (first.kind === "conv" && first.use.node.int("group", 1) !== 1) return "its channels are in groups";
  return null;
}

/** The nodes that compute with a weight, seen through those that unpack it. */
function readersOf(weight: Value): Node[] {
  return [...weight.uses].flatMap(({ node, index }) => {
    if (node.domain !== "" || !UNPACKING.has(node.opType) || index !== 0) return [node];
    return node.outputs.flatMap((v) => (v === null ? [] : readersOf(v)));
  });
}
