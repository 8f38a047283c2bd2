import { expect } from "vitest";
import { allProblems } from "../../src/errors.ts";
import type { AttributeInit } from "../../src/onnx/attribute.ts";
import { encodeModel } from "../../src/onnx/encode.ts";
import { Graph } from "../../src/onnx/graph.ts";
import type { Model } from "../../src/onnx/model.ts";
import { Node, type NodeInit } from "../../src/onnx/node.ts";
import { Value } from "../../src/onnx/value.ts";
import { LATEST } from "../../src/ops/define.ts";
import { lower } from "../../src/passes/lower.ts";
import { openRuntime, type Runtime } from "../../src/runtime/runtime.ts";
import type { Session } from "../../src/runtime/session.ts";
import { type DataType, isFloat } from "../../src/tensor/data-type.ts";
import { floatToHalf } from "../../src/tensor/half.ts";
import { createRandom } from "../../src/tensor/random.ts";
import { sizeOf } from "../../src/tensor/shape.ts";
import { type Tensor, tensor, zeros } from "../../src/tensor/tensor.ts";
import { createEvaluator } from "../../src/training/constant-evaluator.ts";
import { elementsOf, named, runBackward } from "./backward.ts";

/** Elements of a float input: given, or drawn from [low, high) with at least `gap` between any two and around `avoid`. */
export interface FloatInput {
  readonly dims: readonly number[];
  readonly data?: readonly number[];
  readonly range?: readonly [low: number, high: number];
  /** Keeps elements apart, so that a finite step cannot cross a kink (Max, Relu, TopK, MaxPool). */
  readonly distinct?: true;
  /** Stored in the model instead of being an input; not differentiated. */
  readonly constant?: true;
}

/** An input of integers or booleans; stored in the model unless `fed`. */
export interface IntegerInput {
  readonly dtype: "int64" | "int32" | "bool" | "uint8" | "int8";
  readonly dims: readonly number[];
  readonly data: readonly number[];
  readonly fed?: true;
}

/** Texts, stored in the model. */
export interface StringInput {
  readonly dtype: "string";
  readonly dims: readonly number[];
  readonly data: readonly string[];
}

export interface GradientCase {
  /** What is special about this case; the operator's name is added. */
  readonly title?: string;
  readonly opType: string;
  readonly domain?: string;
  /** Version of the operator set of the model; 21 if left out. */
  readonly opset?: number;
  /** null is an omitted optional input. */
  readonly inputs: readonly (FloatInput | IntegerInput | StringInput | null)[];
  readonly attributes?: Readonly<Record<string, AttributeInit>>;
  /** Number of outputs; 1 if left out. A list marks which ones the loss reads, and with null those left out. */
  readonly outputs?: number | readonly (boolean | null)[];
  /** "float64" (default) where ONNX Runtime has kernels for it, else "float32" with a wider tolerance. */
  readonly precision?: "float64" | "float32";
  /** Largest accepted error relative to the largest entry of the gradient; default 1e-6 in float64, 5e-3 in float32. */
  readonly tolerance?: number;
  /** Step of the central difference; default 1e-5 in float64, 1e-2 in float32. Operators linear in an input bear a large one. */
  readonly step?: number;
  /** The operator is locally constant: expects no gradient, only right types and values. */
  readonly zero?: true;
  /** The first derivative jumps at this point, or within a step of it, so that there is no second one. */
  readonly once?: true;
  /**
   * Gradients of the sum of the outputs by each fed input, in the place of central differences: for points where the
   * function has no derivative. null is one that is not checked.
   */
  readonly gradients?: readonly (readonly number[] | null)[];
  /** What the operator is defined to be, in others: the reference where ONNX Runtime's CPU has no kernel for it. */
  readonly meaning?: (apply: Apply, inputs: readonly Value[]) => Value;
  /** Several nodes in the place of the one; gives the only output. */
  readonly body?: (apply: Apply, inputs: readonly Value[]) => Value;
}

