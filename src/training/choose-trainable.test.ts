import { describe, expect, test } from "vitest";
import { graphOf, modelOf } from "../../test/support/graph-of.ts";
import { conformanceCases, readCase } from "../onnx/conformance.fixtures.ts";
import { decodeModel } from "../onnx/decode.ts";
import { loadModel } from "../onnx/load.ts";
import { tensor } from "../tensor/tensor.ts";
import { chooseTrainable } from "./choose-trainable.ts";
import { createTinyModel } from "./tiny-model.fixtures.ts";

const tiny = () => decodeModel(createTinyModel());

function names(wanted: string): string[] {
  const model = tiny();
  const head = new Set(model.graph.initializers.filter((v) => v.name.startsWith("fc.")));
  return chooseTrainable(model, wanted, { head }).map((t) => t.name);
}

test("all, head, bias, blocks and names choose what they say, and the head with it", () => {
  const everything = ["conv.weight", "conv.bias", "fc.weight", "fc.bias"];
  expect(names("all")).toEqual(everything);
  expect(names("head")).toEqual(["fc.weight", "fc.bias"]);
  expect(names("bias")).toEqual(["conv.bias", "fc.weight", "fc.bias"]);
  expect(names("blocks:0-0")).toEqual(everything);
  expect(names("blocks:1-")).toEqual(["fc.weight", "fc.bias"]);
  expect(names("^conv.w")).toEqual(["conv.weight", "fc.weight", "fc.bias"]);
  expect(names("but:weight")).toEqual(["conv.bias", "fc.weight", "fc.bias"]);
});

test.each([
  ["blocks:1-7", /blocks 0 to 1, which this network has/],
  ["blocks:-", /expected blocks:FROM-TO/],
  ["blocks:1-0", /expected blocks:FROM-TO/],
  ["but:[", /no regular expression; expected all, head, bias/],
  ["[", /no regular expression; expected all, head, bias/],
])("%s is refused with what is expected", (wanted, message) => {
  expect(() => names(wanted)).toThrow(message);
});

test("a name that fits nothing is refused where there is no head to train", () => {
  expect(() => chooseTrainable(tiny(), "nothing-like-it")).toThrow(/fits no weight; holdfast inspect/);
});

test("a pattern that fits weights leaves the constants among them, but for those that it spells", () => {
  const vector = (...values: number[]) => tensor("float32", [values.length], Float32Array.from(values));
  const model = modelOf(
    graphOf({
      inputs: { x: { dtype: "float32", dims: [4, 2] } },
      constants: {
        "fc.weight": tensor("float32", [2, 2], Float32Array.of(1, 2, 3, 4)),
        "fc.scale": vector(3),
      },
      nodes: [
        ["Constant", [], ["fc.exponent"], { value: vector(2) }],
        ["MatMul", ["x", "fc.weight"], ["h"]],
        ["Pow", ["h", "fc.exponent"], ["p"]],
        ["Clip", ["p", "", "fc.scale"], ["y"]],
      ],
      outputs: ["y"],
    }),
  );
  const chosen = (wanted: string) => chooseTrainable(model, wanted).map((t) => t.name);
  expect(chosen("^fc")).toEqual(["fc.weight"]);
  expect(chosen("weight|fc.scale")).toEqual(["fc.weight", "fc.scale"]);
  expect(chosen("exponent")).toEqual(["fc.exponent"]);
});

test.skipIf(conformanceCases.size === 0)(
  "all but some leaves a real export's constants as they are",
  async () => {
    const { path, files } = await readCase("bert_tiny_cls__ts17");
    const namesOf = async (wanted: string) =>
      chooseTrainable(await loadModel(path, files), wanted).map((t) => t.name);
    const isWord = (name: string) => name.includes("word_embeddings");
    const all = await namesOf("all");
    expect(all.filter(isWord).length).toBeGreaterThan(0);
    expect(await namesOf("but:word_embeddings")).toEqual(all.filter((n) => !isWord(n)));
  },
);

describe.skipIf(conformanceCases.size === 0)("biases of real exports", () => {
  test.each(["bert_tiny_cls__ts11", "bert_tiny_cls__ts17", "bert_tiny_cls__dyn18"])(
    "%s: every bias and every β of a norm, by the names that PyTorch gave them",
    async (name) => {
      const { path, files } = await readCase(name);
      const chosen = chooseTrainable(await loadModel(path, files), "bias").map((t) => t.name);
      const all = chooseTrainable(await loadModel(path, files), "all").map((t) => t.name);
      expect(chosen).toEqual(all.filter((n) => n.endsWith(".bias")));
      expect(chosen.length).toBeGreaterThan(15);
    },
  );
});
