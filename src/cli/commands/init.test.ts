import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { parseConfig } from "../../config/parse.ts";
import { bytesOfBase64, golden } from "../../data/data.fixtures.ts";
import { encodeModel } from "../../onnx/encode.ts";
import { Graph } from "../../onnx/graph.ts";
import { Node } from "../../onnx/node.ts";
import { Value } from "../../onnx/value.ts";
import type { DataType } from "../../tensor/data-type.ts";
import { runInMemory } from "../command-line.fixtures.ts";

/** A model whose inputs are all that matters. */
function modelOf(
  usual: DataType,
  ...inputs: readonly (readonly [string, readonly (number | string)[], DataType?])[]
): Uint8Array {
  const graph = new Graph("inputs");
  for (const [name, dims, dtype = usual] of inputs) {
    const input = new Value(name);
    input.declared = { dtype, dims };
    graph.inputs.push(input);
    const node = new Node("Identity", [input], 1);
    graph.nodes.push(node);
    graph.outputs.push(node.output());
  }
  const opsets = new Map([["", 17]]);
  return encodeModel({
    graph,
    irVersion: 8,
    opsets,
    functions: [],
    producerName: "test",
    producerVersion: "1",
    metadata: new Map(),
    origin: null,
  });
}

const texts = modelOf("int64", ["input_ids", ["batch", "length"]], ["attention_mask", ["batch", "length"]]);
const images = modelOf("float32", ["pixel_values", ["batch", 3, "height", "width"]]);
const imagesWithTexts = modelOf(
  "float32",
  ["pixel_values", ["batch", 3, 48, 48]],
  ["input_ids", ["batch", "length"], "int64"],
);
const rows = modelOf("float32", ["x", ["batch", 2]]);
const waves = modelOf("float32", ["wave", ["batch", 16000]]);
const png = bytesOfBase64((await golden<{ bytes: string }[]>("images.json"))[0]!.bytes);
const wav = bytesOfBase64((await golden<{ bytes: string }[]>("sounds.json"))[0]!.bytes);

const table = (header: string, row: (i: number) => string, count = 24) =>
  `${header}\n${Array.from({ length: count }, (_, i) => `${row(i)}\n`).join("")}`;
const reviews = table(
  "id,review,stars,product",
  (i) => `${i},"it was ${i} times what I wanted",${1 + (i % 5)},${"abc"[i % 3]}`,
);

async function begin(
  content: Readonly<Record<string, string | Uint8Array>>,
  flags = "",
  typed?: readonly string[],
) {
  const data = Object.keys(content)
    .find((name) => name !== "m.onnx")!
    .split("/")[0]!;
  const argv = ["init", "--model", "m.onnx", "--data", data, ...flags.split(" ").filter(Boolean)];
  const { files, ...said } = await runInMemory(argv, content, typed);
  const text = said.code === 0 ? await files.readText("holdfast.yaml") : "";
  return { ...said, text, settings: text === "" ? null : parseConfig(parse(text), "holdfast.yaml") };
}