/** Appends a node with one output to the graph of a case. */
export type Apply = (opType: string, inputs: readonly Value[], attributes?: NodeInit["attributes"]) => Value;

let runtime: Promise<Runtime> | null = null;
/** One ONNX Runtime for all cases of a test file. */
export function testRuntime(): Promise<Runtime> {
  runtime ??= openRuntime({ prefer: "native", threads: 1 });
  return runtime;
}

export function caseTitle(c: GradientCase): string {
  const shapes = c.inputs.map((i) => (i === null ? "–" : `[${i.dims.join(",")}]`)).join(" ");
  return `${c.domain ? `${c.domain}.` : ""}${c.opType} opset ${c.opset ?? 21} ${shapes} ${c.title ?? ""}`.trim();
}

/**
 * Checks types, values and derivatives of one operator: the lowered graph must compute what ONNX Runtime computes for
 * the operator itself, with the inferred shapes, and its VJP must equal central differences of ONNX Runtime's results.
 */
export async function checkGradient(c: GradientCase): Promise<void> {
  const float: DataType = c.precision ?? "float64";
  const tolerance = c.tolerance ?? (float === "float64" ? 1e-6 : 5e-3);
  const step = c.step ?? (float === "float64" ? 1e-5 : 1e-2);
  const { model, fed, tensors } = buildModel(c, float);
  await checkModel(model, {
    title: caseTitle(c),
    feeds: new Map(fed.map((v) => [v.name, tensors.get(v)!])),
    tolerance,
    step,
    ...(typeof c.outputs === "object" ? { reads: c.outputs.filter((o) => o !== null) } : {}),
    ...(c.zero ? { zero: true } : {}),
    ...(c.gradients ? { gradients: c.gradients } : {}),
    ...(c.meaning ? { reference: buildModel({ ...c, body: c.meaning }, float).model } : {}),
  });
}

export interface ModelCheck {
  readonly title: string;
  /** A tensor for each input of the model, by name; derivatives are taken by the float ones. */
  readonly feeds: ReadonlyMap<string, Tensor>;
  /** Largest accepted error relative to the largest entry of the gradient. */
  readonly tolerance: number;
  /** Step of the central difference. */
  readonly step: number;
  /** Which outputs the loss reads; all if left out. */
  readonly reads?: readonly boolean[];
  readonly zero?: true;
  /** Run in the place of the model, for what it must give. */
  readonly reference?: Model;
  /** As in a GradientCase. */
  readonly gradients?: readonly (readonly number[] | null)[];
}

/** Checks a whole model in the same way. */
export async function checkModel(model: Model, check: ModelCheck): Promise<void> {
  const { feeds, tolerance, step } = check;
  const rt = await testRuntime();
  const session = await rt.createSession(encodeModel(check.reference ?? model), {
    name: check.title,
    optimization: "disabled",
  });
  const expected = await session.run(feeds);

  const lowered = await lower(model, {
    inputShapes: new Map([...feeds].map(([name, t]) => [name, t.dims])),
    parameters: [],
    evaluate: createEvaluator(rt),
    keepHalves: true,
  });
  for (const output of model.graph.outputs) {
    const refused = lowered.refused.get(output);
    if (refused) throw allProblems(refused);
  }
  for (const [name, value] of lowered.outputs) {
    const actual = expected.get(name)!;
    expect({ name, dtype: value.dtype, dims: [...value.dims] }).toEqual({
      name,
      dtype: actual.dtype,
      dims: [...actual.dims],
    });
  }

  const read = [...lowered.outputs]
    .filter(([, value], i) => isFloat(value.dtype) && check.reads?.[i] !== false)
    .map(([name]) => name);
  const weights = new Map(
    read.map((name, i) => {
      const { dtype, dims } = expected.get(name)!;
      return [name, check.gradients ? filled(dtype, dims, 1) : randomTensor(dtype, dims, 100 + i)];
    }),
  );
  const wrt = model.graph.inputs.filter((v) => isFloat(feeds.get(v.name)!.dtype));
  const results = await runBackward(rt, lowered, { weights, wrt: wrt.map((v) => v.name), feeds });
  for (const [name, tensorValue] of expected) {
    const got = results.get(name);
    if (tensorValue.dtype === "string") expect(got?.data, `value of ${name}`).toEqual(tensorValue.data);
    else if (got)
      expectClose(elementsOf(got), elementsOf(tensorValue), Math.max(tolerance, 1e-5), `value of ${name}`);
  }
  for (const [i, input] of wrt.entries()) {
    const gradient = results.get(`${input.name}_grad`);
    if (check.gradients) {
      const want = check.gradients[i];
      if (want) expectClose(elementsOf(gradient!), want, tolerance, `gradient of ${input.name}`);
      continue;
    }
    const numeric = await differences(session, feeds, input.name, weights, step);
    const analytic = Array.from(numeric.indices, (i) => (gradient ? Number(gradient.data[i]) : 0));
    if (check.zero) expect(gradient, `${input.name} is expected to have no gradient`).toBeUndefined();
    else expect(gradient, `${input.name} has a gradient`).toBeDefined();
    expectClose(analytic, numeric.values, tolerance, `gradient of ${input.name}`);
  }
  await session.release();
}

