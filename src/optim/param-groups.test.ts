import { describe, expect, it } from "vitest";
import { ConfigError } from "../errors.ts";
import { type ParameterInfo, resolveSettings } from "./param-groups.ts";

const parameters: readonly ParameterInfo[] = [
  { name: "encoder.0.weight", role: "other" },
  { name: "encoder.0.norm.bias", role: "bias" },
  { name: "encoder.0.norm.weight", role: "norm" },
  { name: "embeddings", role: "embedding" },
  { name: "classifier.weight", role: "head" },
];

const strengths = (settings: ReturnType<typeof resolveSettings>) =>
  Object.fromEntries(settings.map((s) => [s.name, s.strength]));

describe("settings of parameters", () => {
  it("leave a new head free under SPD, and norms and biases without weight decay", () => {
    expect(strengths(resolveSettings(parameters, { rule: "spd", at: "init" }))).toEqual({
      "encoder.0.weight": 1,
      "encoder.0.norm.bias": 1,
      "encoder.0.norm.weight": 1,
      embeddings: 1,
      "classifier.weight": 0,
    });
    expect(strengths(resolveSettings(parameters, { rule: "weight-decay", strength: 0.1 }))).toEqual({
      "encoder.0.weight": 0.1,
      "encoder.0.norm.bias": 0,
      "encoder.0.norm.weight": 0,
      embeddings: 0.1,
      "classifier.weight": 0.1,
    });
  });

  it("come from the first group that takes a parameter by name and role", () => {
    const settings = resolveSettings(parameters, { rule: "spd", at: "init", strength: 2 }, [
      { name: "new head", role: "head", rule: "weight-decay", lrScale: 10 },
      { name: "gains", match: "norm", role: ["norm", "bias"], strength: 0 },
      { name: "tables", match: "^embed", frozen: true },
      { name: "encoder", match: "^encoder\\.", lrScale: 0.5 },
    ]);
    expect(settings.map((s) => [s.group, s.rule.name, s.strength, s.lrScale, s.frozen, s.anchor])).toEqual([
      ["encoder", "spd", 2, 0.5, false, "init"],
      ["gains", "spd", 0, 1, false, "init"],
      ["gains", "spd", 0, 1, false, "init"],
      ["tables", "spd", 2, 1, true, "init"],
      // The run's strength is SPD's and means nothing to weight decay, which keeps its own default.
      ["new head", "weight-decay", 0.01, 10, false, "none"],
    ]);
  });

  it("refuse a parameter that is to be held to an anchor it lacks, and name it", () => {
    const withOne = parameters.map((p, i) => (i === 0 ? { ...p, anchor: new Float32Array(1) } : p));
    let message = "";
    try {
      resolveSettings(withOne, { rule: "spd" });
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      message = String(error);
    }
    expect(message).not.toContain("encoder.0.weight");
    expect(message).toContain('parameter "embeddings" (role embedding, group "default") has no anchor');
    expect(message).not.toContain("classifier.weight");
    expect(() => resolveSettings(parameters, { rule: "spd", strength: 0 })).not.toThrow();
    expect(() => resolveSettings(parameters, { rule: "weight-decay" })).not.toThrow();
  });

  it("refuse a head that a group holds without saying where", () => {
    const groups = [{ name: "head", role: "head", strength: 1 }] as const;
    expect(() => resolveSettings(parameters, { rule: "spd", at: "init" }, groups)).toThrow(
      '"classifier.weight" (role head, group "head") has no anchor',
    );
  });

  it("refuse a group that takes nothing, since a mistyped pattern would go unseen", () => {
    const groups = [{ name: "backbone", match: "bakbone" }];
    expect(() => resolveSettings(parameters, { rule: "none" }, groups)).toThrow(
      'group "backbone" (match "bakbone") takes no parameter that an earlier group left; parameters: "encoder.0.weight" (other)',
    );
  });

  it("refuse values out of range, all in one message", () => {
    const groups = [{ name: "all", lrScale: -1, strength: Number.NaN }];
    const resolve = () => resolveSettings(parameters, { rule: "spd", at: "init", strength: -2 }, groups);
    for (const part of ["anchor: strength is -2", 'group "all": lrScale is -1', "strength is NaN"]) {
      expect(resolve).toThrow(part);
    }
    expect(() => resolveSettings(parameters, { rule: "none" }, [{ name: "x", match: "(" }])).toThrow(
      'group "x": match "(" is no regular expression',
    );
    expect(() => resolveSettings(parameters, { rule: "l2sp" })).toThrow(
      'anchor rule "l2sp" is unknown; choose one of none, weight-decay,',
    );
  });
});
