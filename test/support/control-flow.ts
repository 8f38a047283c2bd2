import { allProblems } from "../../src/errors.ts";
import type { Model } from "../../src/onnx/model.ts";
import type { DeclaredType } from "../../src/onnx/type.ts";
import { type Lowered, lower } from "../../src/passes/lower.ts";
import { createRandom } from "../../src/tensor/random.ts";
import { sizeOf } from "../../src/tensor/shape.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { createEvaluator } from "../../src/training/constant-evaluator.ts";
import { checkModel, testRuntime } from "./gradient-check.ts";

/** Seeded by its size: float64 in −1 … 1. */
export function doubles(...dims: number[]): Tensor {
  const random = createRandom(sizeOf(dims));
  return tensor(
    "float64",
    dims,
    Float64Array.from({ length: sizeOf(dims) }, () => 2 * random.next() - 1),
  );
}

/** A tensor's type, as a graph declares it. */
export const type = (t: Tensor): DeclaredType => ({ dtype: t.dtype, dims: t.dims });
/** Values and derivatives of a model against ONNX Runtime and finite differences in float64. */
export const check = (model: Model, feeds: Readonly<Record<string, Tensor>>): Promise<void> =>
  checkModel(model, { title: "model", feeds: new Map(Object.entries(feeds)), tolerance: 1e-6, step: 1e-5 });

/** A model lowered for the shapes of its inputs. @throws all that keeps an output from being computed */
export async function lowering(model: Model, feeds: Readonly<Record<string, Tensor>>): Promise<Lowered> {
  const lowered = await lower(model, {
    inputShapes: new Map(Object.entries(feeds).map(([name, t]) => [name, t.dims])),
    parameters: [],
    evaluate: createEvaluator(await testRuntime()),
  });
  for (const output of model.graph.outputs) {
    const refused = lowered.refused.get(output);
    if (refused) throw allProblems(refused);
  }
  return lowered;
}
