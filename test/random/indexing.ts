import fc from "fast-check";
import { sizeOf } from "../../src/tensor/shape.ts";
import type { GradientCase, IntegerInput } from "../support/gradient-check.ts";
import { axisOf, type Cases, flag, shape } from "./draw.ts";

const some = { min: 1, max: 3 } as const;

/** Indices of a shape into an axis of `length`, counted from either end; fed or stored. */
function indices(dims: readonly number[], length: number): fc.Arbitrary<IntegerInput> {
  return fc
    .record({
      data: fc.array(fc.integer({ min: -length, max: length - 1 }), {
        minLength: sizeOf(dims),
        maxLength: sizeOf(dims),
      }),
      fed: fc.boolean(),
    })
    .map(({ data, fed }) => ({ dtype: "int64", dims, data, ...(fed ? { fed } : {}) }));
}

const gather: fc.Arbitrary<GradientCase> = fc.tuple(shape(1, 4), shape(0, 3)).chain(([dims, places]) =>
  axisOf(dims.length).chain((axis) =>
    indices(places, dims.at(axis)!).map((at) => ({
      opType: "Gather",
      inputs: [{ dims }, at],
      attributes: { axis },
    })),
  ),
);

/** Indices of the data's rank; along other axes no longer than the data. */
function elementwise(build: (c: Elements) => GradientCase): fc.Arbitrary<GradientCase> {
  return shape(1, 3).chain((dims) =>
    fc.record({ axis: axisOf(dims.length), length: fc.integer(some) }).chain(({ axis, length }) => {
      const at = axis < 0 ? axis + dims.length : axis;
      const places = dims.map((d, i) => (i === at ? length : d));
      return fc
        .record({ index: indices(places, dims[at]!), reduction: fc.constantFrom("add", "max", "min") })
        .map((drawn) => build({ dims, axis, ...drawn }));
    }),
  );
}

interface Elements {
  readonly dims: readonly number[];
  readonly axis: number;
  readonly index: IntegerInput;
  readonly reduction: string;
}

/** Updates and data apart from each other, so that no two are equal. */
function apart(dims: readonly number[], from: number) {
  return { dims, distinct: true as const, range: [from, from + 7.3] as const };
}

const gatherNd: fc.Arbitrary<GradientCase> = fc
  .record({ batch: shape(0, 1), data: shape(1, 3), places: shape(0, 2) })
  .chain(({ batch, data, places }) =>
    fc.integer({ min: 1, max: data.length }).chain((depth) => {
      const dims = [...batch, ...places, depth];
      const count = sizeOf(dims) / depth;
      const tuple = fc.tuple(...data.slice(0, depth).map((d) => fc.integer({ min: -d, max: d - 1 })));
      return fc
        .record({ at: fc.array(tuple, { minLength: count, maxLength: count }), fed: fc.boolean() })
        .map(({ at, fed }) => ({
          opType: "GatherND",
          inputs: [
            { dims: [...batch, ...data] },
            { dtype: "int64" as const, dims, data: at.flat(), ...(fed ? { fed } : {}) },
          ],
          attributes: { batch_dims: batch.length },
        }));
    }),
  );

const scatterNd: fc.Arbitrary<GradientCase> = shape(1, 3).chain((data) =>
  fc
    .record({
      depth: fc.integer({ min: 1, max: data.length }),
      count: fc.integer(some),
      reduction: fc.constantFrom("none", "add", "max", "min"),
    })
    .chain(({ depth, count, reduction }) => {
      const tuple = fc.tuple(...data.slice(0, depth).map((d) => fc.integer({ min: 0, max: d - 1 })));
      const some = { minLength: 1, maxLength: count };
      // Without a reduction, what is written twice is undefined.
      const at =
        reduction === "none"
          ? fc.uniqueArray(tuple, { ...some, selector: (t) => t.join() })
          : fc.array(tuple, some);
      return at.map((tuples) => ({
        opType: "ScatterND",
        inputs: [
          apart(data, -9),
          { dtype: "int64" as const, dims: [tuples.length, depth], data: tuples.flat(), fed: true as const },
          apart([tuples.length, ...data.slice(depth)], reduction === "add" ? -3 : -7.7),
        ],
        attributes: reduction === "none" ? {} : { reduction },
      }));
    }),
);

const oneHot: fc.Arbitrary<GradientCase> = shape(1, 3).chain((dims) =>
  fc.record({ axis: axisOf(dims.length + 1), depth: fc.integer(some) }).chain(({ axis, depth }) =>
    indices(dims, depth).map((at) => ({
      opType: "OneHot",
      precision: "float32" as const,
      inputs: [at, { dtype: "int64" as const, dims: [], data: [depth] }, { dims: [2] }],
      attributes: { axis },
    })),
  ),
);

const reverse: fc.Arbitrary<GradientCase> = fc
  .record({ a: fc.integer(some), b: fc.integer(some), rest: shape(0, 2), timeFirst: flag })
  .chain(({ a, b, rest, timeFirst }) => {
    const [batch, time] = timeFirst ? [b, a] : [a, b];
    return fc
      .array(fc.integer({ min: 1, max: time }), { minLength: batch, maxLength: batch })
      .map((lens) => ({
        opType: "ReverseSequence",
        inputs: [
          { dims: [a, b, ...rest] },
          { dtype: "int64" as const, dims: [batch], data: lens, fed: true as const },
        ],
        attributes: { batch_axis: timeFirst, time_axis: 1 - timeFirst },
      }));
  });

export const indexingCases: Cases<GradientCase> = {
  Gather: gather,
  GatherElements: elementwise(({ dims, axis, index }) => ({
    opType: "GatherElements",
    inputs: [{ dims }, index],
    attributes: { axis },
  })),
  ScatterElements: elementwise(({ dims, axis, index, reduction }) => ({
    opType: "ScatterElements",
    inputs: [apart(dims, -9), index, apart(index.dims, reduction === "add" ? -3 : -7.7)],
    attributes: { axis, reduction },
  })),
  GatherND: gatherNd,
  ScatterND: scatterNd,
  OneHot: oneHot,
  ReverseSequence: reverse,
};
