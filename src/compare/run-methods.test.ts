import { describe, expect, it } from "vitest";
import type { Config } from "../config/schema.ts";
import { ConfigError, ModelError, RunError } from "../errors.ts";
import type { Files } from "../platform/files.ts";
import { createMemoryFiles } from "../platform/memory-files.ts";
import { joinPath } from "../platform/paths.ts";
import { start } from "../run/run.fixtures.ts";
import { createRun } from "../run/run-writer.ts";
import type { CompareEvent } from "./events.ts";
import { type CompareOptions, runMethods } from "./run-methods.ts";
import { type CompareInput, parseCompare } from "./schema.ts";
import { type ScriptedRun, scriptedTrain } from "./scripted-train.fixtures.ts";

const base = { model: "m.onnx", data: "d", shifts: { other: "o" } };
const spd = (search: readonly number[]) => ({
  method: "spd",
  search: { "optimizer.strength": [...search] },
});

/** Runs a comparison whose runs a script gives; tells what was trained. */
async function compareBy(
  input: Omit<CompareInput, "out" | "base"> & { base?: CompareInput["base"] },
  script: (config: Config) => ScriptedRun | Promise<ScriptedRun>,
  { files = createMemoryFiles(), ...options }: Partial<CompareOptions> & { files?: Files } = {},
) {
  const trained: { story: string; config: Config }[] = [];
  const events: CompareEvent[] = [];
  const compared = await runMethods(parseCompare({ out: "c", base, ...input }), {
    files,
    train: scriptedTrain(files, (config, story) => {
      trained.push({ story, config });
      return script(config);
    }),
    onEvent: (event) => events.push(event),
    ...options,
  });
  return { compared, trained, events, files };
}

const strengthOf = (config: Config) => config.optimizer.strength ?? Number.NaN;

describe("the choice of a trial", () => {
  it("goes by validation, and by its loss among equals", async () => {
    const { compared } = await compareBy(
      { methods: [spd([0.5, 1, 2])], seeds: [1], trials: 3, widen: 0 },
      (config) => ({ validation: 0.9, loss: Math.abs(strengthOf(config) - 1) }),
    );
    expect(compared.methods[0]?.tuning.best?.point).toEqual({ "optimizer.strength": 1 });
  });

  it("is not moved by test or shifted sets", async () => {
    const { compared } = await compareBy(
      { methods: [spd([0.5, 1, 2])], seeds: [1], trials: 3, widen: 0 },
      (config) => ({
        validation: strengthOf(config) === 1 ? 0.91 : 0.9,
        test: strengthOf(config) === 1 ? [0, 0] : [1, 1],
        shift: strengthOf(config) === 1 ? [0, 0] : [1, 1],
      }),
    );
    expect(compared.methods[0]?.tuning.best?.point).toEqual({ "optimizer.strength": 1 });
  });

  it("takes the tuning seed for trials, and the chosen setting with every seed for runs", async () => {
    const { trained } = await compareBy(
      { methods: [spd([1, 2])], seeds: [5, 6], trials: 2, tuningSeed: 9, widen: 0 },
      (config) => ({ validation: strengthOf(config) / 10 }),
    );
    // Trials and runs go side by side, each kind in any order.
    const seen = trained.map(({ config }) => `${config.seed} ${strengthOf(config)}`);
    expect([seen.slice(0, 2).sort(), seen.slice(2).sort()]).toEqual([
      ["9 1", "9 2"],
      ["5 2", "6 2"],
    ]);
  });

  it("leaves out trials that failed", async () => {
    const { compared } = await compareBy(
      { methods: [spd([1, 2])], seeds: [1], trials: 2, widen: 0 },
      (config) => {
        if (strengthOf(config) === 2) throw new RunError("the loss is NaN");
        return { validation: 0.5 };
      },
    );
    expect(compared.methods[0]?.tuning.best?.point).toEqual({ "optimizer.strength": 1 });
    expect(compared.problems).toEqual(["spd, strength 2: the loss is NaN"]);
  });
});

