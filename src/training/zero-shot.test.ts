import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parseConfig } from "../config/parse.ts";
import type { ConfigInput } from "../config/schema.ts";
import { preprocessingFor } from "../data/preprocess/preprocessing-for.ts";
import { createPreprocessor } from "../data/preprocess/preprocessor.ts";
import { putZeroShotHead } from "../heads/zero-shot-head.ts";
import { encodeModel } from "../onnx/encode.ts";
import { loadModel } from "../onnx/load.ts";
import { createMemoryFiles } from "../platform/memory-files.ts";
import { nodeFiles } from "../platform/node-files.ts";
import { openRuntime } from "../runtime/runtime.ts";
import { type Tensor, toNumbers } from "../tensor/tensor.ts";
import { modelInputs } from "./input-shapes.ts";
import { findModel } from "./model-source.ts";
import { cutToImages, DEFAULT_TEMPLATES, zeroShotClassifier } from "./zero-shot.ts";

/** Two transformers of two layers in float32, against PyTorch's: relative to the largest logit. */
const TOLERANCE = 1e-4 / 14;

/** What scripts/goldens/clip.py writes. */
interface Golden {
  readonly classes: readonly string[];
  readonly templates: readonly string[];
  readonly scale: number;
  readonly images: readonly number[];
  readonly labels: readonly number[];
  readonly classifier: readonly number[];
  readonly logits: readonly number[];
}

const folder = fileURLToPath(new URL("fixtures/clip", import.meta.url));
const golden = JSON.parse(readFileSync(`${folder}/golden.json`, "utf8")) as Golden; // written by the script
const runtime = await openRuntime({ prefer: "native", threads: 1 });

const headSettings = (head: ConfigInput["head"]) =>
  parseConfig({ model: "m", data: "d", out: "o", head: { mode: "zero-shot", ...head } }).head;

async function classify(file: string, head: ConfigInput["head"] = {}) {
  const source = await findModel(nodeFiles, `${folder}/onnx/${file}`);
  const settings = headSettings({ templates: [...golden.templates], ...head });
  const common = { files: nodeFiles, runtime, head: settings, source, classes: golden.classes };
  return { source, settings, ...(await zeroShotClassifier(common)) };
}

/** The images of the golden as the model takes them: preprocessed as its preprocessor_config.json says. */
function pixels(
  json: unknown,
  inputs: ReturnType<typeof modelInputs>["inputs"],
): ReadonlyMap<string, Tensor> {
  const preprocessor = createPreprocessor(preprocessingFor("image", inputs, { json }));
  const count = golden.labels.length;
  const size = golden.images.length / count;
  const buffer = preprocessor.buffer(inputs[0]!.name, count); // the image tower has one input
  for (let i = 0; i < count; i++) {
    const data = Uint8Array.from(golden.images.slice(i * size, (i + 1) * size));
    buffer.write(preprocessor.prepare({ kind: "image", height: 16, width: 16, channels: 3, data }), i);
  }
  return buffer.inputs(count);
}

function expectClose(got: readonly number[], want: readonly number[]): void {
  expect(got).toHaveLength(want.length);
  const scale = Math.max(...want.map(Math.abs));
  for (const [i, w] of want.entries()) expect(Math.abs(got[i]! - w) / scale).toBeLessThan(TOLERANCE);
}

