import { UnsupportedOpError } from "../errors.ts";
import type { Model } from "../onnx/model.ts";
import type { Value } from "../onnx/value.ts";
import { lower } from "../passes/lower.ts";
import { drawNetwork, type PictureDepth } from "../picture/picture.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Shape } from "../tensor/shape.ts";
import { createEvaluator } from "./constant-evaluator.ts";

export interface DrawOptions {
  readonly title: string;
  readonly depth?: PictureDepth;
  readonly runtime: Runtime;
  /** Concrete input shapes, so that the shape of every value is known; left out, those of the file are drawn. */
  readonly inputShapes?: ReadonlyMap<string, Shape>;
}

/** A picture of a model's network as SVG, with the shapes that values have for some inputs. */
export async function drawModel(model: Model, options: DrawOptions): Promise<string> {
  const { title, depth, runtime, inputShapes } = options;
  const known = inputShapes ? await valuesFor(model, runtime, inputShapes) : new Map<Value, Value>();
  return drawNetwork(model, {
    title,
    ...(depth ? { depth } : {}),
    dimsOf: (value) => {
      const lowered = known.get(value);
      return lowered?.isTyped ? lowered.dims : (value.declared?.dims ?? null);
    },
  });
}

/** What each value becomes for some input shapes; nothing for a model that cannot be lowered, which can still be drawn. */
async function valuesFor(
  model: Model,
  runtime: Runtime,
  inputShapes: ReadonlyMap<string, Shape>,
): Promise<ReadonlyMap<Value, Value>> {
  try {
    return (await lower(model, { inputShapes, parameters: [], evaluate: createEvaluator(runtime) })).valueOf;
  } catch (error) {
    if (error instanceof UnsupportedOpError) return new Map();
    throw error;
  }
}
