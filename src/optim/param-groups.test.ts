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

  it("come from the group that takes a parameter by name and role", () => {
    const settings = resolveSettings(parameters, { rule: "spd", at: "init", strength: 2 }, [
      { name: "new head", role: "head", rule: "weight-decay", lrScale: 10 },
      { name: "gains", match: "norm", role: ["norm", "bias"], strength: 0 },
      { name: "tables", match: "^embed", frozen: true },
      { name: "encoder", match: "^encoder\\.", lrScale: 0.5, rest: true },
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

  it("refuse two groups that take the same parameter, unless one takes what the others leave", () => {
    const groups = [
      { name: "norms", match: "norm" },
      { name: "encoder", match: "^encoder" },
    ];
    const resolve = (rest?: boolean) =>
      resolveSettings(parameters, { rule: "none" }, [
        groups[0]!,
        { ...groups[1]!, ...(rest ? { rest } : {}) },
      ]);
    expect(() => resolve()).toThrow(
      'groups "norms" and "encoder" both take parameter "encoder.0.norm.bias" (bias): narrow one\'s match or role',
    );
    expect(resolve(true).map((s) => s.group)).toEqual(["encoder", "norms", "norms", "default", "default"]);
    const all = resolveSettings(parameters, { rule: "none" }, [{ name: "all" }, groups[0]!]);
    expect(all.map((s) => s.group)).toEqual(["all", "norms", "norms", "all", "all"]);
  });

  it("let the strength fall from layer to layer, and leave vectors free where that is asked", () => {
    const deep = ["a", "b", "c", "d"].map((name, i) => ({
      ...{ name, role: "other" as const, depth: [0, 4, 4, 9][i]!, shape: i === 1 ? [3] : [3, 3] },
    }));
    const run = { rule: "spd", at: "init", strength: 3 } as const;
    const fallen = (more: object) => resolveSettings(deep, { ...run, ...more }).map((s) => s.strength);
    expect(fallen({ byDepth: "linear" })).toEqual([3, 2, 2, 1]);
    expect(fallen({ byDepth: "cosine" }).map((x) => x.toFixed(4))).toEqual([
      "3.0000",
      "2.2500",
      "2.2500",
      "0.7500",
    ]);
    expect(fallen({ vectors: false })).toEqual([3, 0, 3, 3]);
    // A group's own strength is what it says, and its layers do not count.
    const group = { name: "last", match: "d", strength: 5 };
    expect(resolveSettings(deep, { ...run, byDepth: "linear" }, [group]).map((s) => s.strength)).toEqual([
      3, 1.5, 1.5, 5,
    ]);
    expect(() => resolveSettings(parameters, { ...run, byDepth: "linear" })).toThrow(
      'parameter "encoder.0.weight" has no depth, nor have 3 others',
    );
  });

  it("take anchors from a file by name, and refuse those of another shape", () => {
    const tensors = new Map([
      ["encoder.0.weight", { dims: [2, 2], data: Float32Array.of(1, 2, 3, 4) }],
      ["embeddings", { dims: [3, 1], data: new Float32Array(3) }],
    ]);
    const at = { from: "base.onnx", tensors };
    const shaped = parameters.map((p) => ({ ...p, shape: p.name === "embeddings" ? [1, 3] : [2, 2] }));
    let message = "";
    try {
      resolveSettings(shaped, { rule: "spd", at });
    } catch (error) {
      message = String(error);
    }
    expect(message).not.toContain('"encoder.0.weight"');
    expect(message).not.toContain("classifier");
    expect(message).toContain(
      'anchor of parameter "embeddings" from base.onnx: it is [3, 1] there, expected [1, 3]',
    );
    expect(message).toContain(
      'anchor of parameter "encoder.0.norm.bias" from base.onnx: it is not among its tensors',
    );
    const groups = [{ name: "new", match: "norm|embeddings", anchor: "init" as const }];
    const settled = resolveSettings(shaped, { rule: "spd", at }, groups);
    expect(settled.map((s) => s.anchor)).toEqual(["value", "init", "init", "init", "none"]);
    expect(settled[0]!.anchorValues).toEqual(Float32Array.of(1, 2, 3, 4));
    const flat = new Map([["w", { dims: [4], data: Float32Array.of(1, 2, 3, 4) }]]);
    const one = [{ name: "w", role: "other" as const, shape: [2, 2] }];
    expect(
      resolveSettings(one, { rule: "spd", at: { from: "best.safetensors", tensors: flat } })[0]!.anchor,
    ).toBe("value");
  });

  it("refuse a strength beyond the rule's largest, and options that it does not have", () => {
    expect(() => resolveSettings(parameters, { rule: "ftp", at: "init", strength: 1.5 })).toThrow(
      'strength is 1.5, and anchor rule "ftp" takes 0 to 1.',
    );
    const withOptions = (options: Record<string, number | string>) => () =>
      resolveSettings(parameters, { rule: "digrap", at: "init", options });
    const [first, , , , head] = resolveSettings(
      parameters,
      { rule: "mars-sp", at: "init", options: { radius: 3 } },
      [
        { name: "conv", match: "^encoder.0.weight", options: { radius: 2 } },
        { name: "fc", role: "head", rule: "ftp", options: { k: 0 }, anchor: "init", strength: 1 },
      ],
    );
    expect([first!.rule.options, head!.rule.options]).toEqual([{ radius: 2 }, { k: 0, radiusLr: 0.01 }]);
    expect(withOptions({ radius: 1 })).toThrow('it has no option "radius"; it has projects, omegaLr.');
    expect(withOptions({ projects: "always" })).toThrow(
      'projects is "always", expected one of conflicting, agreeing.',
    );
    expect(withOptions({ omegaLr: -1 })).toThrow("omegaLr is -1, expected a number of at least 0.");
  });

  it("refuse a group that takes nothing, since a mistyped pattern would go unseen", () => {
    const groups = [{ name: "backbone", match: "bakbone" }];
    expect(() => resolveSettings(parameters, { rule: "none" }, groups)).toThrow(
      'group "backbone" (match "bakbone") takes no parameter that other groups left; parameters: "encoder.0.weight" (other)',
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
    expect(() => resolveSettings(parameters, { rule: "l2sp" })).toThrow('anchor rule "l2sp" is unknown;');
  });
});