/** The model of a case, the inputs that are fed, and their elements. `float` is the dtype of its float inputs. */
export function buildModel(
  c: GradientCase,
  float: DataType,
): { model: Model; fed: Value[]; tensors: Map<Value, Tensor> } {
  const graph = new Graph("case");
  const tensors = new Map<Value, Tensor>();
  const fed: Value[] = [];
  const values = c.inputs.map((input, i) => {
    if (input === null) return null;
    const isFed = "dtype" in input ? input.dtype !== "string" && input.fed : !input.constant;
    const content = contentOf(input, float, i);
    const value = new Value(`x${i}`, { dtype: content.dtype, dims: content.dims });
    tensors.set(value, content);
    if (isFed) {
      value.declared = { dtype: content.dtype, dims: content.dims };
      graph.inputs.push(value);
      fed.push(value);
    } else {
      value.constant = content;
      graph.initializers.push(value);
    }
    return value;
  });
  const marks = typeof c.outputs === "object" ? c.outputs : Array<boolean>(c.outputs ?? 1).fill(true);
  const outputs = marks.map((mark, i) => (mark === null ? null : new Value(`y${i}`)));
  const attributes = c.attributes ?? {};
  const node = new Node(c.opType, values, outputs, { domain: c.domain ?? "", name: "case", attributes });
  graph.nodes.push(node);
  graph.outputs = outputs.filter((v) => v !== null);
  if (c.body) buildBody(graph, c.body, values);
  const opset = c.opset ?? 21;
  const model: Model = {
    graph,
    irVersion: opset >= 21 ? 10 : 8,
    opsets: new Map([["", opset], ...(c.domain ? [[c.domain, 1] as const] : [])]),
    functions: [],
    producerName: "test",
    producerVersion: "",
    metadata: new Map(),
    origin: null,
  };
  if (opset > LATEST) throw new Error(`opset ${opset} is newer than the newest supported, ${LATEST}`);
  return { model, fed, tensors };
}

function contentOf(input: FloatInput | IntegerInput | StringInput, float: DataType, seed: number): Tensor {
  if (!("dtype" in input)) return floatTensor(float, input, seed);
  return input.dtype === "string" ? tensor("string", input.dims, input.data) : integerTensor(input);
}

/** Puts the nodes of a body in the place of the case's own node. */
function buildBody(
  graph: Graph,
  body: NonNullable<GradientCase["body"]>,
  inputs: readonly (Value | null)[],
): void {
  graph.nodes.splice(0).forEach((node) => {
    node.detach();
  });
  const result = body(
    (opType, operands, attributes = {}) => {
      const node = new Node(opType, operands, 1, { attributes });
      graph.nodes.push(node);
      return node.output();
    },
    inputs.filter((v) => v !== null),
  );
  graph.outputs = [named(result, "y0")];
}

