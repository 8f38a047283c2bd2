import { describe, expect, test } from "vitest";
import { graphOf, modelOf } from "../../test/support/graph-of.ts";
import { floatReader } from "../tensor/float-access.ts";
import { floatToHalf } from "../tensor/half.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { greedySoup } from "./greedy-soup.ts";
import { matchWeights, type NamedModel } from "./match.ts";
import { mixInto } from "./mix.ts";

function named(name: string, constants: Readonly<Record<string, Tensor>>): NamedModel {
  const graph = graphOf({
    inputs: { x: null },
    constants,
    nodes: [["Identity", ["x"], ["y"]]],
    outputs: ["y"],
  });
  return { name, model: modelOf(graph) };
}

const f32 = (...values: number[]) => tensor("float32", [values.length], Float32Array.from(values));
const f16 = (...values: number[]) =>
  tensor("float16", [values.length], Uint16Array.from(values, floatToHalf) as never);
const i64 = (...values: number[]) => tensor("int64", [values.length], BigInt64Array.from(values, BigInt));

function valuesOf({ model }: NamedModel, name: string): number[] {
  const constant = model.graph.initializers.find((v) => v.name === name)!.constant!;
  return Array.from({ length: constant.data.length }, (_, i) => floatReader(constant)(i));
}

describe("mixing", () => {
  test("a share of each model, in float32 and in float16", () => {
    const [a, b] = [
      named("a", { w: f32(0, 1, 2), h: f16(1, 2) }),
      named("b", { w: f32(1, 1, -2), h: f16(3, 2) }),
    ];
    mixInto(matchWeights([a, b]), 1, [0.75, 0.25]);
    expect(valuesOf(b, "w")).toEqual([0.25, 1, 1]);
    expect(valuesOf(b, "h")).toEqual([1.5, 2]);
  });

  test("the ends are the models' own bits, whatever was mixed before", () => {
    const [a, b] = [named("a", { w: f32(0.1, 1e30) }), named("b", { w: f32(0.7, -3) })];
    const ends = [valuesOf(a, "w"), valuesOf(b, "w")];
    const matched = matchWeights([a, b]);
    mixInto(matched, 1, [0.3, 0.7]);
    mixInto(matched, 1, [1, 0]);
    expect(valuesOf(b, "w")).toEqual(ends[0]);
    mixInto(matched, 1, [0, 1]);
    expect(valuesOf(b, "w")).toEqual(ends[1]);
  });

  test("integers are never averaged; those that differ are named", () => {
    const [a, b] = [
      named("a", { steps: i64(10), w: f32(0), same: i64(1) }),
      named("b", { steps: i64(20), w: f32(1), same: i64(1) }),
    ];
    const matched = matchWeights([a, b]);
    mixInto(matched, 1, [0.5, 0.5]);
    expect(matched.differing).toEqual(["steps"]);
    expect(b.model.graph.initializers.find((v) => v.name === "steps")!.constant!.data).toEqual(
      BigInt64Array.of(20n),
    );
  });
});

test("models of other heads or types are refused with every weight that differs", () => {
  const a = named("a.onnx", { w: f32(1, 2), head: f32(1), old: f32(1), t: f32(1) });
  const b = named("b.onnx", { w: f32(1, 2), head: f32(1, 2), fresh: f32(1), t: f16(1) });
  expect(() => matchWeights([a, b])).toThrow(
    /a\.onnx lacks "fresh"[\s\S]*"head" is float32 \[1\] in a\.onnx and float32 \[2\] in b\.onnx[\s\S]*b\.onnx lacks "old"[\s\S]*"t" is float32[\s\S]*one architecture with one head/,
  );
});

describe("greedy soup", () => {
  /** The score of an average is that of the mean of the ingredients' positions on a hill with its top at 0. */
  const hill = (positions: readonly number[]) => async (indices: readonly number[]) =>
    -Math.abs(indices.reduce((sum, i) => sum + positions[i]!, 0) / indices.length);

  test("takes in what does not make it worse, from the best down", async () => {
    const positions = [3, -1, 1.2, 9];
    const ingredients = positions.map((p, i) => ({ name: String(i), score: -Math.abs(p) }));
    expect(await greedySoup(ingredients, hill(positions))).toEqual([1, 2]);
  });

  test("of equals all stay", async () => {
    const positions = [1, 1, 1];
    const ingredients = positions.map((p, i) => ({ name: String(i), score: -p }));
    expect(await greedySoup(ingredients, hill(positions))).toEqual([0, 1, 2]);
  });
});

test("weights in the branches of an If are averaged too", () => {
  const branching = (name: string, value: number): NamedModel => {
    const branch = { constants: { inner: f32(value) }, nodes: [], outputs: ["inner"] };
    const graph = graphOf({
      inputs: { condition: { dtype: "bool", dims: [] } },
      nodes: [["If", ["condition"], ["y"], { then_branch: branch, else_branch: branch }]],
      outputs: ["y"],
    });
    return { name, model: modelOf(graph) };
  };
  const matched = matchWeights([branching("a", 0), branching("b", 4)]);
  mixInto(matched, 1, [0.25, 0.75]);
  expect(matched.weights.map((w) => w.values[1]!.constant!.data[0])).toEqual([3, 3]);
});
