import { expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import { fixtureRun } from "../report/report.fixtures.ts";
import { modelCard } from "./card.ts";
import type { CardFacts } from "./card-facts.ts";

const facts: CardFacts = {
  baseModel: "org/base",
  license: { license: "apache-2.0" },
  dataset: "org/digits",
  pipeline: "image-classification",
  family: "vit",
  architecture: "ViTForImageClassification",
  onnxFiles: ["model.onnx"],
};

interface FrontMatter {
  readonly "model-index": readonly {
    readonly results: readonly {
      readonly dataset: { readonly name: string };
      readonly metrics: readonly { readonly type: string; readonly value: number }[];
    }[];
  }[];
}

function frontMatterOf(card: string): FrontMatter {
  return parseYaml(card.split("---\n")[1]!) as FrontMatter;
}

test("the front matter holds what the Hub reads, and every number of every set", () => {
  const run = fixtureRun({ head: "kept" });
  const found = frontMatterOf(modelCard(run, facts, "me/digits"));
  expect(found).toMatchObject({
    license: "apache-2.0",
    base_model: "org/base",
    library_name: "transformers.js",
    pipeline_tag: "image-classification",
    datasets: ["org/digits"],
    metrics: ["accuracy"],
  });
  const results = found["model-index"][0]!.results;
  expect(results.map((r) => r.dataset.name)).toContain("other writers (shifted)");
  for (const { set, kind, metrics } of run.summary.sets) {
    if (kind === "train") continue;
    const own = results.find((r) => r.dataset.name.replace(" (shifted)", "") === set);
    expect(own?.metrics.find((m) => m.type === "accuracy")?.value, set).toBe(metrics.accuracy);
  }
});

test("the table has every set before and after with intervals, and the mean of the shifted ones", () => {
  const card = modelCard(fixtureRun({ head: "kept" }), facts, "me/digits");
  const rows = card.split("\n").filter((line) => line.startsWith("| "));
  const test = rows.find((row) => row.startsWith("| test | in distribution"))!;
  expect(test.replaceAll("\u202f", " ")).toMatch(
    /^\| test \| in distribution \| 1 000 \| \d+\.\d % \(.+–.+ %\) \| \*\*\d+\.\d % \(.+\)\*\* \| [+−±]\d+\.\d \(.+ to .+\) \|$/,
  );
  expect(rows.some((row) => row.startsWith("| mean of shifted sets | unweighted"))).toBe(true);
  expect(card).toContain("npx holdfast finetune --model ppocr-rec.onnx");
  expect(card).toContain('pipeline("image-classification", "me/digits")');
});

test("guesses of an untrained head are left out, and what is not known is said", () => {
  const bare: CardFacts = {
    ...facts,
    ...{ baseModel: null, license: {}, dataset: null, pipeline: null, family: "custom", architecture: null },
  };
  const card = modelCard(fixtureRun({ head: "new" }), bare, "digits");
  expect(card).not.toContain("| before |");
  expect(card).toContain("The licence of the model it started from is not stated here");
  expect(card).toContain("AutoModel.from_pretrained");
  expect(frontMatterOf(card)).not.toHaveProperty("base_model");
});

test("names from data cannot end a cell or become markup", () => {
  const card = modelCard(fixtureRun({ classes: ["a|b", "<script>", "c\nd"] }), facts, "x");
  expect(card).toContain("Classes: a\\|b, \\<script\\>, c d.");
});

test("a model in parts is loaded by its class, and all of its files are named", () => {
  const onnxFiles = ["decoder_model_merged.onnx", "embed_tokens.onnx", "vision_encoder.onnx"];
  const architecture = "PaliGemmaForConditionalGeneration";
  const card = modelCard(fixtureRun({}), { ...facts, pipeline: null, architecture, onnxFiles }, "me/answers");
  expect(card).toContain(`${architecture}.from_pretrained("me/answers")`);
  expect(card).toContain(
    "`onnx/decoder_model_merged.onnx`, `onnx/embed_tokens.onnx`, `onnx/vision_encoder.onnx` with stock",
  );
});