function floatTensor(dtype: DataType, input: FloatInput, seed: number): Tensor {
  if (dtype === "float16") {
    const full = floatTensor("float32", input, seed);
    return tensor("float16", full.dims, Uint16Array.from(full.data as Float32Array, floatToHalf));
  }
  const out = zeros(dtype, input.dims);
  const data = out.data as Float64Array | Float32Array;
  if (input.data) {
    data.set(input.data);
    return out;
  }
  const [low, high] = input.range ?? [-1, 1];
  const random = createRandom(seed + 1);
  if (!input.distinct) {
    for (let i = 0; i < data.length; i++) data[i] = low + (high - low) * random.next();
    return out;
  }
  // Evenly spaced values in random order: neighbours differ by the range over the count.
  const order = Array.from({ length: data.length }, (_, i) => i);
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  order.forEach((rank, i) => {
    data[i] = low + ((high - low) * (rank + 0.37)) / order.length;
  });
  return out;
}

function integerTensor(input: IntegerInput): Tensor {
  const out = zeros(input.dtype, input.dims);
  const data = out.data as { [i: number]: number | bigint };
  input.data.forEach((v, i) => {
    data[i] = input.dtype === "int64" ? BigInt(v) : v;
  });
  return tensor(out.dtype, out.dims, out.data);
}

function filled(dtype: DataType, dims: readonly number[], value: number): Tensor {
  return floatTensor(dtype, { dims, data: Array(sizeOf(dims)).fill(value) }, 0);
}

export function randomTensor(dtype: DataType, dims: readonly number[], seed: number): Tensor {
  return floatTensor(dtype, { dims }, seed);
}

/** Central differences of Σ weight · output at up to 40 coordinates of one input. */
async function differences(
  session: Session,
  feeds: ReadonlyMap<string, Tensor>,
  input: string,
  weights: ReadonlyMap<string, Tensor>,
  step: number,
): Promise<{ indices: number[]; values: number[] }> {
  const base = feeds.get(input)!;
  const count = sizeOf(base.dims);
  const stride = Math.max(1, Math.floor(count / 40));
  const indices: number[] = [];
  const values: number[] = [];
  const data = Float64Array.from(base.data as ArrayLike<number>);
  const lossAt = async (i: number, delta: number) => {
    const moved = data.slice();
    moved[i] = moved[i]! + delta;
    const copy =
      base.dtype === "float64"
        ? tensor("float64", base.dims, moved)
        : tensor("float32", base.dims, Float32Array.from(moved));
    const out = await session.run(new Map(feeds).set(input, copy));
    let loss = 0;
    for (const [name, w] of weights) {
      const y = elementsOf(out.get(name)!);
      elementsOf(w).forEach((weight, k) => {
        loss += weight * y[k]!;
      });
    }
    return loss;
  };
  for (let i = 0; i < count; i += stride) {
    indices.push(i);
    values.push(((await lossAt(i, step)) - (await lossAt(i, -step))) / (2 * step));
  }
  return { indices, values };
}

export function expectClose(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  expect(got.length, what).toBe(want.length);
  let scale = 1e-3;
  for (let i = 0; i < want.length; i++)
    if (Number.isFinite(Number(want[i]))) scale = Math.max(scale, Math.abs(Number(want[i])));
  for (let i = 0; i < want.length; i++) {
    const a = Number(got[i]);
    const e = Number(want[i]);
    if (Object.is(a, e) || a === e) continue;
    if (!(Math.abs(a - e) <= tolerance * scale)) {
      expect.fail(`${what}[${i}]: got ${a}, expected ${e} (largest ${scale}, tolerance ${tolerance})`);
    }
  }
}
