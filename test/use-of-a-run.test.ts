import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runOn } from "../src/cli/command-line.fixtures.ts";
import { encodePng } from "../src/data/encode-png.ts";
import { finetune } from "../src/finetune.ts";
import { encodeModel } from "../src/onnx/encode.ts";
import { nodeFiles } from "../src/platform/node-files.ts";
import { readRun } from "../src/run/run-reader.ts";
import { openRuntime } from "../src/runtime/runtime.ts";
import { createRandom } from "../src/tensor/random.ts";
import { normals } from "./support/gradients-of.ts";
import { graphOf, modelOf } from "./support/graph-of.ts";

// A run whose settings name every column: what uses it reads data as it did.
let folder: string;
const at = (name: string) => join(folder, name);
const use = (...argv: readonly string[]) => runOn(nodeFiles, [...argv, "--threads", "1"]);

const FEATURES = ["height", "width", "depth"];

type Row = Readonly<Record<string, string>>;

function rows(count: number, seed: number): Row[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, i) => {
    const [height, width, depth] = FEATURES.map(() => random.normal());
    const mood = height! > width! ? "up" : "down";
    return { id: `${i}`, height: `${height}`, width: `${width}`, depth: `${depth}`, mood, site: `s${i % 7}` };
  });
}

function write(name: string, table: readonly Row[], columns: readonly string[], head = columns): void {
  const lines = table.map((row) => columns.map((column) => row[column]).join(","));
  writeFileSync(at(name), [head.join(","), ...lines, ""].join("\n"));
}