describe("a comparison without trials", () => {
  it("runs every method with its settings as they are, once per seed", async () => {
    const { trained, compared } = await compareBy(
      { methods: ["adamw", { method: "spd", optimizer: { strength: 2 } }], seeds: [1, 2], trials: 0 },
      () => ({ validation: 0.9 }),
    );
    expect(trained.map(({ config }) => `${config.method} ${config.seed}`).sort()).toEqual([
      "adamw 1",
      "adamw 2",
      "spd 1",
      "spd 2",
    ]);
    expect(trained.filter((t) => t.config.method === "spd").map((t) => strengthOf(t.config))).toEqual([2, 2]);
    expect(compared.methods.map((m) => m.runs.size)).toEqual([2, 2]);
  });

  it("goes on with the runs of one that tuned itself to the same settings", async () => {
    const { files } = await compareBy(
      { methods: [spd([1, 2])], seeds: [1], trials: 2, widen: 0 },
      (config) => ({ validation: strengthOf(config) / 10 }),
    );
    const again = await compareBy(
      { methods: [{ method: "spd", optimizer: { strength: 2 } }], seeds: [1], trials: 0 },
      () => ({ validation: 0 }),
      { files },
    );
    expect(again.trained).toEqual([]);
  });

  it("refuses ranges that nothing would search", async () => {
    const failing = compareBy({ methods: [spd([1, 2])], trials: 0 }, () => ({ validation: 0 }));
    await expect(failing).rejects.toThrow(/searches optimizer.strength, but trials is 0/);
  });
});

describe("widening", () => {
  it("goes on beyond an edge until the best lies inside, and reports each step", async () => {
    const { compared, events } = await compareBy(
      { methods: [spd([1, 2])], seeds: [1], trials: 2, widen: 5 },
      (config) => ({ validation: 1 - Math.abs(strengthOf(config) - 8) / 100 }),
    );
    const tuning = compared.methods[0]!.tuning;
    expect(tuning.trials.map((t) => t.point["optimizer.strength"])).toEqual([1, 2, 4, 8, 16]);
    expect(tuning.trials.filter((t) => t.widened)).toHaveLength(3);
    expect(tuning.best?.point).toEqual({ "optimizer.strength": 8 });
    expect(tuning.atEdge).toBe(false);
    expect(events.filter((e) => e.kind === "widened").map((e) => e.value)).toEqual([4, 8, 16]);
  });

  it("is bounded, and says where the best still lies at the edge", async () => {
    const { compared } = await compareBy(
      { methods: [spd([1, 2])], seeds: [1], trials: 2, widen: 1 },
      (config) => ({ validation: strengthOf(config) / 100 }),
    );
    expect(compared.methods[0]?.tuning).toMatchObject({ atEdge: true });
    expect(compared.methods[0]?.tuning.trials).toHaveLength(3);
  });

  it("ends where the settings end", async () => {
    const { compared } = await compareBy(
      {
        methods: [{ method: "sgd", search: { "optimizer.momentum": [0.5, 0.9] } }],
        seeds: [1],
        trials: 2,
        widen: 3,
      },
      (config) => ({ validation: config.optimizer.momentum ?? 0 }),
    );
    expect(compared.methods[0]?.tuning.trials).toHaveLength(2);
    expect(compared.methods[0]?.tuning.atEdge).toBe(false);
  });
});