/** The file with everything that stands in comments as a setting switched on. */
function uncommented(text: string): string {
  return text.replace(/ \{\}(?=.*\n# {2})/g, "").replace(/^# {2}(?=\w)/gm, "  ");
}

describe("init", () => {
  const kinds: readonly (readonly [string, Readonly<Record<string, string | Uint8Array>>, RegExp, RegExp])[] =
    [
      [
        "texts",
        { "m.onnx": texts, "d.csv": table("text,label", (i) => `some words ${i},${"xy"[i % 2]}`) },
        /maxLength|typos/,
        /mean:|flip|cropPadding|size:|groupColumn/,
      ],
      [
        "images",
        { "m.onnx": images, "d/a/1.png": png, "d/a/2.png": png, "d/b/1.png": png, "d/b/2.png": png },
        /size: \[224, 224\]/,
        /maxLength|typos|groupColumn/,
      ],
      [
        "rows",
        { "m.onnx": rows, "d.csv": table("a,b,label", (i) => `${i / 7},${i % 5},${"xy"[i % 2]}`) },
        /groupColumn/,
        /mean:|flip|maxLength|corruption/,
      ],
      [
        "sounds",
        { "m.onnx": waves, "d/a/1.wav": wav, "d/a/2.wav": wav, "d/b/1.wav": wav, "d/b/2.wav": wav },
        /elsewhere: \.\/other-sounds/,
        /mean:|flip|maxLength|corruption/,
      ],
    ];

  test.each(kinds)(
    "writes for %s what fits them, valid as it is and with every comment switched on",
    async (_, content, has, hasNot) => {
      const { code, err, text, settings } = await begin(content);
      expect(code, err).toBe(0);
      expect(settings).toMatchObject({ task: "classification", method: "spd" });
      expect(text).toMatch(has);
      expect(text).not.toMatch(hasNot);
      expect(() => parseConfig(parse(uncommented(text)), "all")).not.toThrow();
      expect(uncommented(text)).not.toMatch(/^# {2}\w/m);
    },
  );

  test("finds the only column that can be the text, and takes a label that was named", async () => {
    const { settings, out } = await begin(
      { "m.onnx": texts, "d.csv": reviews },
      "--dataset.labelColumn product",
    );
    expect(settings?.dataset).toMatchObject({ textColumn: "review", labelColumn: "product" });
    expect(out).toContain('the text is in column "review"');
    const two = table("one,two,label", (i) => `left words ${i},right words ${i},${"xy"[i % 2]}`);
    const { code, err } = await begin({ "m.onnx": texts, "d.csv": two });
    expect(code).toBe(2);
    expect(err).toContain(
      "Which column of d.csv holds the text? Answer with --dataset.textColumn and one of",
    );
    expect(err).toMatch(/one \(24 different values in 24 rows, such as left words 0\)/);
  });

  test("knows questions about images, captions and masks by their columns", async () => {
    const questions = table(
      "image,question,answer,type",
      (i) => `${1 + (i % 2)}.png,what is ${i},cat,${"ab"[i % 2]}`,
    );
    const captions = table("image,caption", (i) => `${1 + (i % 2)}.png,number ${i}`);
    const masks = table("image,mask", (i) => `${1 + (i % 2)}.png,2.png`);
    for (const [content, task] of [
      [{ "m.onnx": imagesWithTexts, "d.csv": questions }, "vqa"],
      [{ "m.onnx": imagesWithTexts, "d.csv": captions }, "contrastive"],
      [{ "m.onnx": images, "d.csv": masks, "classes.txt": "a\nb\n" }, "segmentation"],
    ] as const) {
      const { code, err, settings } = await begin({ ...content, "1.png": png, "2.png": png });
      expect([code, settings?.task], err).toEqual([0, task]);
    }
  });

  test("says which columns are not read, and takes a question without an answer for a text", async () => {
    const scores = table("question,context,score", (i) => `what is ${i},it is ${i},${i / 7}`);
    const { settings, out } = await begin({ "m.onnx": texts, "d.csv": scores }, "--task regression");
    expect(settings?.dataset).toMatchObject({ labelColumn: "score" });
    expect(out).toContain("not read: context");
  });

  test("asks in a terminal for a label that several columns could be, and guesses nowhere", async () => {
    const content = { "m.onnx": texts, "d.csv": reviews };
    const refused = await begin(content);
    expect(refused.code).toBe(2);
    expect(refused.err).toMatch(
      /Which column of d.csv is the label\? .*--dataset.labelColumn.*\n +stars .*\n +product/,
    );
    const asked = await begin(content, "", ["7", "product"]);
    expect(asked.err).toMatch(/1 {2}stars .*\n {2}2 {2}product .*\n1 to 2: 1 to 2: /);
    expect(asked.settings?.dataset.labelColumn).toBe("product");
    expect((await begin(content, "", ["2"])).settings?.dataset.labelColumn).toBe("product");
    const silent = await begin(content, "", []);
    expect([silent.code, silent.err]).toEqual([
      2,
      expect.stringContaining("No answer was given; pass --dataset.labelColumn"),
    ]);
  });

  test("leaves out columns that are no features, and refuses as many as the model does not take", async () => {
    const named = {
      "m.onnx": rows,
      "d.csv": table("who,a,b,label", (i) => `p${i},${i / 7},${i % 4},${"xy"[i % 2]}`),
    };
    const { settings, out, err } = await begin(named);
    expect(settings?.dataset.featureColumns, err).toEqual(["a", "b"]);
    expect(out).toContain("columns that are no features are left out: who");
    const many = {
      "m.onnx": rows,
      "d.csv": table("a,b,c,label", (i) => `${i / 7},${i / 3},${i % 4},${"xy"[i % 2]}`),
    };
    const refused = await begin(many);
    expect(refused.err).toContain(
      "the model takes 2 numbers, and d.csv has 3 columns of numbers beside the label: a, b, c. Name those to use",
    );
    const chosen = await begin(many, "--dataset.featureColumns c,a");
    expect(chosen.settings?.dataset.featureColumns).toEqual(["c", "a"]);
  });

  test("looks into the parts of a folder, and needs a model and data", async () => {
    const part = (from: number) => table("review,stars", (i) => `words ${from + i},${"xy"[i % 2]}`);
    const { settings } = await begin({
      "m.onnx": texts,
      "d/train-00000-of-00001.csv": part(0),
      "d/test-00000-of-00001.csv": part(50),
    });
    expect(settings?.dataset).toMatchObject({ textColumn: "review", labelColumn: "stars" });
    const missing = await runInMemory(["init", "--model", "m.onnx"], {});
    expect([missing.code, missing.err]).toEqual([2, expect.stringContaining("--data is missing")]);
  });
});
