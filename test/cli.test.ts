import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { VERSION } from "../src/version.ts";
import { type Ended, holdfast, writeTinyProblem } from "./support/tiny-run.ts";

// The built command as a user runs it, each line in a process of its own, in a folder of the user's.
let folder: string;
const run = (line: string): Promise<Ended> => holdfast(folder, line.split(" "));
const json = (path: string) => JSON.parse(readFileSync(join(folder, path), "utf8"));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-cli-"));
  await writeTinyProblem(folder);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the command", () => {
  it("tells its version, its commands, and what it does not know", { timeout: 60_000 }, async () => {
    expect((await run("--version")).stdout.trim()).toBe(VERSION);
    const help = await run("--help");
    expect(help.code).toBe(0);
    for (const name of [
      "finetune",
      "resume",
      "evaluate",
      "predict",
      "inspect",
      "artifacts",
      "report",
      "init",
    ])
      expect(help.stdout).toContain(`  ${name} `);
    const unknown = await run("fintune");
    expect(unknown).toMatchObject({ code: 2, stdout: "" });
    expect(unknown.stderr).toContain("Did you mean finetune?");
  });

  it("exits with 3 for a file that is not there, and shows a stack only if asked", {
    timeout: 60_000,
  }, async () => {
    const ended = await run("finetune --model none.onnx --data data --out runs/none");
    expect(ended).toMatchObject({ code: 3, stdout: "" });
    expect(ended.stderr).toContain("holdfast: none.onnx: no such file or folder");
    expect(ended.stderr).not.toContain("    at ");
    const debug = await run("finetune --model none.onnx --data data --out runs/none --debug");
    expect(debug.stderr).toContain("    at ");
  });

  it("trains, and then judges, predicts, inspects and reports", { timeout: 120_000 }, async () => {
    writeFileSync(join(folder, "holdfast.yaml"), "model: model.onnx\ndata: data\nout: runs/a\nepochs: 1\n");
    const trained = await run(
      "finetune --config holdfast.yaml --epochs 6 --batchSize 6 --optimizer.lr 0.02 --runtime.threads 1 --csv --tensorboard",
    );
    expect(trained.code, trained.stderr).toBe(0);
    expect(trained.stdout).toMatch(/^test +30 /m);
    expect(trained.stderr).not.toContain("\u001b");
    const summary = json("runs/a/summary.json");
    expect(summary).toMatchObject({ status: "finished", head: "kept", steps: 54 });
    expect(readFileSync(join(folder, "runs/a/csv/evaluations.csv"), "utf8")).toContain("metric accuracy");
    expect(readdirSync(join(folder, "runs/a/tensorboard"))).toHaveLength(1);
    expect(json("runs/a/environment.json").command).toContain("--optimizer.lr 0.02");

    const accuracy = summary.sets.find((s: { set: string }) => s.set === "test").metrics.accuracy;
    const judged = await run("evaluate runs/a --data data/test.npz --json --threads 1");
    expect(JSON.parse(judged.stdout)).toMatchObject({ count: 30, accuracy, classes: ["0", "1", "2"] });

    const predicted = await run("predict runs/a data/test.npz --top 1 --threads 1");
    const classes = predicted.stdout.trim().split("\n").slice(1);
    const right = classes.filter((line, i) => line.split(",")[1] === String(i % 3));
    expect(right.length / 30).toBeCloseTo(accuracy, 9);

    const inspected = await run("inspect runs/a/model --json");
    expect(JSON.parse(inspected.stdout)).toMatchObject({ producer: "tiny 1", problem: null });

    const page = await run("report runs/a --out pages/a.html");
    expect(page).toMatchObject({ code: 0, stdout: "pages/a.html\n" });
    expect(readFileSync(join(folder, "pages/a.html"), "utf8")).toContain("<!doctype html>");

    const again = await run("resume runs/a");
    expect(again).toMatchObject({ code: 2 });
    expect(again.stderr).toContain("the run has finished");
  });

  it("writes artifacts, and settings that train as they are", { timeout: 120_000 }, async () => {
    const written = await run("artifacts model.onnx --out artifacts --dim batch=4");
    expect(written.code, written.stderr).toBe(0);
    expect(json("artifacts/artifacts.json")).toMatchObject({
      targets: { dtype: "int64", shape: [4] },
      parameters: [{ name: "conv.weight", shape: [4, 1, 3, 3] }, {}, { name: "fc.weight" }, {}],
    });
    const begun = await run("init --model model.onnx --data data --out first.yaml");
    expect(begun.code, begun.stderr).toBe(0);
    const checked = await run("finetune --config first.yaml --steps 2 --runtime.threads 1 --no-report");
    expect(checked.code, checked.stderr).toBe(0);
  });
});
