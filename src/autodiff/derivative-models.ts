import { ConfigError } from "../errors.ts";
import type { Model } from "../onnx/model.ts";
import type { Value } from "../onnx/value.ts";
import { isFloat } from "../tensor/data-type.ts";
import { sizeOf } from "../tensor/shape.ts";
import { DerivativeGraph, type GraphOptions } from "./derivative-graph.ts";
import { hessianVectorProduct } from "./hessian.ts";
import { jvp } from "./jvp.ts";
import type { LossOptions } from "./losses/loss.ts";
import { appendLoss, type LossName } from "./losses/registry.ts";
import { vjp } from "./vjp.ts";

export interface GradientOptions extends GraphOptions {
  /** Name of the model output to differentiate, or that the loss reads. */
  readonly output: string;
  /** A loss on the output; adds the input `targets`. Without one, the output itself is differentiated. */
  readonly loss?: LossName;
  readonly lossOptions?: LossOptions;
}

export interface JvpModelOptions extends GraphOptions {
  /** Names of the outputs whose tangents are asked for; all float outputs if left out. */
  readonly outputs?: readonly string[];
}

/**
 * A model that computes gradients, as plain ONNX.
 *
 * Inputs: the model's own; `targets` (int64 or float32, see `losses`) with a loss; `<output>_cotangent`, of the output's type,
 * if there is no loss and the output has more than one element: the gradient is that of ⟨cotangent, output⟩.
 * Outputs: `loss` or the output; `<name>_grad` for each of `wrt`, of its type, zero where nothing depends on it.
 *
 * @throws ConfigError if a name is unknown
 * @throws UnsupportedOpError if an operator is unknown, or lies between `wrt` and the output and has no gradient
 */
export async function gradientModel(model: Model, options: GradientOptions): Promise<Model> {
  const derivative = await DerivativeGraph.of(model, options);
  const { value, name, gradients } = differentiate(derivative, options, (output) =>
    derivative.addInput(`${options.output}_cotangent`, output),
  );
  derivative.give(name, value, value);
  giveEach(derivative, "grad", gradients);
  return derivative.model();
}

/**
 * A model that computes products of the Hessian of a loss, or of an output with one element, with vectors.
 *
 * Inputs: those of `gradientModel`, and `<name>_tangent` for each of `wrt`, of its type: the vector in parts.
 * Outputs: those of `gradientModel`, and `<name>_hvp` for each of `wrt`: the product in parts.
 *
 * @throws ConfigError if a name is unknown, or there is no loss and the output has more than one element
 * @throws UnsupportedOpError as `gradientModel`
 */
export async function hessianVectorModel(model: Model, options: GradientOptions): Promise<Model> {
  const derivative = await DerivativeGraph.of(model, options);
  const { value, name, gradients } = differentiate(derivative, options, (output) => {
    throw new ConfigError(
      `a Hessian is that of one number, and output "${options.output}" has shape [${output.dims}]; give a loss on it`,
    );
  });
  const products = hessianVectorProduct(derivative.lowered.b, gradients, derivative.addTangents());
  derivative.give(name, value, value);
  giveEach(derivative, "grad", gradients);
  giveEach(derivative, "hvp", products);
  return derivative.model();
}

/**
 * A model that computes Jacobian–vector products: how outputs move when inputs and weights move in given directions.
 *
 * Inputs: the model's own, and `<name>_tangent` for each of `wrt`, of its type.
 * Outputs: each of `outputs`, and `<output>_tangent`, of its type, zero where nothing depends on `wrt`.
 *
 * @throws ConfigError if a name is unknown
 * @throws UnsupportedOpError as `gradientModel`
 */
export async function jvpModel(model: Model, options: JvpModelOptions): Promise<Model> {
  const derivative = await DerivativeGraph.of(model, options);
  const { b, outputs: all } = derivative.lowered;
  const floats = [...all].filter(([, v]) => isFloat(v.dtype)).map(([name]) => name);
  const outputs = new Map((options.outputs ?? floats).map((name) => [name, derivative.output(name)]));
  const pushed = jvp(b, { outputs: [...outputs.values()], tangents: derivative.addTangents() });
  for (const [name, y] of outputs) {
    derivative.give(name, y, y);
    derivative.give(`${name}_tangent`, pushed.get(y) ?? null, y);
  }
  return derivative.model();
}

interface Differentiated {
  readonly name: string;
  readonly value: Value;
  readonly gradients: ReadonlyMap<Value, Value | null>;
}

/** `cotangentOf` is asked for the cotangent of an output with several elements. */
function differentiate(
  derivative: DerivativeGraph,
  options: GradientOptions,
  cotangentOf: (output: Value) => Value,
): Differentiated {
  const { b } = derivative.lowered;
  const output = derivative.output(options.output);
  const wrt = [...derivative.wrt.values()];
  if (options.loss !== undefined) {
    const { loss, gradient } = appendLoss(b, output, options.loss, options.lossOptions ?? {});
    const gradients = vjp(b, { seeds: [[output, gradient()]], wrt });
    return { name: "loss", value: loss, gradients };
  }
  const ct = sizeOf(output.dims) === 1 ? b.full(output.dims, 1, output.dtype) : cotangentOf(output);
  return { name: options.output, value: output, gradients: vjp(b, { seeds: [[output, ct]], wrt }) };
}

function giveEach(
  derivative: DerivativeGraph,
  suffix: string,
  results: ReadonlyMap<Value, Value | null>,
): void {
  for (const [name, x] of derivative.wrt) derivative.give(`${name}_${suffix}`, results.get(x) ?? null, x);
}
