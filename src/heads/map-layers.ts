import type { Value } from "../onnx/value.ts";
import type { Random } from "../tensor/random.ts";
import { int64s, tensor } from "../tensor/tensor.ts";
import type { GraphEnd } from "./graph-end.ts";
import { resizeMap } from "./resize-map.ts";

/** How a head for every place of a map is made: a layer on each place, one that sees its neighbours, or a decoder. */
export type MapHead = "linear" | "fcn" | "decoder";

/** Channels between the layers of a head that has some, where nobody says how many. */
const UNITS = 64;

/** An earlier map of finer places, float32 [B, D, h, w]. */
export interface Skip {
  readonly value: Value;
  /** D. */
  readonly width: number;
}

export interface MapLayers {
  readonly kind: MapHead;
  /** D of the feature. */
  readonly width: number;
  readonly units?: number;
  /** What a decoder adds the enlarged feature to. */
  readonly skip?: Skip;
  readonly random: Random;
}

/** What the last layer of a head reads. */
export interface MapFeature {
  readonly x: Value;
  readonly width: number;
  readonly parameters: readonly Value[];
}

/**
 * Appends what stands before the last layer of a head on a map.
 *
 *     fcn       relu(conv3×3(x)), as the heads of fully convolutional networks
 *     decoder   relu(conv3×3(resize(relu(conv1×1(x))) + conv1×1(skip))), at the skip's size; Lin et al., "Feature pyramid
 *               networks", 2017, and of Xiao et al., "Unified perceptual parsing", 2018, one step
 */
export function mapLayers(end: GraphEnd, x: Value, layers: MapLayers): MapFeature {
  const { kind, width, units = UNITS, skip } = layers;
  if (kind === "linear") return { x, width, parameters: [] };
  const parameters: Value[] = [];
  const convolved = (from: Value, channels: number, size: 1 | 3, name: string): Value => {
    const bound = 1 / Math.sqrt(channels * size * size);
    const weights = Float32Array.from(
      { length: units * channels * size * size },
      () => bound * (2 * layers.random.next() - 1),
    );
    const weight = end.store(tensor("float32", [units, channels, size, size], weights), `${name}.weight`);
    const bias = end.store(tensor("float32", [units], new Float32Array(units)), `${name}.bias`);
    parameters.push(weight, bias);
    const pads = size === 1 ? {} : { pads: [1, 1, 1, 1] };
    return end.append("Conv", [from, weight, bias], name, pads);
  };
  const relu = (from: Value) => end.append("Relu", [from], "head_relu");
  if (kind === "fcn") return { x: relu(convolved(x, width, 3, "head.fcn")), width: units, parameters };
  const coarse = relu(convolved(x, width, 1, "head.reduce"));
  const merged = skip
    ? end.append(
        "Add",
        [enlarged(end, coarse, skip.value), convolved(skip.value, skip.width, 1, "head.skip")],
        "head_merge",
      )
    : coarse;
  return { x: relu(convolved(merged, units, 3, "head.merge")), width: units, parameters };
}

function enlarged(end: GraphEnd, x: Value, skip: Value): Value {
  const shape = end.append("Shape", [skip], "head_size");
  const size = end.append(
    "Slice",
    [shape, end.store(int64s([2]), "head.from"), end.store(int64s([4]), "head.to")],
    "head_size",
  );
  return resizeMap(end, x, size, "head_enlarge");
}

/** How tokens [B, T, D] lie on an image: as many at the beginning are no patches, the others are rows of a grid. */
export interface TokenGrid {
  readonly extra: number;
  readonly height: number;
  readonly width: number;
}

/** Tokens that stand before the patches: none, a class token, a second one (DeiT), or registers (DINOv2 with four). */
const EXTRA: readonly number[] = [0, 1, 2, 5];

/** The grid of the patches among so many tokens of an image of some proportion; null if there is none. */
export function tokenGrid(tokens: number, [height = 1, width = 1]: readonly number[]): TokenGrid | null {
  for (const extra of EXTRA) {
    const rows = Math.sqrt(((tokens - extra) * height) / width);
    const columns = (rows * width) / height;
    if (rows >= 1 && Number.isInteger(rows) && Number.isInteger(columns))
      return { extra, height: rows, width: columns };
  }
  return null;
}

/** Appends the change of tokens [B, T, D] to a map [B, D, h, w]. */
export function tokensToMap(
  end: GraphEnd,
  tokens: Value,
  { extra, height, width }: TokenGrid,
  channels: number,
): Value {
  const ints = (values: readonly number[], name: string) => end.store(int64s(values), name);
  const patches =
    extra === 0
      ? tokens
      : end.append(
          "Slice",
          [
            tokens,
            ints([extra], "head.from"),
            ints([extra + height * width], "head.to"),
            ints([1], "head.axis"),
          ],
          "head_patches",
        );
  const channelsFirst = end.append("Transpose", [patches], "head_channels", { perm: [0, 2, 1] });
  return end.append("Reshape", [channelsFirst, ints([0, channels, height, width], "head.grid")], "head_grid");
}
