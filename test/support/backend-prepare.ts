import { allProblems, HoldfastError } from "../../src/errors.ts";
import { decodeModel } from "../../src/onnx/decode.ts";
import { encodeModel } from "../../src/onnx/encode.ts";
import type { Model } from "../../src/onnx/model.ts";
import { type Lowered, lower } from "../../src/passes/lower.ts";
import type { Session } from "../../src/runtime/session.ts";
import { isFloat } from "../../src/tensor/data-type.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { createEvaluator } from "../../src/training/constant-evaluator.ts";
import type { BackendCase } from "./backend-case.ts";
import { makeDouble, toDouble } from "./double-model.ts";
import { testRuntime } from "./gradient-check.ts";

/** The dtypes of the test, or every float as float64. */
export type Precision = "given" | "float64";

/** The model of a case with some of its inputs stored in it, and what is left to feed. */
export interface PreparedCase {
  feeds(precision: Precision): ReadonlyMap<string, Tensor>;
  /** A new copy of the model. */
  model(precision: Precision): Model;
  /** The model lowered. */
  lower(precision: Precision): Promise<Lowered>;
}

/** What `run` gives, or the message of the error that it throws for a user to read. */
export async function attempt<T>(run: () => Promise<T>): Promise<T | string> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.message.startsWith("internal:")) throw error;
    return shorten(error.message);
  }
}

/** The part of a message that is the same for all tests with the same trouble. */
function shorten(message: string): string {
  const kernel = /has no kernel for (\S+) \(opset (\d+)\)/.exec(message);
  if (kernel) return `ONNX Runtime has no kernel for ${kernel[1]} (opset ${kernel[2]}) of these types`;
  const [first] = message.split("\n");
  const said = /It said: (.*?)$/.exec(first ?? "")?.[1]?.replace(/^.*Status Message: \S* /, "");
  return said ? `ONNX Runtime: ${said.slice(0, 160)}` : (first ?? "");
}

/**
 * Lowers a case with as few of its inputs stored in the model as it needs: first none, then those that are no floats
 * (shapes, axes, indices), then all but the first, then all.
 *
 * @returns the first way that works, or why the last does not
 */
export async function prepare(
  c: BackendCase,
  tensors: ReadonlyMap<string, Tensor>,
): Promise<[PreparedCase, Lowered] | string> {
  const all = [...tensors];
  const ways = [all, all.filter(([, t]) => isFloat(t.dtype)), all.slice(0, 1), []];
  let why = "";
  for (const fed of ways) {
    const prepared = caseWith(c, tensors, new Map(fed));
    const lowered = await attempt(() => prepared.lower("given"));
    if (typeof lowered !== "string") return [prepared, lowered];
    why = lowered;
  }
  return why;
}

function caseWith(
  c: BackendCase,
  tensors: ReadonlyMap<string, Tensor>,
  fed: ReadonlyMap<string, Tensor>,
): PreparedCase {
  const modelIn = (precision: Precision): Model => {
    const model = decodeModel(c.model);
    model.irVersion = Math.max(model.irVersion, 4); // the first in which initializers need not be inputs
    const { graph } = model;
    for (const value of graph.inputs) {
      const stored = fed.has(value.name) ? undefined : tensors.get(value.name);
      if (!stored) continue;
      value.constant = stored;
      graph.initializers.push(value);
    }
    graph.inputs = graph.inputs.filter((v) => v.constant === null);
    if (precision === "float64") makeDouble(model);
    return model;
  };
  return {
    feeds: (precision) =>
      precision === "given" ? fed : new Map([...fed].map(([name, t]) => [name, toDouble(t)])),
    model: modelIn,
    lower: async (precision) => {
      const model = modelIn(precision);
      const lowered = await lower(model, {
        inputShapes: new Map([...fed].map(([name, t]) => [name, t.dims])),
        parameters: [],
        evaluate: createEvaluator(await testRuntime()),
        keepHalves: true,
      });
      for (const output of model.graph.outputs) {
        const refused = lowered.refused.get(output);
        if (refused) throw allProblems(refused);
      }
      return lowered;
    },
  };
}

/** A session of a model as it is. */
export async function openModel(model: Model): Promise<Session> {
  return (await testRuntime()).createSession(encodeModel(model), { name: "test", optimization: "disabled" });
}
