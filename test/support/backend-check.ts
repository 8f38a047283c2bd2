import { expect } from "vitest";
import { decodeModel } from "../../src/onnx/decode.ts";
import type { Model } from "../../src/onnx/model.ts";
import { isComposite, LATEST } from "../../src/ops/define.ts";
import { opOf } from "../../src/ops/registry.ts";
import type { Lowered } from "../../src/passes/lower.ts";
import { dtypeOfOrt } from "../../src/runtime/ort-tensors.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import type { BackendCase } from "./backend-case.ts";
import { CHECKED, checkBackendGradients } from "./backend-gradients.ts";
import { attempt, openModel, type PreparedCase, prepare } from "./backend-prepare.ts";
import { elementsOf, runBackward, typeText } from "./backward.ts";
import { expectClose, testRuntime } from "./gradient-check.ts";

/** How far a test was checked; disagreement is thrown instead. Each is CHECKED, or says why it was not. */
export interface Outcome {
  /** The inferred types of the outputs, against the tensors of the test. */
  readonly types: string;
  /** The values that the lowered graph computes. */
  readonly values: string;
  /** The derivative, against central differences. */
  readonly gradient: string;
}

/** Accepted error of a value, as a part of the largest entry. */
const TOLERANCE = { float16: 5e-3, other: 1e-4 } as const;

/** Checks one test of the suite. @throws AssertionError if types, values or derivatives disagree */
export async function checkBackendCase(c: BackendCase): Promise<Outcome> {
  const model = decodeModel(c.model);
  const opset = model.opsets.get("") ?? 0;
  if (opset > LATEST) return nothing(`opset ${opset} is newer than what ONNX Runtime 1.30 runs`);
  const names = model.graph.inputs.filter((v) => v.constant === null).map((v) => v.name);
  const tensors = new Map<string, Tensor>();
  for (const [i, name] of names.entries()) {
    const content = c.inputs[i];
    if (!content) return nothing("an input is a sequence or an optional value");
    tensors.set(name, content);
  }
  const found = await prepare(c, tensors);
  if (typeof found === "string") return nothing(found);
  const [prepared, lowered] = found;
  checkTypes(c, lowered, model);
  const foreign = [...tensors.values()].find((t) => dtypeOfOrt(t.dtype) === null);
  if (foreign) {
    const why = `onnxruntime-node carries no ${foreign.dtype}`;
    return { types: CHECKED, values: why, gradient: why };
  }
  const outputs = await attempt(() => runForward(lowered, prepared.feeds("given")));
  if (typeof outputs === "string") return { types: CHECKED, values: outputs, gradient: outputs };
  const values = await checkValues(c, prepared, outputs);
  return { types: CHECKED, values, gradient: await checkBackendGradients(prepared) };
}

function nothing(why: string): Outcome {
  return { types: why, values: why, gradient: why };
}

function checkTypes(c: BackendCase, lowered: Lowered, model: Model): void {
  const outputs = [...lowered.outputs.values()];
  const stated = c.outputs.flatMap((t, i) => {
    if (t === null) return [];
    // Old suites store bfloat16 as the bits.
    const isBits = t.dtype === "uint16" && model.graph.outputs[i]?.declared?.dtype === "bfloat16";
    return [[i, typeText(isBits ? { dtype: "bfloat16", dims: t.dims } : t)]];
  });
  expect(stated.map(([i]) => [i, typeText(outputs[Number(i)]!)])).toEqual(stated);
}

/** The outputs of a lowered graph that the binding can carry. */
async function runForward(
  lowered: Lowered,
  feeds: ReadonlyMap<string, Tensor>,
): Promise<ReadonlyMap<string, Tensor>> {
  if ([...lowered.outputs.values()].every((v) => dtypeOfOrt(v.dtype) === null)) return new Map();
  return runBackward(await testRuntime(), lowered, { weights: new Map(), wrt: [], feeds });
}

/** Compares outputs with the test's, and where these differ from what ONNX Runtime gives, with the latter. */
async function checkValues(
  c: BackendCase,
  prepared: PreparedCase,
  outputs: ReadonlyMap<string, Tensor>,
): Promise<string> {
  const names = prepared.model("given").graph.outputs.map((v) => v.name);
  if (outputs.size === 0) return `onnxruntime-node carries no ${c.outputs[0]?.dtype ?? "sequence"}`;
  const stated = new Map(
    c.outputs.flatMap((t, i) => (t && outputs.has(names[i]!) ? [[names[i]!, t] as const] : [])),
  );
  const differences = disagreements(outputs, stated);
  if (differences.length === 0) return CHECKED;
  if (isRandom(prepared.model("given"))) return "its values are random";
  const session = await attempt(() => openModel(prepared.model("given")));
  if (typeof session === "string") throw new Error(`${differences.join("; ")}; ONNX Runtime: ${session}`);
  const observed = await session.run(prepared.feeds("given"));
  await session.release();
  const ours = disagreements(outputs, observed);
  if (ours.length > 0) expect.fail(ours.join("; "));
  return "ONNX Runtime gives other values than the test states, and so does the lowered graph";
}

function disagreements(got: ReadonlyMap<string, Tensor>, want: ReadonlyMap<string, Tensor>): string[] {
  return [...want].flatMap(([name, expected]) => {
    const actual = got.get(name)!; // both have the model's outputs
    try {
      if (expected.dtype === "string") expect(actual.data).toEqual(expected.data);
      else {
        const tolerance = expected.dtype === "float16" ? TOLERANCE.float16 : TOLERANCE.other;
        expectClose(elementsOf(actual), elementsOf(expected), tolerance, name);
      }
      return [];
    } catch (error) {
      return [String(error)];
    }
  });
}

function isRandom(model: Model): boolean {
  return model.graph.nodes.some((node) => {
    const def = opOf(node, node.domain === "" ? (model.opsets.get("") ?? 1) : 1);
    return !isComposite(def) && def.random === true;
  });
}
