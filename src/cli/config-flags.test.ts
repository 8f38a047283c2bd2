import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { overlay } from "../config/overlay.ts";
import { configJsonSchema, parseConfig } from "../config/parse.ts";
import { configFlags, FILE_ONLY, settingsFrom, spellAsKeys } from "./config-flags.ts";

const required = { model: "m.onnx", data: "d", out: "o" };

/** The settings that a command line gives. */
function read(...argv: string[]) {
  const flags = configFlags();
  const command = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  for (const option of flags.flatMap((f) => f.options)) command.addOption(option);
  command.parse(spellAsKeys(argv, flags), { from: "user" });
  return settingsFrom(command.opts(), flags);
}

/** Every key of the schema that holds a value, by walking the JSON Schema without our code. */
function leaves(node: Record<string, unknown>, prefix = ""): string[] {
  return Object.entries((node.properties ?? {}) as Record<string, Record<string, unknown>>).flatMap(
    ([name, child]) => (child.properties ? leaves(child, `${prefix}${name}.`) : [`${prefix}${name}`]),
  );
}

describe("flags", () => {
  it("exist for every key of the schema but those that only a file can give", () => {
    const keys = configFlags().map((f) => f.key);
    expect([...keys, ...FILE_ONLY].sort()).toEqual(leaves(configJsonSchema()).sort());
  });

  it("describe themselves wherever the schema describes the key", () => {
    for (const { key, options } of configFlags()) expect(options[0]!.long, key).toMatch(/^--/);
  });

  it("give values of the type that the key has", () => {
    const given = read(
      ..."--model m --optimizer.lr 3e-5 --steps 7 --optimizer.betas 0.8,0.99 --preprocess.size 48,96".split(
        " ",
      ),
      ..."--preprocess.mean 0.5,0.5,0.5 --evaluation.every 20 --optimizer.clipNorm null --overwrite".split(
        " ",
      ),
      ..."--no-report --optimizer.nesterov --head.mode new".split(" "),
    );
    expect(given).toEqual({
      model: "m",
      steps: 7,
      optimizer: { lr: 3e-5, betas: [0.8, 0.99], clipNorm: null, nesterov: true },
      preprocess: { size: [48, 96], mean: [0.5, 0.5, 0.5] },
      evaluation: { every: 20 },
      overwrite: true,
      report: false,
      head: { mode: "new" },
    });
    expect(parseConfig({ ...required, ...given }).preprocess.size).toEqual([48, 96]);
    expect(read("--evaluation.every", "epoch")).toEqual({ evaluation: { every: "epoch" } });
    expect(read("--preprocess.buckets", "3")).toEqual({ preprocess: { buckets: 3 } });
    expect(read("--preprocess.buckets", "16,64")).toEqual({ preprocess: { buckets: [16, 64] } });
    expect(read("--preprocess.packing", "true")).toEqual({ preprocess: { packing: true } });
    expect(read("--preprocess.packing", "512")).toEqual({ preprocess: { packing: 512 } });
  });

  it("give a word or a number for each name, where the key takes both", () => {
    expect(read("--loss.classWeights", "balanced")).toEqual({ loss: { classWeights: "balanced" } });
    const given = read("--loss.classWeights", "spam=2.5,not spam=1");
    expect(given).toEqual({ loss: { classWeights: { spam: 2.5, "not spam": 1 } } });
    expect(parseConfig({ ...required, ...given }).loss.classWeights).toEqual({ spam: 2.5, "not spam": 1 });
    expect(() => read("--loss.classWeights", "ballanced")).toThrow(/Did you mean balanced/);
    expect(() => read("--loss.classWeights", "spam=2,ham")).toThrow(/Expected name=value/);
  });

  it("gather one shift at a time", () => {
    expect(read("--shift", "fog=corruption:fog:3", "--shift", "phone=./a=b")).toEqual({
      shifts: { fog: "corruption:fog:3", phone: "./a=b" },
    });
    expect(() => read("--shift", "nameless")).toThrow(/name=path/);
  });

  it("say what they expect", () => {
    expect(() => read("--optimizer.lr", "fast")).toThrow(/'--optimizer.lr <number>'.*Expected number/);
    expect(() => read("--method", "magic")).toThrow(/Expected one of spd, adamw/);
    expect(() => read("--optimizer.lrate", "1")).toThrow(/Did you mean .*--optimizer.lr/);
  });

  it("are known in kebab case too", () => {
    expect(read("--batch-size", "4", "--optimizer.clip-norm=2", "--no-evaluation.at-start")).toEqual({
      batchSize: 4,
      optimizer: { clipNorm: 2 },
      evaluation: { atStart: false },
    });
  });
});

describe("settings over settings", () => {
  it("replace single keys, keep the others of a section, and replace lists whole", () => {
    const file = { ...required, optimizer: { lr: 1, eps: 2 }, shifts: { a: "x" }, groups: [{ name: "g" }] };
    expect(overlay(file, { optimizer: { lr: 3 }, shifts: { b: "y" }, groups: [] })).toEqual({
      ...required,
      optimizer: { lr: 3, eps: 2 },
      shifts: { a: "x", b: "y" },
      groups: [],
    });
  });
});
