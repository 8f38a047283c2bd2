import { vjp } from "../../autodiff/vjp.ts";
import type { Model } from "../../onnx/model.ts";
import { prune } from "../../onnx/prune.ts";
import type { Value } from "../../onnx/value.ts";
import type { Lowered } from "../../passes/lower.ts";
import { putSinksLast } from "../../passes/sinks-last.ts";
import { byteLengthOf } from "../../tensor/data-type.ts";
import { type Shape, sizeOf } from "../../tensor/shape.ts";
import { touchedInArena } from "./arena.ts";
import { planBuffers } from "./buffer-plan.ts";

/**
 * Resident bytes of a process that trains, by what they are for. The parts follow from the graph; four constants were
 * measured once (onnxruntime-node 1.30, Node 20, Linux x64), and `bench/memory.mjs` compares the sum with real processes.
 */
export interface MemoryEstimate {
  readonly inputShapes: Readonly<Record<string, Shape>>;
  /** Node, ONNX Runtime, and the objects of the graphs. */
  readonly process: number;
  /** The model as it was read, and weights that are not trained, in the graphs and in the sessions. */
  readonly model: number;
  /** Weights, gradients, two moments and anchors. */
  readonly parameters: number;
  /** Copies of the weights: the best ones so far, and those that onnxruntime-node makes of gradients. */
  readonly copies: number;
  /** What ONNX Runtime takes for values that are alive together in a step, and for constants that it computes. */
  readonly activations: number;
  /** All of it. */
  readonly total: number;
}

/** Resident bytes of a process that trained a model of no size: Node 60 MiB, our code, ONNX Runtime and its first sessions. */
const PROCESS_BYTES = 108 * 2 ** 20;
/** Of the objects that building a graph leaves on the heap, per node of the training graph. */
const BYTES_PER_NODE = 21_000;
/** Weights, gradients, Adam's two moments, anchors. */
const ARRAYS = 5;
/**
 * onnxruntime-node copies every output into a fresh array, and the garbage collector comes by after one or two steps: of
 * the gradients 1.7 copies on average. One more holds the best weights so far.
 */
const COPIES = 1 + 1.7;
/** Frozen weights lie in the bytes of the training and the evaluation model and in both sessions. */
const FROZEN_COPIES = 4;
/** Scratch memory of kernels, and what ONNX Runtime's own rewriting of the graph changes in the order of nodes. */
const WORKSPACE = 1.08;

/**
 * What a process takes that trains the parameters of a lowered graph, with Adam and anchors. Appends the gradients of
 * `output` to the graph, so it is of no other use afterwards.
 *
 * @throws UnsupportedOpError if an operator on the way has no gradient
 */
export function estimateMemory(
  model: Model,
  lowered: Lowered,
  output: Value,
  inputShapes: ReadonlyMap<string, Shape>,
): MemoryEstimate {
  const { graph, b } = lowered;
  const wrt = [...lowered.parameters.values()];
  // Any cotangent of the output's type does; the output itself is one.
  const cotangents = vjp(b, { seeds: new Map([[output, output]]), wrt });
  const gradients = [...cotangents.values()].filter((v) => v !== null);
  graph.outputs = [...new Set([output, ...gradients])];
  prune(graph);
  putSinksLast(graph);
  const { kept, buffers } = planBuffers(graph, new Set([...gradients, ...wrt]));
  const elements = wrt.reduce((sum, v) => sum + sizeOf(v.dims), 0);
  const parts = {
    process: PROCESS_BYTES + BYTES_PER_NODE * graph.nodes.length,
    model: storedBytes(model) + FROZEN_COPIES * bytesOfAll(graph.initializers),
    parameters: ARRAYS * 4 * elements,
    copies: Math.round(COPIES * 4 * elements),
    activations: Math.round(WORKSPACE * (kept + touchedInArena(buffers))),
  };
  const total = Object.values(parts).reduce((sum, bytes) => sum + bytes, 0);
  return { inputShapes: Object.fromEntries(inputShapes), ...parts, total };
}

function storedBytes({ graph }: Model): number {
  const constants = graph.nodes.flatMap((n) =>
    n.opType === "Constant" ? n.outputs.filter((v) => v !== null) : [],
  );
  return bytesOfAll([...graph.initializers, ...constants]);
}

function bytesOfAll(values: readonly Value[]): number {
  return values.reduce((sum, { constant: t }) => sum + (t ? byteLengthOf(t.dtype, sizeOf(t.dims)) : 0), 0);
}
