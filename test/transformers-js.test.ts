import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  AutoModel,
  AutoProcessor,
  env,
  ImageClassificationPipeline,
  pipeline,
  RawImage,
  type Tensor,
} from "@huggingface/transformers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ConfigInput } from "../src/config/schema.ts";
import type { Image } from "../src/data/dataset.ts";
import { encodePng } from "../src/data/encode-png.ts";
import { openInputs } from "../src/data/open-inputs.ts";
import { type ImagePreprocessing, imagePreprocessing } from "../src/data/preprocess/config.ts";
import { createPreprocessor } from "../src/data/preprocess/preprocessor.ts";
import { preprocessorJson } from "../src/data/preprocess/to-json.ts";
import { finetune } from "../src/finetune.ts";
import { nodeFiles } from "../src/platform/node-files.ts";
import { openRuntime, type Runtime } from "../src/runtime/runtime.ts";
import { createRandom } from "../src/tensor/random.ts";
import { DeployedModel } from "../src/training/deployed-model.ts";
import { predict } from "../src/training/predict.ts";

// What a run writes is opened by Transformers.js itself, by path and without a network, and must say what we say.
const fixtures = join(import.meta.dirname, "fixtures/transformers");
const SIZE = 16;
/** Largest difference of a probability: both compute in float32, in batches of different sizes. */
const TOLERANCE = 1e-5;

let folder: string;
let runtime: Runtime;
const at = (name: string) => join(folder, name);
const config = (run: string) =>
  JSON.parse(readFileSync(at(`${run}/model/config.json`), "utf8")) as Record<string, unknown>;

/** Images that are bright toward one side, a folder per side; returns the path of one. */
async function writeImages(into: string, count: number): Promise<string> {
  const random = createRandom(5);
  for (const [c, side] of ["east", "north", "south", "west"].entries()) {
    mkdirSync(at(`${into}/${side}`), { recursive: true });
    for (let i = 0; i < count; i++) {
      const data = Uint8Array.from({ length: SIZE * SIZE * 3 }, (_, k) => {
        const [x, y] = [Math.floor(k / 3) % SIZE, Math.floor(k / 3 / SIZE)];
        const along = [x, SIZE - 1 - y, y, SIZE - 1 - x][c]!;
        return 12 * along + random.integer(60) + (k % 3);
      });
      writeFileSync(
        at(`${into}/${side}/${i}.png`),
        await encodePng({ kind: "image", height: SIZE, width: SIZE, channels: 3, data }),
      );
    }
  }
  return at(`${into}/south/0.png`);
}

function writeSentences(path: string): void {
  const random = createRandom(3);
  const filler = ["the", "film", "book", "was", "is", "very", "quite"];
  const rows = Array.from({ length: 64 }, (_, i) => {
    const words = Array.from({ length: 2 + random.integer(7) }, () => filler[random.integer(filler.length)]!);
    const kinds = i % 2 ? ["good", "lovely", "warm"] : ["bad", "dull", "cold"];
    words.splice(random.integer(words.length), 0, kinds[random.integer(3)]!);
    return `${words.join(" ")}\t${i % 2 ? "praise" : "blame"}`;
  });
  writeFileSync(at(path), `text\tlabel\n${rows.join("\n")}\n`);
}

async function train(settings: Omit<ConfigInput, "out"> & { readonly out: string }): Promise<void> {
  const { model, data, out } = settings;
  await finetune(
    {
      epochs: 2,
      batchSize: 8,
      report: false,
      optimizer: { lr: 1e-3 },
      ...settings,
      model,
      data: at(data),
      out: at(out),
    },
    { files: nodeFiles, runtime },
  );
}

type Scores = Readonly<Record<string, number>>;

/** Probabilities by class, as holdfast predicts them. */
async function ours(
  run: string,
  inputs: Parameters<typeof openInputs>[1],
  texts: readonly string[] = [],
): Promise<Scores[]> {
  const model = await DeployedModel.open(at(run), { files: nodeFiles, runtime });
  const said: Scores[] = [];
  for await (const { fields } of predict(model, await openInputs(nodeFiles, inputs, { texts }), 1000)) {
    const probabilities = fields.probabilities as readonly { class: string; probability: number }[]; // a classifier's
    said.push(Object.fromEntries(probabilities.map((p) => [p.class, p.probability])));
  }
  await model.release();
  return said;
}

function byLabel(output: unknown): Scores {
  return Object.fromEntries((output as { label: string; score: number }[]).map((o) => [o.label, o.score]));
}

function expectEqual(theirs: Scores, mine: Scores): void {
  expect(Object.keys(theirs).sort()).toEqual(Object.keys(mine).sort());
  for (const [label, p] of Object.entries(mine))
    expect(Math.abs(theirs[label]! - p), label).toBeLessThan(TOLERANCE);
}

