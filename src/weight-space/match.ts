import { ModelError } from "../errors.ts";
import type { Model } from "../onnx/model.ts";
import type { Value } from "../onnx/value.ts";
import { storedConstants } from "../passes/parameters.ts";
import { isFloat } from "../tensor/data-type.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** A model and what messages call it. */
export interface NamedModel {
  readonly name: string;
  readonly model: Model;
}

/** One weight of several models, in their order: where each stores it, and what it held when they were matched. */
export interface MatchedWeight {
  readonly name: string;
  readonly values: readonly Value[];
  readonly tensors: readonly Tensor[];
}

export interface Matched {
  /** Float tensors: what may be averaged. */
  readonly weights: readonly MatchedWeight[];
  /** Names of stored tensors of other types (counters, indices) that are not the same in all models. */
  readonly differing: readonly string[];
}

/**
 * Pairs the stored tensors of models of one architecture by name, those of the bodies of branches and loops too.
 *
 * @throws ModelError that lists the weights which some model lacks or has in another shape or type: a head of other
 *   classes, for example
 */
export function matchWeights(models: readonly NamedModel[]): Matched {
  const stored = models.map(({ model }) => storedByName(model));
  const [first, ...others] = stored;
  if (!first || others.length === 0) throw new ModelError("weights are matched between two models or more");
  const problems: string[] = [];
  for (const [i, other] of others.entries()) {
    const name = models[i + 1]!.name; // as many as `stored`
    for (const key of other.keys())
      if (!first.has(key)) problems.push(`${models[0]!.name} lacks "${key}", which ${name} has`);
  }
  const weights: MatchedWeight[] = [];
  const differing: string[] = [];
  for (const [key, value] of first) {
    const values = [value];
    for (const [i, other] of others.entries()) {
      const found = other.get(key);
      const name = models[i + 1]!.name;
      if (!found) problems.push(`${name} lacks "${key}", which ${models[0]!.name} has`);
      else if (typeOf(found) !== typeOf(value))
        problems.push(`"${key}" is ${typeOf(value)} in ${models[0]!.name} and ${typeOf(found)} in ${name}`);
      else values.push(found);
    }
    if (values.length < models.length) continue;
    const tensors = values.map((v) => v.constant!); // storedByName has constants alone
    if (isFloat(value.constant!.dtype)) weights.push({ name: key, values, tensors });
    else if (!values.every((v) => sameElements(v, value))) differing.push(key);
  }
  if (problems.length > 0) throw mismatch(problems);
  return { weights, differing };
}

function storedByName(model: Model): Map<string, Value> {
  return new Map(storedConstants(model).map(({ name, value }) => [name, value]));
}

function typeOf({ constant }: Value): string {
  return `${constant!.dtype} ${formatShape(constant!.dims)}`;
}

function sameElements(a: Value, b: Value): boolean {
  const [x, y] = [a.constant!.data, b.constant!.data];
  if (x === y) return true;
  for (let i = 0; i < x.length; i++) if (x[i] !== y[i]) return false;
  return x.length === y.length;
}

function mismatch(problems: readonly string[]): ModelError {
  const shown = problems.slice(0, 8).map((p) => `\n  ${p}`);
  const more = problems.length > shown.length ? `\n  and ${problems.length - shown.length} more` : "";
  return new ModelError(
    `the models have not the same weights, so there is nothing between them:${shown.join("")}${more}\n` +
      "Weights are averaged between models of one architecture with one head: a model and what was fine-tuned from it.",
    { details: { problems } },
  );
}
