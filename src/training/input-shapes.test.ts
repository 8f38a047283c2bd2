import { expect, it } from "vitest";
import { ConfigError } from "../errors.ts";
import { NetworkWriter } from "../picture/networks.fixtures.ts";
import { checkDims, concreteShapes, withBatch } from "./input-shapes.ts";

const modelWith = (...inputs: (readonly [string, (number | string)[]])[]) => {
  const w = new NetworkWriter();
  for (const [name, dims] of inputs) w.input(name, dims);
  return w.model(w.op("Identity", [w.input("last", [1])]));
};
const text = modelWith(["ids", ["batch", "tokens"]], ["mask", ["N", "tokens"]]);
const shapes = (model: ReturnType<typeof modelWith>, dims: Record<string, number>) =>
  Object.fromEntries(concreteShapes(model, new Map(Object.entries(dims))));

it("takes free dimensions by their symbol, first ones as the batch, any one by its input and axis", () => {
  expect(shapes(text, { batch: 4, tokens: 9 })).toEqual({ ids: [4, 9], mask: [4, 9], last: [1] });
  expect(shapes(text, { batch: 4, tokens: 9, "mask.1": 3 })).toEqual({
    ids: [4, 9],
    mask: [4, 3],
    last: [1],
  });
});

it("names the flags for what is still free", () => {
  expect(() => shapes(text, { batch: 4 })).toThrow(/--dim tokens=…/);
});

it("refuses a dimension that no input has, and says what the inputs are", () => {
  const fixed = modelWith(["image", [1, 3]]);
  const attempt = () => checkDims(fixed, new Map([["batch", 8]]));
  expect(attempt).toThrow(ConfigError);
  expect(attempt).toThrow(/no free dimension batch; its inputs are image \[1, 3\]/);
});

it("puts a batch of 1 where a first dimension is free and nobody named it", () => {
  expect([...withBatch(text, new Map())]).toEqual([["batch", 1]]);
  expect([...withBatch(text, new Map([["batch", 8]]))]).toEqual([["batch", 8]]);
  expect([...withBatch(modelWith(["image", [1, 3]]), new Map())]).toEqual([]);
});