describe("a zero-shot classifier", () => {
  test.each([
    ["text_model.onnx beside it", "vision_model.onnx", { logitScale: golden.scale }],
    ["the whole model, which holds the scale", "model.onnx", { textModel: `${folder}/onnx/model.onnx` }],
  ])("made by %s gives Python's logits", async (_, file, head) => {
    const { source, settings, weight, notes } = await classify(file, head);
    expectClose(
      toNumbers(weight),
      golden.classifier.map((v) => v * golden.scale),
    );
    expect(notes.join()).toMatch(/made of 4 class names in 2 templates.*the logit scale is 14\.33\./);
    const model = await loadModel(source.path, nodeFiles);
    cutToImages(model, settings);
    const feature = model.graph.outputs[0]!; // cut to it
    const { inputs } = modelInputs(model);
    expect(inputs.map((i) => i.name)).toEqual(["pixel_values"]);
    const { logits } = putZeroShotHead(model, {
      feature,
      type: { dtype: "float32", dims: [24, 12] },
      weight,
    });
    const session = await runtime.createSession(encodeModel(model));
    const out = (await session.run(pixels(source.preprocessor, inputs))).get(logits.name)!;
    await session.release();
    expectClose(toNumbers(out), golden.logits);
  });

  test("has CLIP's scale where no file tells it, and says so", async () => {
    const { weight, notes } = await classify("vision_model.onnx");
    expectClose(
      toNumbers(weight),
      golden.classifier.map((v) => v * 100),
    );
    expect(notes.join()).toMatch(
      /the logit scale is 100, CLIP's, since no file tells it \(head\.logitScale\)/,
    );
  });

  test("takes templates of a file, one on each line", async () => {
    const lines = `${golden.templates.join("\r\n")}\n\n`;
    const files = {
      ...nodeFiles,
      readText: async (path: string) => (path === "t.txt" ? lines : nodeFiles.readText(path)),
    };
    const source = await findModel(nodeFiles, `${folder}/onnx/vision_model.onnx`);
    const head = headSettings({ templates: "t.txt", logitScale: golden.scale });
    const { weight } = await zeroShotClassifier({ files, runtime, head, source, classes: golden.classes });
    expectClose(
      toNumbers(weight),
      golden.classifier.map((v) => v * golden.scale),
    );
  });

  test("has a place for the name in each of its own templates", () => {
    expect(DEFAULT_TEMPLATES.every((t) => t.includes("{}"))).toBe(true);
  });
});

describe("what a zero-shot classifier cannot be made of is said", () => {
  test("a template without a place for the name", async () => {
    await expect(classify("vision_model.onnx", { templates: ["a photo"] })).rejects.toThrow(
      /head\.templates: "a photo" has no \{\}; each takes the class name/,
    );
  });

  test("a model without texts", async () => {
    const vision = `${folder}/onnx/vision_model.onnx`;
    await expect(classify("vision_model.onnx", { textModel: vision })).rejects.toThrow(
      /texts feed \[batch, length\]/,
    );
  });

  test("a text tower with a tokenizer of another model", async () => {
    const bytes = new Uint8Array(readFileSync(`${folder}/onnx/text_model.onnx`));
    const tokenizer = readFileSync(`${folder}/tokenizer.json`, "utf8").replaceAll(/\b65\b/gu, "4711");
    const files = createMemoryFiles({ "text/model.onnx": bytes, "text/tokenizer.json": tokenizer });
    const source = await findModel(files, "text");
    const head = headSettings({ textModel: "text" });
    await expect(
      zeroShotClassifier({ files, runtime, head, source, classes: golden.classes }),
    ).rejects.toThrow(/it gives token 4711, and the model has embeddings of 66 tokens/);
  });

  test("a text tower without a tokenizer", async () => {
    const bytes = new Uint8Array(readFileSync(`${folder}/onnx/text_model.onnx`));
    const files = createMemoryFiles({ "text/model.onnx": bytes, "image/model.onnx": bytes });
    const source = await findModel(files, "image");
    const head = headSettings({ textModel: "text" });
    await expect(
      zeroShotClassifier({ files, runtime, head, source, classes: golden.classes }),
    ).rejects.toThrow(/text: class names need the text tower's tokenizer/);
  });

  test("an image embedding of another length", async () => {
    const { weight, source } = await classify("vision_model.onnx");
    const model = await loadModel(source.path, nodeFiles);
    const feature = model.graph.outputs[0]!; // image_embeds
    const type = { dtype: "float32", dims: [24, 20] } as const;
    expect(() => putZeroShotHead(model, { feature, type, weight })).toThrow(
      /"image_embeds" has shape \[24, 20\], the texts' have 12 numbers/,
    );
  });
});
