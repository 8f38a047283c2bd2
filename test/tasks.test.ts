import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env, pipeline } from "@huggingface/transformers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ConfigInput } from "../src/config/schema.ts";
import { openInputs } from "../src/data/open-inputs.ts";
import { finetune } from "../src/finetune.ts";
import { nodeFiles } from "../src/platform/node-files.ts";
import { openRuntime, type Runtime } from "../src/runtime/runtime.ts";
import { createRandom, type Random } from "../src/tensor/random.ts";
import { DeployedModel } from "../src/training/deployed-model.ts";
import { predict } from "../src/training/predict.ts";

// A small BERT that scripts/goldens/transformers_models.py exports learns a rule that anyone sees in its data.
const model = join(import.meta.dirname, "fixtures/transformers/bert");
const FILLER = ["the", "film", "was", "and", "very", "quite", "book", "is", "."];

let folder: string;
let runtime: Runtime;
const at = (name: string) => join(folder, name);
beforeAll(async () => {
  env.allowRemoteModels = false;
  folder = mkdtempSync(join(tmpdir(), "holdfast-tasks-"));
  runtime = await openRuntime({ prefer: "native", threads: 1 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Words at random places of a sentence. */
function sentence(random: Random, words: readonly string[]): string[] {
  const out = Array.from({ length: 2 + random.integer(4) }, () => FILLER[random.integer(FILLER.length)]!);
  for (const word of words) out.splice(random.integer(out.length + 1), 0, word);
  return out;
}

/** Lines of JSON, one for each of `count` examples. */
function write(file: string, count: number, example: (random: Random) => object): void {
  const random = createRandom(file.length);
  const lines = Array.from({ length: count }, () => JSON.stringify(example(random)));
  writeFileSync(at(file), `${lines.join("\n")}\n`);
}

async function train(task: NonNullable<ConfigInput["task"]>, more: Partial<ConfigInput> = {}) {
  const { summary } = await finetune(
    {
      model,
      task,
      data: at(`${task}.jsonl`),
      test: at(`${task}-test.jsonl`),
      out: at(task),
      method: "adam",
      epochs: 8,
      batchSize: 16,
      optimizer: { lr: 3e-3 },
      report: false,
      ...more,
    },
    { files: nodeFiles, runtime },
  );
  const tested = summary.sets.find((s) => s.set === "test")!; // it was given
  return { summary, metrics: tested.metrics };
}

async function said(task: string, text: string) {
  const deployed = await DeployedModel.open(at(task), { files: nodeFiles, runtime });
  const inputs = await openInputs(nodeFiles, [], { texts: [text] });
  const answers = [];
  for await (const answer of predict(deployed, inputs, 1)) answers.push(answer);
  await deployed.release();
  return answers[0]!; // one text was asked about
}

const config = (task: string) =>
  JSON.parse(readFileSync(at(`${task}/model/config.json`), "utf8")) as Record<string, unknown>;

describe("several labels", () => {
  const labels = ["cold", "dark", "good"];

  test("are learned, told and loaded by Transformers.js", async () => {
    const example = (random: Random) => {
      const some = labels.filter(() => random.next() < 0.5);
      return { text: sentence(random, some).join(" "), label: some };
    };
    write("multi-label.jsonl", 160, example);
    write("multi-label-test.jsonl", 40, example);
    const { metrics } = await train("multi-label", { loss: { positiveWeight: "balanced" } });
    expect(metrics.map).toBeGreaterThan(0.9);
    expect(config("multi-label")).toMatchObject({
      problem_type: "multi_label_classification",
      id2label: { 0: "cold", 1: "dark", 2: "good" },
    });
    const text = "the book is cold and good";
    const { fields, columns } = await said("multi-label", text);
    expect(fields.labels).toEqual(["cold", "good"]);
    expect(columns.map(([name]) => name)).toEqual(["labels", "cold", "dark", "good"]);

    const classify = await pipeline("text-classification", at("multi-label/model"));
    const theirs = (await classify(text, { top_k: 3 })) as { label: string; score: number }[];
    const cold = theirs.find((t) => t.label === "cold")!;
    expect(cold.score).toBeCloseTo(Number(columns[1]![1]), 4);
    await classify.dispose();
  });
});

describe("numbers", () => {
  test("are learned at the scale that they have, and told", async () => {
    // A price that two words move.
    const example = (random: Random) => {
      const [good, cold] = [random.integer(2), random.integer(2)];
      const words = [...(good ? ["good"] : []), ...(cold ? ["cold"] : [])];
      return { text: sentence(random, words).join(" "), label: 300 + 40 * good - 20 * cold };
    };
    write("regression.jsonl", 160, example);
    write("regression-test.jsonl", 40, example);
    const { metrics, summary } = await train("regression");
    expect(summary.selection).toMatchObject({ metric: "rmse", higherIsBetter: false });
    expect(metrics.r2).toBeGreaterThan(0.8);
    expect(config("regression")).toMatchObject({ problem_type: "regression" });
    const { fields } = await said("regression", "the book is good");
    expect(Math.abs(Number(fields.value) - 340)).toBeLessThan(12);
  });
});

describe("a class for every word", () => {
  const people = ["Anna", "Boris"];
  const places = ["Oslo", "Paris", "Rome"];
  const example = (random: Random) => {
    const person = people[random.integer(2)]!;
    const place = places[random.integer(3)]!;
    const tokens = sentence(random, [person, place]);
    const tagOf = (word: string) => (people.includes(word) ? "B-PER" : places.includes(word) ? "B-LOC" : "O");
    return { tokens, ner_tags: tokens.map(tagOf) };
  };

  test.each(["first", "all"] as const)(
    "is learned where %s pieces bear it, told and loaded",
    async (labelPieces) => {
      write("token-classification.jsonl", 160, example);
      write("token-classification-test.jsonl", 40, example);
      const { metrics } = await train("token-classification", { dataset: { labelPieces }, overwrite: true });
      expect(metrics["entity-f1"]).toBeGreaterThan(0.9);
      expect(metrics["token-accuracy"]).toBeGreaterThan(0.95);
      const written = config("token-classification");
      expect(written.architectures).toEqual(["BertForTokenClassification"]);
      expect(written.id2label).toEqual({ 0: "B-LOC", 1: "B-PER", 2: "O" });

      const text = "Boris was quite cold and Oslo is dark.";
      const { fields } = await said("token-classification", text);
      const entities = fields.entities as readonly { type: string; text: string; start: number }[]; // the task's
      expect(entities.map(({ type, text: of, start }) => [type, of, start])).toEqual([
        ["PER", "Boris", 0],
        ["LOC", "Oslo", 5],
      ]);
      expect(fields.words).toEqual(["Boris", "was", "quite", "cold", "and", "Oslo", "is", "dark", "."]);

      const tag = await pipeline("token-classification", at("token-classification/model"));
      const theirs = (await tag(text, { ignore_labels: ["O"] })) as { entity: string; word: string }[];
      expect(theirs.map((t) => [t.entity, t.word])).toEqual([
        ["B-PER", "Boris"],
        ["B-LOC", "Oslo"],
      ]);
      await tag.dispose();
    },
  );
});

test("an example of weight 0 teaches nothing, and judges nothing where metrics are weighted", async () => {
  // Two of three examples are labelled wrong, and weigh nothing.
  let row = 0;
  const example = (random: Random) => {
    const isGood = random.next() < 0.5;
    const isTrusted = row++ % 3 === 0;
    const label = isGood === isTrusted ? "praise" : "blame";
    return { text: sentence(random, [isGood ? "good" : "bad"]).join(" "), label, trust: isTrusted ? 1 : 0 };
  };
  write("classification.jsonl", 240, example);
  write("classification-test.jsonl", 60, example);
  const { metrics } = await train("classification", {
    dataset: { weightColumn: "trust" },
    evaluation: { weighted: true },
    validation: at("classification-test.jsonl"),
  });
  expect(metrics.accuracy).toBeGreaterThan(0.9);
});
