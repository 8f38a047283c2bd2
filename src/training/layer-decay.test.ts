import { expect, test } from "vitest";
import { decodeModel } from "../onnx/decode.ts";
import { tensorType } from "../onnx/type.ts";
import { layerDecayScales } from "./layer-decay.ts";
import { createTinyModel } from "./tiny-model.fixtures.ts";

test("the learning rate falls by the factor from one block to the one before it", () => {
  const model = decodeModel(createTinyModel());
  const parameters = model.graph.initializers.map((source) => ({
    name: source.name,
    type: tensorType("float32", source.constant!.dims),
    role: "weight" as const,
    depth: 0,
    source,
  }));
  const scales = layerDecayScales(model, { logits: "logits", headParameters: new Set() }, parameters, 0.5);
  expect(Object.fromEntries(parameters.map((p, i) => [p.name, scales[i]]))).toEqual({
    "conv.weight": 0.5,
    "conv.bias": 0.5,
    "fc.weight": 1,
    "fc.bias": 1,
  });
});
