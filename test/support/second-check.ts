import { expect } from "vitest";
import { jvp } from "../../src/autodiff/jvp.ts";
import { vjp } from "../../src/autodiff/vjp.ts";
import type { Node } from "../../src/onnx/node.ts";
import { prune } from "../../src/onnx/prune.ts";
import type { Value } from "../../src/onnx/value.ts";
import { type Lowered, lower } from "../../src/passes/lower.ts";
import type { Session } from "../../src/runtime/session.ts";
import { isFloat } from "../../src/tensor/data-type.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { createEvaluator } from "../../src/training/constant-evaluator.ts";
import { elementsOf, named, openLowered } from "./backward.ts";
import { buildModel, expectClose, type GradientCase, randomTensor, testRuntime } from "./gradient-check.ts";

/** Step of the central difference, and the largest accepted error relative to the size of what is compared, if the case has none. */
const ACCURACY = {
  float64: { step: 1e-5, tolerance: 1e-5 },
  float32: { step: 2e-3, tolerance: 1e-2 },
} as const;

type Feeds = ReadonlyMap<string, Tensor>;

/**
 * Checks the second derivatives of one operator against central differences of its first ones, and its Jacobian–vector
 * product against central differences of its outputs. With random cotangents u and directions t and v:
 *
 *     vᵀ ∇ₓ ⟨∇ₓ ⟨y, u⟩, t⟩   and   J t
 *
 * @returns the nodes that the first derivative is written in
 */
export async function checkSecondDerivative(c: GradientCase): Promise<readonly Node[]> {
  const { step, tolerance } = { ...ACCURACY[c.precision ?? "float64"], ...c };
  const rt = await testRuntime();
  const { model, fed, tensors } = buildModel(c, c.precision ?? "float64");
  const feeds: Feeds = new Map(fed.map((v) => [v.name, tensors.get(v)!])); // every value fed has a tensor
  const lowered = await lower(model, {
    inputShapes: new Map([...feeds].map(([name, t]) => [name, t.dims])),
    parameters: [],
    evaluate: createEvaluator(rt),
  });
  const t = directions(feeds, 200);
  const v = directions(feeds, 300);
  const marks = typeof c.outputs === "object" ? c.outputs.filter((o) => o !== null) : [];
  const read = [...lowered.outputs].filter(([, y], i) => isFloat(y.dtype) && marks[i] !== false);
  const emitted = appendSecond(lowered, read, t);
  const session = await openLowered(rt, lowered);
  const at = (moved: Feeds, h: number) => runAt(session, feeds, moved, h);

  const here = await at(new Map(), 0);
  const [forth, back] = [await at(t, step), await at(t, -step)];
  for (const [name] of read) {
    const [a, b] = [elementsOf(forth.get(name)!), elementsOf(back.get(name)!)]; // both runs give every output
    const numeric = a.map((y, i) => (y - b[i]!) / (2 * step));
    const tangent = here.get(`${name}_tangent`);
    expectClose(
      tangent ? elementsOf(tangent) : numeric.map(() => 0),
      numeric,
      tolerance,
      `tangent of ${name}`,
    );
  }
  for (const [name, direction] of v) {
    const moved = new Map([[name, direction]]);
    const [up, down] = [await at(moved, step), await at(moved, -step)];
    const numeric = (slope(up, t) - slope(down, t)) / (2 * step);
    const second = here.get(`${name}_second`);
    const terms = second ? products(second, direction) : [0];
    // Sums of terms of both signs: an error counts against the size of the terms.
    const size = Math.max(0.01, Math.abs(numeric), ...terms.map(Math.abs));
    const error = Math.abs(total(terms) - numeric) / size;
    const report = `second derivative by ${name}: got ${total(terms)}, expected ${numeric}`;
    expect(error, report).toBeLessThanOrEqual(tolerance);
  }
  await session.release();
  return emitted;
}

/**
 * Outputs: the forward ones, `<output>_tangent`, `<input>_first` and `<input>_second`.
 *
 * @returns the nodes of the first derivative
 */
function appendSecond({ b, graph, inputs }: Lowered, read: readonly [string, Value][], t: Feeds): Node[] {
  const outputs = read.map(([, y]) => y);
  const tangents = new Map([...t].map(([name, direction]) => [inputs.get(name)!, b.constant(direction)]));
  const wrt = [...tangents.keys()];
  const seeds = new Map(outputs.map((y, i) => [y, b.constant(randomTensor(y.dtype, y.dims, 100 + i))]));
  const before = graph.nodes.length;
  const first = vjp(b, { seeds, wrt });
  const emitted = graph.nodes.slice(before);
  // A list, not a map: the terms of a sum have one gradient between them.
  const again = [...first].flatMap(([x, g]) => (g === null ? [] : [[g, tangents.get(x)!] as const]));
  const second = vjp(b, { seeds: again, wrt });
  const pushed = jvp(b, { outputs, tangents });
  const results: Value[] = [];
  const give = (value: Value | null, name: string) => {
    if (value !== null) results.push(named(b.op("Identity", [value]), name));
  };
  const names = read.map(([name]) => name);
  for (const y of outputs) if (!graph.inputs.includes(y)) y.name = "";
  read.forEach(([, y], i) => {
    give(y, names[i]!);
    give(pushed.get(y)!, `${names[i]}_tangent`);
  });
  for (const x of wrt) {
    give(first.get(x)!, `${x.name}_first`);
    give(second.get(x)!, `${x.name}_second`);
  }
  graph.outputs = results;
  prune(graph);
  return emitted;
}

function directions(feeds: Feeds, seed: number): Map<string, Tensor> {
  const floats = [...feeds].filter(([, x]) => isFloat(x.dtype));
  return new Map(floats.map(([name, x], i) => [name, randomTensor(x.dtype, x.dims, seed + i)]));
}

/** One run with the inputs of `moved` moved by `h` in their directions. */
function runAt(session: Session, feeds: Feeds, moved: Feeds, h: number): Promise<Map<string, Tensor>> {
  const given = new Map<string, Tensor>();
  for (const { name } of session.inputs) {
    const base = feeds.get(name)!; // inputs are those of the case
    const direction = moved.get(name);
    given.set(name, direction ? shifted(base, direction, h) : base);
  }
  return session.run(given);
}

function shifted(base: Tensor, direction: Tensor, h: number): Tensor {
  const by = elementsOf(direction);
  const sum = elementsOf(base).map((x, i) => x + h * by[i]!);
  return base.dtype === "float64"
    ? tensor("float64", base.dims, Float64Array.from(sum))
    : tensor("float32", base.dims, Float32Array.from(sum));
}

/** ⟨∇, t⟩ over all inputs. */
function slope(results: Feeds, t: Feeds): number {
  return total(
    [...t].flatMap(([name, direction]) => {
      const first = results.get(`${name}_first`);
      return first ? products(first, direction) : [];
    }),
  );
}

function products(a: Tensor, b: Tensor): number[] {
  const right = elementsOf(b);
  return elementsOf(a).map((x, i) => x * right[i]!);
}

function total(terms: readonly number[]): number {
  return terms.reduce((sum, x) => sum + x, 0);
}
