import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ConfigInput } from "../src/config/schema.ts";
import { encodePng } from "../src/data/encode-png.ts";
import { openInputs } from "../src/data/open-inputs.ts";
import { finetune } from "../src/finetune.ts";
import { nodeFiles } from "../src/platform/node-files.ts";
import { readRun } from "../src/run/run-reader.ts";
import { openRuntime, type Runtime } from "../src/runtime/runtime.ts";
import { createRandom } from "../src/tensor/random.ts";
import { DeployedModel } from "../src/training/deployed-model.ts";
import { evaluateModel } from "../src/training/evaluate-model.ts";
import { predict } from "../src/training/predict.ts";

/** A CLIP of a few thousand weights, made and exported by scripts/goldens/clip.py. */
const clip = fileURLToPath(new URL("../src/training/fixtures/clip", import.meta.url));
const SIZE = 16;
const SHADES = ["dark", "dim", "fair", "light"];
const PLACES = ["top", "bottom"];
const COLOURS = ["red", "green", "blue"];

const COLUMNS = ["kind", "match", "similarity", "match_2", "similarity_2"];

/** Images before texts. */
const kindOf = (name: string) => (name.endsWith(".png") ? 0 : 1);

let folder: string;
let runtime: Runtime;
const at = (name: string) => join(folder, name);

/** An image of one colour and shade in its upper or lower half, on noise: a caption for each of 24. */
function scene(place: number, shade: number, colour: number, random: ReturnType<typeof createRandom>) {
  const data = new Uint8Array(SIZE * SIZE * 3);
  data.forEach((_, i) => {
    const isInside = Math.floor(i / (SIZE * SIZE * 1.5)) === place;
    const isColour = i % 3 === colour;
    data[i] = (isInside && isColour ? 70 + 50 * shade : 10) + random.integer(25);
  });
  return { kind: "image", height: SIZE, width: SIZE, channels: 3, data } as const;
}

/** A table of captions beside its images, every caption once per round. */
async function writeScenes(name: string, rounds: number, seed: number): Promise<void> {
  const random = createRandom(seed);
  const rows = ["image,caption"];
  mkdirSync(at(name), { recursive: true });
  for (let round = 0; round < rounds; round++)
    for (const [p, place] of PLACES.entries())
      for (const [s, shade] of SHADES.entries())
        for (const [c, colour] of COLOURS.entries()) {
          const file = `${name}/${rows.length}.png`;
          writeFileSync(at(file), await encodePng(scene(p, s, c, random)));
          rows.push(`${file},a ${shade} ${colour} ${place}`);
        }
  writeFileSync(at(`${name}.csv`), `${rows.join("\n")}\n`);
}

const settings = (): ConfigInput => ({
  model: at("clip"),
  data: at("train.csv"),
  validation: at("validation.csv"),
  shifts: { faded: at("faded.csv") },
  out: at("run"),
  task: "contrastive",
  batchSize: 24,
  epochs: 30,
  optimizer: { lr: 0.003 },
  report: false,
});

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-contrastive-"));
  cpSync(clip, at("clip"), { recursive: true });
  // The folder has each tower on its own, too; the model of a run is one file.
  for (const tower of ["text_model", "vision_model"]) rmSync(at(`clip/onnx/${tower}.onnx`));
  await writeScenes("train", 6, 1);
  await writeScenes("validation", 1, 2);
  await writeScenes("faded", 1, 3);
  runtime = await openRuntime({ prefer: "native", threads: 1 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a model of two towers", () => {
  test("learns which caption belongs to which image, is written back, and judged alike from its file", async () => {
    const { summary, model } = await finetune(settings(), { files: nodeFiles, runtime });
    expect(summary).toMatchObject({ status: "finished", task: "contrastive", head: "kept", classes: [] });
    const [validation] = summary.sets;
    expect(summary.selection).toMatchObject({ metric: "recall-1", higherIsBetter: true });
    expect(validation!.initial!["recall-1"]).toBeLessThan(0.3);
    expect(validation!.metrics["recall-1"]).toBeGreaterThan(0.7);
    expect(model).toBe(at("run/model/onnx/model.onnx"));

    const deployed = await DeployedModel.open(at("run"), { files: nodeFiles, runtime, batchSize: 24 });
    const judged = await evaluateModel(deployed, { files: nodeFiles, data: at("validation.csv") });
    for (const [name, value] of Object.entries(validation!.metrics))
      expect(judged.metrics[name], name).toBeCloseTo(value, 4);

    // Every caption stands once in this set, so the first of each ranking is right as often as recall at 1 says.
    const pairs = await openInputs(nodeFiles, [at("validation.csv")], { withImages: "captions" });
    const partner = new Map<string, string>();
    for (let i = 0; i < pairs.length; i++) {
      const sample = await pairs.load(i);
      if (sample.kind !== "image-text" || sample.text.kind !== "text") throw new Error("expected captions");
      partner.set(pairs.name(i), sample.text.text).set(sample.text.text, pairs.name(i));
    }
    const told: number[] = [];
    const asked: string[] = [];
    let right = 0;
    const onProgress = (done: number) => void told.push(done);
    for await (const { input, columns } of predict(deployed, pairs, 2, { onProgress })) {
      expect(columns.map(([name]) => name)).toEqual(COLUMNS);
      asked.push(input);
      if (columns[1]![1] === partner.get(input)) right++;
    }
    expect(asked).toEqual([...partner.keys()].sort((a, b) => kindOf(a) - kindOf(b)));
    expect(told).toEqual(Array.from({ length: 24 }, (_, i) => i + 1));
    expect(right / asked.length).toBeCloseTo(judged.metrics["recall-1"]!, 6);

    const alone = await openInputs(nodeFiles, [at("validation/1.png"), at("validation/3.png")], {
      texts: ["a dark red top", "a dark blue top", "a light green bottom"],
      withImages: "captions",
    });
    const found = [];
    for await (const prediction of predict(deployed, alone, 9)) found.push(prediction.fields);
    expect(found.map(({ kind }) => kind)).toEqual(["image", "image", "text", "text", "text"]);
    expect(found.map(({ matches }) => (matches as unknown[]).length)).toEqual([3, 3, 2, 2, 2]);
    await deployed.release();
  }, 60_000);

  test("shows image, caption and their similarity", async () => {
    const { samples } = await readRun(nodeFiles, at("run"));
    const [sample] = samples;
    expect(sample!.text).toMatch(/^a \w+ \w+ \w+$/);
    expect(sample!.png).toBeDefined();
    expect(sample!.answer).toMatch(/^similarity −?-?\d/);
  });

  test("that gives no embeddings is refused by name", async () => {
    const wrong = { ...settings(), out: at("other"), model: join(clip, "onnx/vision_model.onnx") };
    await expect(finetune(wrong, { files: nodeFiles, runtime })).rejects.toThrow(/token/);
  });
});
