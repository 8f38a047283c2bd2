import { ConfigError } from "../errors.ts";
import type { Model } from "../onnx/model.ts";
import type { Dim, TensorType } from "../onnx/type.ts";
import type { Value } from "../onnx/value.ts";
import { createRandom } from "../tensor/random.ts";
import { formatShape } from "../tensor/shape.ts";
import { tensor } from "../tensor/tensor.ts";
import { type GraphEnd, openEnd } from "./graph-end.ts";
import { type Activation, activate, linear } from "./layers.ts";
import { type MapHead, mapLayers, type Skip, tokenGrid, tokensToMap } from "./map-layers.ts";
import { type Pooling, pool } from "./pooling.ts";

/** What a head answers for: each example, each position of a sequence, or each place of a map. */
export type HeadForm = "vector" | "positions" | "map";

/** How logits of a form lie: their rank with the batch axis, and the axis of the answers. */
export const headForms: Readonly<Record<HeadForm, { readonly rank: number; readonly axis: number }>> = {
  vector: { rank: 2, axis: 1 },
  positions: { rank: 3, axis: 2 },
  map: { rank: 4, axis: 1 },
};

/** A layer between the feature and the answers. */
export interface HiddenLayer {
  readonly units: number;
  readonly activation: Activation;
}

/** What the numbers that a head shall give are like, for each of them. */
export interface OutputScale {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

export interface NewHeadOptions {
  /** `vector` if left out. */
  readonly form?: HeadForm;
  /** What the head reads: [B, D], [B, T, D] (a sequence) or [B, D, H, W, …] (a map). The head is float32 whatever this is. */
  readonly feature: Value;
  /** Its type for concrete input shapes. */
  readonly type: TensorType;
  /** Answers for each of what the form says. */
  readonly classes: number;
  /** How `vector` comes by one vector; the other forms pool nothing. */
  readonly pooling: Pooling;
  /** The head is linear if left out. */
  readonly hidden?: HiddenLayer;
  /** What `vector` gives is multiplied by the deviation, and the mean added, so that its weights need not grow to the scale of the numbers. */
  readonly scale?: OutputScale;
  /** `map`: what stands before the last layer; one layer alone if left out. */
  readonly layers?: { readonly kind: MapHead; readonly units?: number; readonly skip?: Skip };
  /** `map`: height and width of the image that tokens [B, T, D] are patches of; they make no map if left out. */
  readonly area?: readonly number[];
  /** Integer [B, T], 1 where a position of a sequence counts and 0 where it is padding; every position counts if left out. */
  readonly mask?: Value;
  readonly seed: number;
}

export interface NewHead {
  /** The model's only output now: float32 [B, classes], [B, T, classes] or [B, classes, h, w]. */
  readonly logits: Value;
  /** Weight and bias of each layer, the last of which gives the logits. */
  readonly parameters: readonly Value[];
  /** How the feature was pooled, in words. */
  readonly pooled: string;
}

/**
 * Replaces the model's outputs by a new head on a value of the graph: linear, or with a hidden layer. What only the old
 * outputs needed is taken out.
 *
 * @throws ModelError if the feature is not of a rank that can be pooled to one vector
 * @throws ConfigError if it is not of the rank that the form needs
 */
export function putNewHead(model: Model, options: NewHeadOptions): NewHead {
  const { form = "vector", feature, type, classes, hidden, mask, seed } = options;
  const { rank } = headForms[form];
  const grid = form === "map" && type.dims.length === 3 ? tokenGrid(type.dims[1]!, options.area ?? []) : null; // of rank 3
  if (form !== "vector" && type.dims.length !== rank && grid === null) {
    const wanted = form === "map" ? "a map [B, D, h, w]" : "a sequence [B, T, D]";
    throw new ConfigError(
      `a head for every ${form === "map" ? "place" : "position"} needs ${wanted}; "${feature.name}" has shape ${formatShape(type.dims)}. Name another value with --head.from.`,
    );
  }
  const batch = model.graph.inputs[0]?.declared?.dims?.[0] ?? "batch";
  const skip = options.layers?.skip;
  const end = openEnd(model, { ...options, ...(skip ? { kept: [skip.value] } : {}) });
  const read = readerOf(end, form, options);
  const random = createRandom(seed);
  const parameters: Value[] = [];
  let { x, width } = read;
  if (form === "map") {
    if (grid) x = tokensToMap(end, x, grid, width);
    const made = mapLayers(end, x, { kind: "linear", ...options.layers, width, random });
    parameters.push(...made.parameters);
    ({ x, width } = made);
  }
  if (hidden) {
    const layer = linear(end, x, { form, width, units: hidden.units, name: "head.hidden", random });
    parameters.push(...layer.parameters);
    x = activate(end, layer.y, hidden.activation);
    width = hidden.units;
  }
  const last = linear(end, x, { form, width, units: classes, name: "head", random });
  const free = (axis: number): Dim => feature.declared?.dims?.[axis] ?? null;
  const places = grid ? [grid.height, grid.width] : skip ? [null, null] : [free(2), free(3)];
  const declared: Record<HeadForm, readonly Dim[]> = {
    vector: [batch, classes],
    positions: [batch, free(1) ?? mask?.declared?.dims?.[1] ?? null, classes],
    map: [batch, classes, ...places],
  };
  const logits = options.scale ? scaled(end, last.y, options.scale) : last.y;
  end.finish(logits, "logits", declared[form]);
  return { logits, parameters: [...parameters, ...last.parameters], pooled: read.pooled };
}

function readerOf(
  end: GraphEnd,
  form: HeadForm,
  options: NewHeadOptions,
): { readonly x: Value; readonly width: number; readonly pooled: string } {
  if (form === "vector") {
    const { vector, width, pooled } = pool(end, options);
    return { x: vector, width, pooled };
  }
  const { dims } = options.type;
  if (form === "map" && dims.length === 3)
    return { x: end.feature, width: dims[2]!, pooled: `none, ${dims[1]} tokens laid on a grid` }; // the rank was checked
  return form === "positions"
    ? { x: end.feature, width: dims[2]!, pooled: `none, each of ${dims[1]} positions` } // the rank was checked
    : { x: end.feature, width: dims[1]!, pooled: `none, each of ${dims.slice(2).join("×")} places` };
}

/** y · deviation + mean; a single number's are scalars, which nothing takes for weights. */
function scaled(end: GraphEnd, y: Value, { mean, deviation }: OutputScale): Value {
  const stored = (values: readonly number[], name: string) =>
    end.store(tensor("float32", values.length === 1 ? [] : [values.length], Float32Array.from(values)), name);
  const wide = end.append("Mul", [y, stored(deviation, "head.deviation")], "head_scaled");
  return end.append("Add", [wide, stored(mean, "head.mean")], "head_scaled");
}