const all = ["id", ...FEATURES, "mood", "site"];
const tested = rows(40, 2);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-use-"));
  const graph = graphOf({
    inputs: { x: { dtype: "float32", dims: ["batch", 3] } },
    constants: { weight: normals([3, 2], 1) },
    nodes: [["MatMul", ["x", "weight"], ["logits"]]],
    outputs: ["logits"],
    declared: { logits: { dtype: "float32", dims: ["batch", 2] } },
  });
  writeFileSync(at("model.onnx"), encodeModel(modelOf(graph, 17)));
  write("train.csv", rows(90, 1), all);
  write("test.csv", tested, all);
  write("elsewhere.csv", rows(30, 3), all);
  const runtime = await openRuntime({ prefer: "native", threads: 1 });
  const dataset = { labelColumn: "mood", featureColumns: FEATURES, groupColumn: "site" };
  const data = { data: at("train.csv"), test: at("test.csv"), shifts: { elsewhere: at("elsewhere.csv") } };
  const training = { epochs: 4, batchSize: 8, optimizer: { lr: 0.05 }, report: false };
  await finetune(
    { model: at("model.onnx"), ...data, dataset, ...training, head: { mode: "keep" }, out: at("run") },
    { files: nodeFiles, runtime },
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("evaluate", () => {
  test("judges each set of a run by its name, as the run did", async () => {
    const { summary } = await readRun(nodeFiles, at("run"));
    expect(summary.sets.map((s) => s.set)).toEqual(["validation", "test", "elsewhere"]);
    for (const { set, count, metrics } of summary.sets) {
      const { code, out, err } = await use("evaluate", at("run"), "--set", set, "--json");
      expect([code, err], set).toEqual([0, ""]);
      const judged = JSON.parse(out);
      expect(judged).toMatchObject({ data: set, count, accuracy: metrics.accuracy });
      expect(judged.loss, set).toBeCloseTo(metrics.loss!, 5);
    }
  });

  test("reads data as the run does, and as flags say otherwise, in batches of any size", async () => {
    const own = await use("evaluate", at("run"), "--data", at("test.csv"), "--json");
    expect([own.code, own.err]).toEqual([0, ""]);
    write("renamed.csv", tested, [...FEATURES, "mood"], ["h", "w", "d", "feeling"]);
    const flags = ["--label-column", "feeling", "--dataset.feature-columns", "h,w,d", "--batch-size", "7"];
    const other = await use(
      "evaluate",
      at("run"),
      "--data",
      at("renamed.csv"),
      "--json",
      ...flags,
      ...["--dataset.group-column", "w"],
    );
    expect([other.code, other.err]).toEqual([0, ""]);
    const { accuracy, count, loss } = JSON.parse(own.out);
    expect(JSON.parse(other.out)).toMatchObject({ accuracy, count, loss: expect.closeTo(loss, 5) });
  });

  test.each([
    [
      "a set that the run does not have",
      ["run", "--set", "tset"],
      /did you mean "test"\?.*train, validation, test, elsewhere/,
    ],
    ["a set of what is no run", ["model.onnx", "--set", "test"], /no run's model, so it has no set "test"/],
    ["no data at all", ["run"], /say data or set/],
    ["a setting that is none", ["run", "--set", "test", "--batch-size", "0"], /batchSize/],
  ])("is an error of settings for %s", async (_, [model = "", ...argv], told) => {
    const { code, err } = await use("evaluate", at(model), ...argv);
    expect(code).toBe(2);
    expect(err).toMatch(told);
  });
});

describe("predict", () => {
  test("asks about the rows of a table that has no labels, and more columns than the run reads", async () => {
    write("asked.csv", tested, ["depth", "id", "width", "height"]);
    const { code, out, err } = await use(
      "predict",
      at("run"),
      at("asked.csv"),
      "--top",
      "1",
      "--batch-size",
      "9",
    );
    expect([code, err]).toEqual([0, ""]);
    const classes = out
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.split(",")[1]);
    const labelled = await use("predict", at("run"), at("test.csv"), "--top", "1");
    expect(
      labelled.out
        .trim()
        .split("\n")
        .slice(1)
        .map((line) => line.split(",")[1]),
    ).toEqual(classes);
    const judged = await use("evaluate", at("run"), "--data", at("test.csv"), "--json");
    const right = classes.filter((name, i) => name === tested[i]!.mood).length;
    expect(right / classes.length).toBe(JSON.parse(judged.out).accuracy);
  });

  test("leaves out images that cannot be read, with a note of each, where it is told to", async () => {
    const plain = encodeModel(
      modelOf(
        graphOf({
          inputs: { pixels: { dtype: "float32", dims: ["batch", 3, 4, 4] } },
          nodes: [
            ["GlobalAveragePool", ["pixels"], ["mean"]],
            ["Flatten", ["mean"], ["logits"]],
          ],
          outputs: ["logits"],
          declared: { logits: { dtype: "float32", dims: ["batch", 3] } },
        }),
        17,
      ),
    );
    mkdirSync(at("photos"));
    writeFileSync(at("colours.onnx"), plain);
    for (const [i, name] of ["a-red", "b-green", "d-blue"].entries()) {
      const data = Uint8Array.from({ length: 48 }, (_, k) => (k % 3 === i ? 200 : 20));
      const png = await encodePng({ kind: "image", height: 4, width: 4, channels: 3, data });
      writeFileSync(at(`photos/${name}.png`), png);
    }
    for (const name of ["c-broken.png", "e-empty.jpg"]) writeFileSync(at(`photos/${name}`), name);
    const asked = ["predict", at("colours.onnx"), at("photos"), "--top", "1", "--batch-size", "2"];
    const stopped = await use(...asked);
    expect([stopped.code, stopped.err]).toEqual([3, expect.stringMatching(/c-broken\.png: not a readable/)]);
    const { code, out, err } = await use(...asked, "--dataset.on-broken", "skip");
    expect(code).toBe(0);
    const rows = out
      .trim()
      .split("\n")
      .slice(1)
      .map((line) =>
        line
          .replace(/^.*photos./u, "")
          .split(",")
          .slice(0, 2),
      );
    expect(rows).toEqual([
      ["a-red.png", "0"],
      ["b-green.png", "1"],
      ["d-blue.png", "2"],
    ]);
    expect(err).toMatch(
      /c-broken\.png: not a readable image .*; left out\n.*e-empty\.jpg: .*; left out\n$/su,
    );
  });

  test("leaves a label out where nothing names the columns of numbers", async () => {
    write("plain.csv", tested, [...FEATURES, "mood"], [...FEATURES, "label"]);
    const { code, out } = await use("predict", at("model.onnx"), at("plain.csv"), "--format", "jsonl");
    expect(code).toBe(0);
    expect(out.trim().split("\n")).toHaveLength(tested.length);
  });
});
