import { allProblems, ConfigError } from "../errors.ts";
import type { Model } from "../onnx/model.ts";
import { prune } from "../onnx/prune.ts";
import { Value } from "../onnx/value.ts";
import type { Evaluate } from "../passes/constant-region.ts";
import { type Lowered, lower } from "../passes/lower.ts";
import { loweredModel, storeParameters } from "../passes/lowered-model.ts";
import { storedTensors } from "../passes/parameters.ts";
import { isFloat } from "../tensor/data-type.ts";
import type { Shape } from "../tensor/shape.ts";

export interface GraphOptions {
  /** Concrete shape of each model input, by name. */
  readonly inputShapes: ReadonlyMap<string, Shape>;
  /** Names of model inputs and of stored weights to differentiate by, or all weights. */
  readonly wrt: readonly string[] | "weights";
  /** "fed": the weights of `wrt` are inputs of the result, under their names. Default "stored": it holds them. */
  readonly weights?: "stored" | "fed";
  /** Runs a graph without inputs: `createEvaluator(runtime)`. Constant parts of the model are computed with it. */
  readonly evaluate: Evaluate;
}

/** A lowered model that grows derivatives, and what they are taken by. */
export class DerivativeGraph {
  readonly lowered: Lowered;
  /** What to differentiate by, by name. */
  readonly wrt: ReadonlyMap<string, Value>;
  private readonly source: Model;
  private readonly options: GraphOptions;

  private constructor(
    source: Model,
    options: GraphOptions,
    lowered: Lowered,
    wrt: ReadonlyMap<string, Value>,
  ) {
    this.source = source;
    this.options = options;
    this.lowered = lowered;
    this.wrt = wrt;
  }

  /** @throws ConfigError if a name of `wrt` is none of the model's float inputs or weights */
  static async of(model: Model, options: GraphOptions): Promise<DerivativeGraph> {
    const stored = storedTensors(model);
    const inputs = model.graph.inputs.filter((v) => isFloat(v.declared?.dtype ?? "string"));
    const names =
      options.wrt === "weights"
        ? stored.filter((t) => t.constantBecause === null).map((t) => t.name)
        : options.wrt;
    const weights = stored.filter((t) => names.includes(t.name));
    const known = new Set([...inputs, ...weights].map((v) => v.name));
    const unknown = names.filter((name) => !known.has(name));
    if (unknown.length > 0) {
      throw new ConfigError(
        `nothing to differentiate by is called ${unknown.join(", ")}; float inputs: ${listed(inputs)}; weights: ${listed(stored)}`,
        { details: { unknown } },
      );
    }
    const { inputShapes, evaluate } = options;
    const lowered = await lower(model, { inputShapes, parameters: weights, evaluate });
    const byName = new Map([
      ...lowered.inputs,
      ...weights.map((t) => [t.name, lowered.parameters.get(t.value)!] as const),
    ]); // lower() made one for each
    lowered.graph.outputs = [];
    return new DerivativeGraph(
      model,
      options,
      lowered,
      new Map(names.map((name) => [name, byName.get(name)!])),
    );
  }

  /**
   * The model's output of that name.
   *
   * @throws ConfigError if it has none, or it holds no floats
   * @throws UnsupportedOpError if it cannot be computed in a graph of static shapes, with every reason
   */
  output(name: string): Value {
    const value = this.lowered.outputs.get(name);
    if (value && isFloat(value.dtype)) return value;
    const source = this.source.graph.outputs.find((v) => v.name === name);
    const refused = source && this.lowered.refused.get(source);
    if (refused) throw allProblems(refused);
    const floats = [...this.lowered.outputs].filter(([, v]) => isFloat(v.dtype)).map(([key]) => key);
    throw new ConfigError(`the model has no float output "${name}"; its float outputs: ${floats.join(", ")}`);
  }

  /** A new input of the type of `like`. */
  addInput(name: string, like: Value): Value {
    const input = new Value(name, like.type);
    this.claim(name, input);
    this.lowered.graph.inputs.push(input);
    return input;
  }

  /** For each of `wrt` a new input `<name>_tangent`: the direction that it moves in. */
  addTangents(): Map<Value, Value> {
    return new Map([...this.wrt].map(([name, value]) => [value, this.addInput(`${name}_tangent`, value)]));
  }

  /** Makes a value an output under a name; null, which stands for no dependence, becomes zeros of the type of `like`. */
  give(name: string, value: Value | null, like: Value): void {
    const { b, graph } = this.lowered;
    const result = b.op("Identity", [value ?? b.zerosLike(like)]);
    this.claim(name, result);
    result.name = name;
    graph.outputs.push(result);
  }

  /** Makes sure that no other value bears a name that an input or output of the result is to have. */
  private claim(name: string, owner: Value): void {
    const { graph } = this.lowered;
    for (const value of graph.values()) {
      if (value === owner || value.name !== name) continue;
      if (graph.inputs.includes(value))
        throw new ConfigError(
          `the model has an input "${name}", which a value of its derivative is to be called`,
        );
      value.name = `${name}_model`;
    }
  }

  /** The finished model. */
  model(): Model {
    const { graph, parameters } = this.lowered;
    if (this.options.weights !== "fed") storeParameters(this.lowered, parameters.keys());
    for (const input of graph.inputs) input.declared = input.type; // the result may be differentiated again
    prune(graph);
    return loweredModel(this.source, this.lowered);
  }
}

function listed(values: readonly { readonly name: string }[]): string {
  const shown = values.slice(0, 12).map((v) => v.name);
  return `${shown.join(", ") || "none"}${values.length > shown.length ? `, and ${values.length - shown.length} more` : ""}`;
}
