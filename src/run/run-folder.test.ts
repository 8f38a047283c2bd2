import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import { createMemoryFiles } from "../platform/memory-files.ts";
import { nodeFiles } from "../platform/node-files.ts";
import { evaluationAt, layerAt, sample, start, stepAt } from "./run.fixtures.ts";
import { readRun } from "./run-reader.ts";
import { createRun, resumeRun } from "./run-writer.ts";

test("what is written to a folder on disk is read back equal", async () => {
  const folder = await mkdtemp(`${tmpdir()}/holdfast-run-`);
  try {
    const run = await createRun(nodeFiles, folder, start);
    await run.steps(stepAt(1), stepAt(2));
    await run.steps(stepAt(3));
    await run.layers([layerAt(3), layerAt(3, "conv.bias")]);
    await run.evaluations(evaluationAt(0, "initial"), evaluationAt(3));
    await run.samples([sample]);
    const ended = {
      ...start.summary,
      status: "finished",
      bestStep: 3,
      deviation: 0.5,
      firingRate: 0.25,
    } as const;
    await run.summary(ended);

    const read = await readRun(nodeFiles, folder);
    expect(read.config).toEqual(start.config);
    expect(read.environment).toEqual(start.environment);
    expect(read.summary).toEqual(ended);
    expect(read.steps).toEqual([stepAt(1), stepAt(2), stepAt(3)]);
    expect(read.layers).toEqual([layerAt(3), layerAt(3, "conv.bias")]);
    expect(read.evaluations).toEqual([evaluationAt(0, "initial"), evaluationAt(3)]);
    expect(read.samples).toEqual([sample]);
    expect(read.remarks).toEqual([]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("numbers that are not finite survive the way through JSON", async () => {
  const files = createMemoryFiles();
  const run = await createRun(files, "r", start);
  await run.steps(stepAt(1, Number.NaN), stepAt(2, Number.POSITIVE_INFINITY), stepAt(3, -0.5));
  const { steps } = await readRun(files, "r");
  expect(steps.map((s) => s.loss)).toEqual([Number.NaN, Number.POSITIVE_INFINITY, -0.5]);
  expect(JSON.parse((await files.readText("r/steps.jsonl")).split("\n")[0]!)).toMatchObject({ loss: "NaN" });
});

test("config.yaml holds the settings for any reader of YAML", async () => {
  const files = createMemoryFiles();
  await createRun(files, "r", start);
  expect(parseYaml(await files.readText("r/config.yaml"))).toEqual(start.config);
});

test("a last line torn at any byte is left out with a remark, and whole lines stay", async () => {
  const files = createMemoryFiles();
  const run = await createRun(files, "r", start);
  await run.steps(stepAt(1), stepAt(2));
  const whole = await files.readText("r/steps.jsonl");
  const first = whole.indexOf("\n") + 1;
  for (let cut = first; cut < whole.length; cut++) {
    await files.write("r/steps.jsonl", whole.slice(0, cut));
    const { steps, remarks } = await readRun(files, "r");
    expect(steps).toEqual([stepAt(1)]);
    expect(remarks).toHaveLength(cut === first ? 0 : 1);
  }
});

test("a resume drops what came after the checkpoint, the torn line, and what only the end writes", async () => {
  const files = createMemoryFiles();
  const run = await createRun(files, "r", start);
  await run.steps(stepAt(10), stepAt(20), stepAt(30));
  await run.layers([layerAt(10), layerAt(20), layerAt(30)]);
  await run.evaluations(
    evaluationAt(0, "initial"),
    evaluationAt(20),
    evaluationAt(30),
    evaluationAt(20, "best"),
  );
  await run.samples([sample]);
  await files.append("r/steps.jsonl", '{"step": 3');

  const resumed = await resumeRun(files, "r", 20);
  await resumed.steps(stepAt(25));
  const read = await readRun(files, "r");
  expect(read.steps.map((s) => s.step)).toEqual([10, 20, 25]);
  expect(read.layers.map((s) => s.step)).toEqual([10, 20]);
  expect(read.evaluations).toEqual([evaluationAt(0, "initial"), evaluationAt(20)]);
  expect(read.samples).toEqual([]);
  expect(read.remarks).toEqual([]);
});

test("a folder that holds a run is refused, and overwriting leaves the user's other files", async () => {
  const files = createMemoryFiles({ "r/notes.txt": "mine" });
  const run = await createRun(files, "r", start);
  await run.steps(stepAt(1));
  await expect(createRun(files, "r", start)).rejects.toThrow(/r holds a run already.*--overwrite/);
  await createRun(files, "r", { ...start, overwrite: true });
  expect((await readRun(files, "r")).steps).toEqual([]);
  expect(await files.readText("r/notes.txt")).toBe("mine");
});

test("errors name file, line, field, what was found and what was expected", async () => {
  const files = createMemoryFiles();
  await expect(readRun(files, "r")).rejects.toThrow("r: no run here");
  await createRun(files, "r", start);
  const cases: readonly [file: string, content: string, message: string][] = [
    ["steps.jsonl", '{"step":1}\n', 'r/steps.jsonl line 1: "epoch" is missing, expected a number.'],
    ["steps.jsonl", "\n[1]\n", "r/steps.jsonl line 2: expected an object, got [1]."],
    ["layers.jsonl", '{"step":-1}\n', '"step" is -1, expected an integer of at least 0.'],
    ["evaluations.jsonl", '{"step":\n', "r/evaluations.jsonl line 1: not JSON"],
    ["summary.json", '{"method":5,"selection":{}}', 'r/summary.json, "method": expected an object, got 5.'],
    ["config.yaml", "a: [", "r/config.yaml: not YAML"],
  ];
  for (const [file, content, message] of cases) {
    const before = (await files.exists(`r/${file}`)) ? await files.readText(`r/${file}`) : "";
    await files.write(`r/${file}`, content);
    await expect(readRun(files, "r")).rejects.toThrow(message);
    await files.write(`r/${file}`, before);
  }
});

test("hostile keys of an object of numbers stay data", async () => {
  const files = createMemoryFiles();
  const run = await createRun(files, "r", start);
  await run.evaluations(evaluationAt(1));
  const text = await files.readText("r/evaluations.jsonl");
  await files.write("r/evaluations.jsonl", text.replace('"loss"', '"__proto__"'));
  const { evaluations } = await readRun(files, "r");
  expect(Object.keys(evaluations[0]!.metrics)).toEqual(["__proto__", "accuracy"]);
});
