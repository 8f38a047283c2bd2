import { expect, it } from "vitest";
import { anchorRules } from "../optim/anchors/registry.ts";
import { configKeys, parseConfig } from "./parse.ts";
import { anchorSearch } from "./rule-settings.ts";

const base = { model: "m.onnx", data: "d", out: "o" };

it.each(anchorRules)("what is searched for $name are settings, and its rule takes the values", (rule) => {
  for (const [key, values] of Object.entries(anchorSearch(rule))) {
    expect(configKeys()).toContain(key);
    const option = key.split(".").at(-1)!;
    for (const value of values) {
      const optimizer = option === "strength" ? { strength: value } : { anchorOptions: { [option]: value } };
      expect(() => parseConfig({ ...base, optimizer: { anchor: rule.name, ...optimizer } })).not.toThrow();
      if (option !== "strength") expect(rule.bind({ [option]: value }).options[option]).toBe(value);
    }
  }
  if (rule.name !== "none") expect(Object.keys(anchorSearch(rule))).toHaveLength(1);
});

it("a value that no rule takes is refused with the key, and the nearest name", () => {
  const parse = (optimizer: object) => () => parseConfig({ ...base, optimizer });
  expect(parse({ anchor: "spd-row" })).toThrow(
    'optimizer.anchor "spd-row" is unknown; did you mean "spd-rows"?',
  );
  expect(parse({ anchorOptions: { radus: 1 } })).toThrow(
    "unknown key optimizer.anchorOptions.radus; did you mean radius?",
  );
  expect(parse({ anchorOptions: { radius: -1 } })).toThrow("optimizer.anchorOptions.radius");
  expect(parse({ anchorOptions: { projects: "never" } })).toThrow("choose one of conflicting, agreeing");
  expect(parse({ strength: -1 })).toThrow("optimizer.strength");
});
