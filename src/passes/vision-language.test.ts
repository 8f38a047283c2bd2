import { describe, expect, test } from "vitest";
import { checkModel } from "../../test/support/gradient-check.ts";
import { type GraphText, graphOf, modelOf } from "../../test/support/graph-of.ts";
import { encodeModel } from "../onnx/encode.ts";
import type { Model } from "../onnx/model.ts";
import { saveModel } from "../onnx/save.ts";
import type { DeclaredType, Dim } from "../onnx/type.ts";
import { createMemoryFiles } from "../platform/memory-files.ts";
import { int64s, type Tensor, tensor } from "../tensor/tensor.ts";
import { joinLanguageModel, type LanguageModelParts } from "./vision-language.ts";

const IMAGE = 4;
const [B, T, N, D] = [2, 5, 2, 3];
const floats = (...dims: Dim[]): DeclaredType => ({ dtype: "float64", dims });
const numbers = (dims: readonly number[], f: (i: number) => number) =>
  tensor(
    "float64",
    dims,
    Float64Array.from({ length: dims.reduce((a, b) => a * b) }, (_, i) => f(i)),
  );

const vision: GraphText = {
  inputs: { pixel_values: floats("batch", N, D) },
  constants: { gain: numbers([D], (i) => i + 0.5) },
  nodes: [
    ["Mul", ["pixel_values", "gain"], ["h"]],
    // A form of the operator that later versions know no more.
    ["Unsqueeze", ["h"], ["u"], { axes: [0] }],
    ["Squeeze", ["u"], ["image_features"], { axes: [0] }],
  ],
  outputs: ["image_features"],
  declared: { image_features: floats("batch", N, D) },
};
const embedding: GraphText = {
  inputs: { input_ids: { dtype: "int64", dims: ["batch", "length"] }, shift: floats(D) },
  constants: { weight: numbers([6, D], Math.cos) },
  nodes: [
    ["Gather", ["weight", "input_ids"], ["h"]],
    ["Add", ["h", "shift"], ["inputs_embeds"]],
  ],
  outputs: ["inputs_embeds"],
  declared: { inputs_embeds: floats("batch", "length", D) },
};
const decoder: GraphText = {
  inputs: { inputs_embeds: floats("batch", "length", D) },
  constants: { weight: numbers([D, 2], Math.sin) },
  nodes: [
    ["Mul", ["inputs_embeds", "inputs_embeds"], ["h"]],
    ["MatMul", ["h", "weight"], ["logits"]],
  ],
  outputs: ["logits"],
};

/** The same from pixels and tokens to logits as PyTorch exports it: values are scattered to where the mask is true. */
const whole: GraphText = {
  inputs: { ...vision.inputs, ...embedding.inputs },
  constants: {
    gain: vision.constants!.gain!,
    table: embedding.constants!.weight!,
    last: decoder.constants!.weight!,
    image: tensor("int64", [], BigInt64Array.of(BigInt(IMAGE))),
    rows: int64s([-1, D]),
  },
  nodes: [
    ["Mul", ["pixel_values", "gain"], ["f"]],
    ["Gather", ["table", "input_ids"], ["g"]],
    ["Add", ["g", "shift"], ["e"]],
    ["Equal", ["input_ids", "image"], ["mask"]],
    ["NonZero", ["mask"], ["found"]],
    ["Transpose", ["found"], ["places"], { perm: [1, 0] }],
    ["Reshape", ["f", "rows"], ["features"]],
    ["ScatterND", ["e", "places", "features"], ["merged"]],
    ["Mul", ["merged", "merged"], ["h"]],
    ["MatMul", ["h", "last"], ["logits"]],
  ],
  outputs: ["logits"],
};

const partsOf = (
  changes: { [K in keyof LanguageModelParts]?: GraphText | null } = {},
): LanguageModelParts => {
  const texts = { visionEncoder: vision, tokenEmbedding: embedding, decoder, ...changes };
  return {
    visionEncoder: texts.visionEncoder ? modelOf(graphOf(texts.visionEncoder), 12) : null,
    tokenEmbedding: modelOf(graphOf(texts.tokenEmbedding ?? embedding), 21),
    decoder: modelOf(graphOf(texts.decoder ?? decoder), 17),
  };
};

describe("the parts of a vision–language model", () => {
  test("compute together what one exported graph does, and its derivative, each in its own version of the operators", async () => {
    const ids = [IMAGE, 0, IMAGE, 1, 2, 3, IMAGE, IMAGE, 5, 0];
    await checkModel(joinLanguageModel(partsOf(), IMAGE), {
      title: "joined",
      reference: modelOf(graphOf(whole), 17),
      feeds: new Map<string, Tensor>([
        ["pixel_values", numbers([B, N, D], (i) => Math.sin(3 * i))],
        ["input_ids", tensor("int64", [B, T], BigInt64Array.from(ids, BigInt))],
        ["shift", numbers([D], (i) => i / 5)],
      ]),
      tolerance: 1e-6,
      step: 1e-4,
    });
  });

  test("are what they were when they are taken apart, and joined again afterwards", async () => {
    const parts = partsOf();
    const bytes = (model: Model) => Buffer.from(encodeModel(model)).toString("base64");
    const before = [parts.visionEncoder!, parts.tokenEmbedding, parts.decoder].map(bytes);
    const joined = joinLanguageModel(parts, IMAGE);
    const names = () => joined.graph.initializers.map((v) => v.name);
    expect(names()).toEqual(["vision_encoder/gain", "embed_tokens/weight", "decoder/weight"]);
    const whole = bytes(joined);
    expect(await joined.apart(async (each) => each.map((p) => bytes(p.model)))).toEqual(before);
    expect(bytes(joined)).toBe(whole);
    await expect(joined.apart(() => Promise.reject(new Error("no room")))).rejects.toThrow("no room");
    expect(bytes(joined)).toBe(whole);
  });

  test("go to no file of one model", async () => {
    await expect(
      saveModel(joinLanguageModel(partsOf(), IMAGE), "a.onnx", createMemoryFiles()),
    ).rejects.toThrow(
      /a.onnx: the model is joined of vision_encoder, embed_tokens, decoder, .*name a folder/u,
    );
  });

  const wide = { ...vision, declared: { image_features: floats("batch", N, 7) } };
  const states = { ...decoder, inputs: { ...decoder.inputs, encoder_hidden_states: floats("batch", 1, D) } };
  const unfed = { ...decoder, inputs: { hidden: floats("batch", "length", D) } };
  test.each([
    [
      "a width that the decoder does not take",
      { visionEncoder: wide },
      /vision_encoder: .*"image_features" is 7 wide.*"inputs_embeds" 3/u,
    ],
    ["an encoder of texts beside", { decoder: states }, /decoder takes "encoder_hidden_states"/u],
    [
      "a decoder of tokens",
      { decoder: { ...unfed, nodes: [["Identity", ["hidden"], ["logits"]]] } as GraphText },
      /decoder takes hidden; expected an input "inputs_embeds"/u,
    ],
    [
      "two inputs of one name",
      { visionEncoder: { ...vision, inputs: { ...vision.inputs, shift: floats(D) } } },
      /two parts .* an input "shift"/u,
    ],
  ])("are refused for %s", (_, changes, message) => {
    expect(() => joinLanguageModel(partsOf(changes), IMAGE)).toThrow(message);
  });

  test("are refused where nothing says which tokens are an image's", () => {
    expect(() => joinLanguageModel(partsOf(), null)).toThrow(/no image_token_index/u);
    expect(joinLanguageModel(partsOf({ visionEncoder: null }), null).parts.length).toBe(2);
  });
});