describe("a comparison that goes on", () => {
  const input = { methods: ["adamw", spd([1, 2])], seeds: [1, 2], trials: 2, widen: 0 };
  const script = () => ({ validation: 0.8 });

  it("runs nothing twice", async () => {
    const { files, trained } = await compareBy(input, script);
    expect(trained).toHaveLength(8);
    expect((await compareBy(input, script, { files })).trained).toEqual([]);
  });

  it("runs only what new seeds or trials add", async () => {
    const { files } = await compareBy(input, script);
    const { trained } = await compareBy({ ...input, seeds: [1, 2, 3] }, script, { files });
    expect(trained.map(({ config }) => [config.method, config.seed])).toEqual([
      ["adamw", 3],
      ["spd", 3],
    ]);
  });

  it("never takes the run of other settings for its own", async () => {
    const { files, events: first } = await compareBy(input, script);
    expect(first.some((e) => e.kind === "note")).toBe(false);
    const changed = { ...input, base: { ...base, steps: 77 } };
    const { trained, events } = await compareBy(changed, script, { files });
    expect(trained).toHaveLength(8);
    const notes = events.flatMap((e) => (e.kind === "note" ? [e.text] : []));
    expect(notes).toEqual([expect.stringMatching(/have changed.*\(steps left out → 77\).*run anew/)]);
    // Those of the earlier settings are still there.
    expect((await compareBy(input, script, { files })).trained).toEqual([]);
  });

  it("resumes a run that was killed between checkpoints, and begins anew where there is none", async () => {
    const files = createMemoryFiles();
    const plain = await compareBy(input, script, { files: createMemoryFiles() });
    const [killed, young] = plain.trained.map((t) => t.config.out);
    for (const folder of [killed!, young!]) await createRun(files, folder, start);
    await files.write(joinPath(killed!, "checkpoint/latest.json"), "{}");
    const { trained } = await compareBy(input, script, { files });
    const storyOf = (folder: string | undefined) => trained.find((t) => t.config.out === folder)?.story;
    expect([storyOf(killed), storyOf(young)]).toEqual(["resume", "finetune"]);
  });

  it("stops when it is asked to, and starts no further run", async () => {
    const stop = new AbortController();
    const { compared, trained } = await compareBy(
      input,
      () => {
        stop.abort();
        return script();
      },
      { signal: stop.signal },
    );
    expect(compared.status).toBe("stopped");
    expect(trained).toHaveLength(1);
  });

  it("trains only the methods that are asked for, and still knows the others' finished runs", async () => {
    const { files } = await compareBy(input, script, { only: ["adamw"] });
    const { trained, compared } = await compareBy(input, script, { files, only: ["spd"] });
    expect(new Set(trained.map((t) => t.config.method))).toEqual(new Set(["spd"]));
    expect(compared.methods.map((m) => m.runs.size)).toEqual([2, 2]);
  });
});

describe("what stops all of it", () => {
  it("is an error that every run would meet", async () => {
    const failing = compareBy({ methods: ["adamw"], seeds: [1], trials: 2 }, () => {
      throw new ConfigError("no such data");
    });
    await expect(failing).rejects.toThrow("no such data");
  });

  it("is not an error of one method among others, which is left out and named", async () => {
    const { compared, trained } = await compareBy(
      { methods: ["adamw", "spd"], seeds: [1, 2], trials: 2, widen: 0 },
      (config) => {
        if (config.method === "spd") throw new ModelError("no gradient for Foo");
        return { validation: 1 };
      },
    );
    expect(compared.methods.map((m) => m.runs.size)).toEqual([2, 0]);
    expect(compared.problems).toEqual([expect.stringMatching(/^spd, strength .*: no gradient for Foo$/)]);
    expect(trained.filter((t) => t.config.method === "spd")).toHaveLength(1);
  });

  it("is a setting that no run can have, before anything is trained", async () => {
    const trained: Config[] = [];
    const failing = compareBy(
      { methods: ["adamw", { method: "spd", optimizer: { lr: -1 } }], seeds: [1], trials: 2 },
      (config) => {
        trained.push(config);
        return { validation: 1 };
      },
    );
    await expect(failing).rejects.toThrow(/methods, spd: optimizer.lr/);
    expect(trained).toEqual([]);
  });

  it("is a name in --only that is no method", async () => {
    await expect(
      compareBy({ methods: ["adamw"], seeds: [1], trials: 2 }, () => ({ validation: 1 }), { only: ["spdd"] }),
    ).rejects.toThrow(/"spdd" is none of the methods \(adamw\)/);
  });
});
