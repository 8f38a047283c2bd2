import { expect } from "vitest";
import { vjp } from "../../src/autodiff/vjp.ts";
import { encodeModel } from "../../src/onnx/encode.ts";
import type { Value } from "../../src/onnx/value.ts";
import type { Lowered } from "../../src/passes/lower.ts";
import { dtypeOfOrt } from "../../src/runtime/ort-tensors.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import type { Session } from "../../src/runtime/session.ts";
import { halfToFloat } from "../../src/tensor/half.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

export interface BackwardOptions {
  /** The cotangent of each output that the loss reads, by name. */
  readonly weights: ReadonlyMap<string, Tensor>;
  /** Inputs to differentiate by, by name. */
  readonly wrt: readonly string[];
  /** Inputs of the model; those that lowering left without a reader are not fed. */
  readonly feeds: ReadonlyMap<string, Tensor>;
}

/**
 * Runs a lowered graph forward and backward with every value as an output, and compares the type of each with the
 * inferred one: "Observed, not only inferred".
 *
 * @returns the model's outputs by name, and the gradient of each input that has one as `<name>_grad`
 */
export async function runBackward(
  rt: Runtime,
  lowered: Lowered,
  { weights, wrt, feeds }: BackwardOptions,
): Promise<Map<string, Tensor>> {
  const { b, graph } = lowered;
  const forward = nameOutputs(lowered);
  const seeds = new Map([...weights].map(([name, t]) => [lowered.outputs.get(name)!, b.constant(t)]));
  const cotangents = vjp(b, { seeds, wrt: wrt.map((name) => lowered.inputs.get(name)!) });
  const gradients: Value[] = [];
  for (const name of wrt) {
    const ct = cotangents.get(lowered.inputs.get(name)!);
    if (ct) gradients.push(named(b.op("Identity", [ct]), `${name}_grad`));
  }
  const results = [...forward, ...gradients];
  const inner = innerValues(lowered, new Set(results));
  graph.outputs = [...results, ...inner];
  const session = await openLowered(rt, lowered);
  const used = new Map([...feeds].filter(([name]) => session.inputs.some((i) => i.name === name)));
  const observed = await session.run(used);
  await session.release();
  expectTypes(inner, observed);
  return new Map(results.map((v) => [v.name, observed.get(v.name)!]));
}

/** A session of a lowered graph that gives the model's outputs. */
export async function openForward(rt: Runtime, lowered: Lowered): Promise<Session> {
  lowered.graph.outputs = nameOutputs(lowered);
  return openLowered(rt, lowered);
}

/** A session of a lowered graph as it stands. */
export function openLowered(rt: Runtime, { graph, b, opsets }: Lowered): Promise<Session> {
  const model = encodeModel({
    graph,
    irVersion: b.opset >= 25 ? 12 : 10,
    opsets: new Map(opsets),
    functions: [],
    producerName: "test",
    producerVersion: "",
    metadata: new Map(),
    origin: null,
  });
  return rt.createSession(model, { name: "lowered", optimization: "disabled" });
}

/** The model's outputs under their names, each a value of its own. What the binding cannot carry is left out. */
function nameOutputs({ b, inputs, outputs }: Lowered): Value[] {
  const taken = new Set<Value>(inputs.values());
  const values = [...outputs].filter(([, value]) => dtypeOfOrt(value.dtype) !== null);
  for (const [, value] of values) if (!taken.has(value)) value.name = "";
  return values.map(([name, value]) => {
    const isFree = value.producer !== null && !taken.has(value);
    taken.add(value);
    return named(isFree ? value : b.op("Identity", [value]), name);
  });
}

/** What nodes compute beside the results, under names of its own. Values that the binding cannot carry are left out. */
function innerValues({ graph }: Lowered, results: ReadonlySet<Value>): Value[] {
  const computed = graph.nodes.flatMap((node) => node.outputs);
  return computed
    .filter((v) => v !== null && !results.has(v) && dtypeOfOrt(v.dtype) !== null)
    .map((v, i) => named(v!, `value ${i}${v!.name && ` (${v!.name})`}`)); // null was left out just above
}

function expectTypes(values: readonly Value[], observed: ReadonlyMap<string, Tensor>): void {
  const wrong = values.flatMap((v) => {
    const t = observed.get(v.name)!; // every one of them is an output
    const [inferred, seen] = [typeText(v), typeText(t)];
    return inferred === seen ? [] : [`${v.producer?.opType} inferred ${inferred}, observed ${seen}`];
  });
  if (wrong.length > 0) expect.fail(wrong.join("; "));
}

/** A type as text, such as "float32[2,3]". */
export function typeText(type: { readonly dtype: string; readonly dims: readonly number[] }): string {
  return `${type.dtype}[${type.dims.join(",")}]`;
}

/** Elements as numbers; half floats are decoded. */
export function elementsOf(t: Tensor): number[] {
  if (t.dtype === "float16") return Array.from(t.data as Uint16Array, halfToFloat);
  return Array.from(t.data as ArrayLike<number | bigint>, Number);
}

/** The value itself, under a name. */
export function named(value: Value, name: string): Value {
  value.name = name;
  return value;
}
