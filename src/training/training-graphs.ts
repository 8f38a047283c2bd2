import { ConfigError, HoldfastError, messageOf } from "../errors.ts";
import type { Model } from "../onnx/model.ts";
import { widening } from "../tensor/half-tensor.ts";
import { type Shape, shapesEqual } from "../tensor/shape.ts";
import { buildTrainingGraph, type TrainingGraph, type TrainingGraphOptions } from "./training-graph.ts";

/** Shapes of the inputs of one kind of batch, by input name. */
export type BatchShapes = ReadonlyMap<string, Shape>;

export interface TrainingGraphsOptions extends Omit<TrainingGraphOptions, "inputShapes"> {
  /** The shapes that batches come in; the first is the main one. */
  readonly shapes: readonly BatchShapes[];
  /** Told before each graph is built. */
  readonly onGraph?: (shapes: BatchShapes) => void;
}

/** The graphs of all shapes; the main one comes first. */
export type TrainingGraphs = readonly [main: TrainingGraph, ...others: TrainingGraph[]];

/** Bytes of frozen weights that the graphs of all shapes may store together; beyond them they are fed, and lie in memory once. */
const LARGEST_STORED_BYTES = 2 ** 30;

/**
 * A training graph for each of several shapes of batches, over the same parameters: whichever runs, it reads and writes
 * the same memory.
 *
 * @returns one graph per shape, in their order
 * @throws ConfigError if a shape other than the first cannot be built, or its graph trains other parameters
 */
export async function buildTrainingGraphs(
  model: Model,
  { shapes, onGraph, ...options }: TrainingGraphsOptions,
): Promise<TrainingGraphs> {
  const largestStored = options.largestStored ?? LARGEST_STORED_BYTES / shapes.length;
  const widen = options.widen ?? widening();
  const graphs: TrainingGraph[] = [];
  for (const inputShapes of shapes) {
    onGraph?.(inputShapes);
    const [main] = graphs;
    try {
      const graph = await buildTrainingGraph(model, { ...options, inputShapes, largestStored, widen });
      if (main) checkSameParameters(main, graph);
      graphs.push(graph);
    } catch (error) {
      if (!main || !(error instanceof HoldfastError)) throw error;
      throw new ConfigError(
        `the model trains on batches of ${shapeText(shapes[0]!)}, but not of ${shapeText(inputShapes)}: ${messageOf(error)}\n` +
          "Give all batches one shape, for texts by --preprocess.buckets 1.",
        { cause: error },
      );
    }
  }
  const [main, ...others] = graphs;
  if (!main) throw new ConfigError("internal: there is no shape to build a training graph for");
  return [main, ...others];
}

/** Everything that the optimizer knows of a parameter must be the same in every graph. */
function checkSameParameters(main: TrainingGraph, other: TrainingGraph): void {
  const isSame =
    main.parameters.length === other.parameters.length &&
    main.parameters.every((p, i) => {
      const o = other.parameters[i]!; // as many as the main graph has
      return p.name === o.name && p.source === o.source && shapesEqual(p.type.dims, o.type.dims);
    });
  if (isSame) return;
  const names = other.parameters.map((p) => p.name);
  const missing = main.parameters.map((p) => p.name).filter((name) => !names.includes(name));
  throw new ConfigError(
    `the loss depends on ${names.length} weights then, not on ${main.parameters.length}; without ${missing.slice(0, 5).join(", ") || "any of these"}`,
  );
}

function shapeText(shapes: BatchShapes): string {
  const [name, dims = []] = [...shapes][0] ?? [];
  return `"${name}" [${dims.join(", ")}]`;
}
