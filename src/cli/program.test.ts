import { describe, expect, it, test } from "vitest";
import { parse } from "yaml";
import { parseConfig } from "../config/parse.ts";
import { runInMemory as run } from "./command-line.fixtures.ts";
import { configFlags, spellAsKeys } from "./config-flags.ts";
import { commandsFor } from "./registry.ts";

const yaml = "model: m.onnx\ndata: d\nout: o\noptimizer: {lr: 0.5, eps: 0.1}\nepochs: 9\n";

describe("--print-config", () => {
  it("puts flags over the file, and the file over the defaults", async () => {
    const argv = "finetune --config c.yaml --optimizer.lr 0.25 --print-config".split(" ");
    const { code, out } = await run(argv, { "c.yaml": yaml });
    expect(code).toBe(0);
    expect(parse(out)).toMatchObject({ optimizer: { lr: 0.25, eps: 0.1 }, epochs: 9, batchSize: 32 });
  });

  it("prints what reads back as the same settings", async () => {
    const argv = "finetune --config c.json --optimizer.clipNorm null --shift a=b --print-config".split(" ");
    const json = JSON.stringify({
      ...parse(yaml),
      groups: [{ name: "frozen", match: "^stem", frozen: true }],
    });
    const first = await run(argv, { "c.json": json });
    const second = await run(["finetune", "--config", "again.yaml", "--print-config"], {
      "again.yaml": first.out,
    });
    expect(second.out).toBe(first.out);
    expect(parseConfig(parse(first.out))).toMatchObject({
      shifts: { a: "b" },
      optimizer: { clipNorm: null },
      groups: [{ name: "frozen" }],
    });
  });
});

test("each command is found by its own name", async () => {
  const all = await commandsFor(["--help"]);
  expect(all.length).toBeGreaterThan(15);
  for (const command of all) expect(await commandsFor([command.name, "x"])).toEqual([command]);
});

describe("a command line that cannot be run", () => {
  it.each([
    ["an unknown command", ["trian"], 2, /Did you mean init\?|unknown command 'trian'/],
    ["an unknown flag", ["finetune", "--modle", "x"], 2, /Did you mean --model\?/],
    ["a flag of another type", ["finetune", "--steps", "many"], 2, /Expected count/],
    ["missing settings", ["finetune", "--model", "m"], 2, /data is missing; give --data/],
    [
      "a file of settings that is not there",
      ["finetune", "--config", "no.yaml"],
      2,
      /no\.yaml: no such file/,
    ],
    ["an unknown key in it", ["finetune", "--config", "bad.yaml"], 2, /unknown key optimizer\.rate/],
    ["a folder without a run", ["resume", "nowhere"], 3, /nowhere: no run here/],
    ["a model that is not there", ["inspect", "m.onnx"], 3, /m\.onnx: no such file/],
    ["a page of runs that are not there", ["report", "nowhere"], 3, /nowhere: no run here/],
    ["several runs and no name for their page", ["report", "a", "b"], 2, /--out/],
  ])("says so: %s", async (_, argv, code, message) => {
    const ended = await run(argv, {
      "bad.yaml": `${yaml}seed: 1\noptimizer.x: 1`.replace("{lr", "{rate: 1, lr"),
    });
    expect(ended).toMatchObject({ code, out: "" });
    expect(ended.err).toMatch(message);
    expect(ended.err).not.toContain("    at ");
  });

  it("shows the stack with --debug", async () => {
    expect((await run(["inspect", "m.onnx", "--debug"])).err).toContain("    at ");
  });
});

describe("the help of a command", async () => {
  const flags = configFlags();
  const { out } = await run(["--help"]);
  const names = [...out.matchAll(/^ {2}([a-z]+) (?:\[|<)/gm)].map((m) => m[1]!);

  it("is there for every command", () => expect(names.length).toBeGreaterThan(8));

  it.each(names.filter((n) => n !== "help"))("of %s has examples, and flags that it takes", async (name) => {
    const help = await run([name, "--help"]);
    expect(help).toMatchObject({ code: 0, err: "" });
    expect(help.out).toContain(`Examples:\n  holdfast ${name}`);
    const [own = "", examples = ""] = help.out.split("Examples:");
    const defined = new Set(own.match(/(?<=^ {2}(?:-\w, )?)--[\w.-]+/gmu));
    const shown = examples.match(/(?<= )--[a-z][\w.-]*/gu) ?? [];
    for (const flag of [...defined, ...shown]) expect(defined).toContain(spellAsKeys([flag], flags)[0]);
  });
});

it("prints the schema that editors read", async () => {
  const { out } = await run(["schema"]);
  expect(JSON.parse(out)).toMatchObject({ type: "object", properties: { optimizer: { type: "object" } } });
});