beforeAll(async () => {
  env.allowRemoteModels = false;
  folder = mkdtempSync(join(tmpdir(), "holdfast-transformers-"));
  runtime = await openRuntime({ prefer: "native", threads: 1 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("Transformers.js loads what a run writes", () => {
  let image: string;
  beforeAll(async () => {
    image = await writeImages("sides", 8);
    writeSentences("opinions.tsv");
  });

  test("an image classifier with its own config and preprocessor", async () => {
    await train({ model: join(fixtures, "vit"), data: "sides", out: "vit" });
    expect(config("vit")).toMatchObject({ model_type: "vit", architectures: ["ViTForImageClassification"] });
    const classify = await pipeline("image-classification", at("vit/model"));
    const [mine] = await ours("vit", [image]);
    expectEqual(byLabel(await classify(image)), mine!);
  }, 60_000);

  test("a text classifier whose head is new, of a tokenizer without a configuration", async () => {
    cpSync(join(fixtures, "bert"), at("encoder"), { recursive: true });
    rmSync(at("encoder/tokenizer_config.json"));
    await train({ model: at("encoder"), data: "opinions.tsv", out: "bert", preprocess: { maxLength: 20 } });
    const tokenizer = readFileSync(at("bert/model/tokenizer_config.json"), "utf8");
    expect(JSON.parse(tokenizer)).toMatchObject({ model_max_length: 20 });
    expect(config("bert")).toMatchObject({
      model_type: "bert",
      architectures: ["BertForSequenceClassification"],
      problem_type: "single_label_classification",
      label2id: { blame: 0, praise: 1 },
    });
    const texts = ["the film was lovely", "a very cold and dull book about Paris", "so what ?"];
    const classify = await pipeline("text-classification", at("bert/model"));
    const mine = await ours("bert", [], texts);
    for (const [i, text] of texts.entries())
      expectEqual(byLabel(await classify(text, { top_k: 2 })), mine[i]!);

    // What that pipeline finds in a classifier are its logits, before the softmax.
    const extract = await pipeline("feature-extraction", at("bert/model"));
    const logits = Array.from((await extract(texts[0]!)).data as Float32Array);
    const [blame, praise] = [Math.log(mine[0]!.blame!), Math.log(mine[0]!.praise!)];
    expect(logits).toHaveLength(2);
    expect(logits[1]! - logits[0]!).toBeCloseTo(praise - blame, 4);
  }, 60_000);

  test("a model that came as a bare file, under the names and the family that its user gave", async () => {
    await train({
      model: join(fixtures, "resnet/model.onnx"),
      data: "sides",
      out: "resnet",
      export: { names: "transformers", modelType: "resnet" },
    });
    const classify = await pipeline("image-classification", at("resnet/model"));
    const [mine] = await ours("resnet", [image]);
    expectEqual(byLabel(await classify(image)), mine!);
  }, 60_000);

  test("a model of no named family by AutoModel, whose pipeline is put together by hand", async () => {
    await train({
      model: join(fixtures, "resnet/model.onnx"),
      data: "sides",
      out: "custom",
      export: { names: "transformers" },
    });
    expect(config("custom")).toMatchObject({ model_type: "custom" });
    expect(config("custom")).not.toHaveProperty("architectures");
    const model = await AutoModel.from_pretrained(at("custom/model"));
    const processor = await AutoProcessor.from_pretrained(at("custom/model"));
    const classify = new ImageClassificationPipeline({ task: "image-classification", model, processor });
    const [mine] = await ours("custom", [image]);
    expectEqual(byLabel(await classify(image)), mine!);
  }, 60_000);
});

/** The numbers that a preprocessor of ours, and the file it writes, make of an image for the model. */
async function pixels(
  config: ImagePreprocessing,
  image: Image,
): Promise<{
  readonly mine: readonly number[];
  readonly theirs: readonly number[];
  readonly dims: readonly number[];
}> {
  mkdirSync(at("pixels"), { recursive: true });
  writeFileSync(at("pixels/preprocessor_config.json"), JSON.stringify(preprocessorJson(config)));
  writeFileSync(at("pixels/image.png"), await encodePng(image));
  const processor = await AutoProcessor.from_pretrained(at("pixels"));
  const { pixel_values } = (await processor(await RawImage.read(at("pixels/image.png")))) as {
    pixel_values: Tensor;
  };
  const preprocessor = createPreprocessor(config);
  const buffer = preprocessor.buffer("pixel_values", 1);
  buffer.write(preprocessor.prepare(image), 0);
  const mine = buffer.inputs(1).get("pixel_values")!.data as Float32Array;
  return { mine: [...mine], theirs: [...(pixel_values.data as Float32Array)], dims: pixel_values.dims };
}

function noise(channels: 1 | 3, height: number, width: number): Image {
  const random = createRandom(9);
  const data = Uint8Array.from({ length: height * width * channels }, () => random.integer(256));
  return { kind: "image", height, width, channels, data };
}

describe("the same pixels reach the model by the preprocessor_config.json that we write", () => {
  const colour = { channels: 3, height: 12, width: 10 } as const;
  const statistics = { mean: [0.5, 0.4, 0.3], std: [0.2, 0.25, 0.3] };
  test.each([
    ["normalised", imagePreprocessing(colour, statistics), noise(3, 12, 10)],
    ["blue first", imagePreprocessing(colour, { ...statistics, channelOrder: "bgr" }), noise(3, 12, 10)],
    [
      "neither rescaled nor resized",
      imagePreprocessing(colour, { rescale: 1, resize: null }),
      noise(3, 12, 10),
    ],
    [
      "the middle of a larger image",
      imagePreprocessing(colour, { resize: null, crop: { height: 12, width: 10 } }),
      noise(3, 17, 21),
    ],
    [
      "an edge, then the middle",
      imagePreprocessing(colour, { resize: { shortestEdge: 12 }, crop: { height: 12, width: 10 } }),
      noise(3, 12, 19),
    ],
    [
      "a small image in the middle of black",
      imagePreprocessing(colour, { resize: null, crop: { height: 12, width: 10 } }),
      noise(3, 8, 6),
    ],
    [
      "grey",
      imagePreprocessing({ channels: 1, height: 12, width: 10 }, { mean: [0.1], std: [0.3] }),
      noise(1, 12, 10),
    ],
    ["grey in three channels", imagePreprocessing(colour, statistics), noise(1, 12, 10)],
  ] as const)("%s", async (_, config, image) => {
    const { mine, theirs, dims } = await pixels(config, image);
    expect(dims).toEqual([1, config.channels, config.size.height, config.size.width]);
    theirs.forEach((v, i) => void expect(v).toBeCloseTo(mine[i]!, 5));
  });
});
