import { describe, expect, it } from "vitest";
import { methods } from "../../config/methods.ts";
import { anchorRules } from "../../optim/anchors/registry.ts";
import { updateRules } from "../../optim/updates/registry.ts";
import { peftMethods } from "../../peft/registry.ts";
import { runInMemory } from "../command-line.fixtures.ts";

const run = (...argv: readonly string[]) => runInMemory(["methods", ...argv]);

describe("holdfast methods", () => {
  it("lists every entry of every registry with its paper, defaults, memory and search range", async () => {
    const { code, out } = await run();
    expect(code).toBe(0);
    for (const { name, summary } of [...methods, ...updateRules, ...anchorRules, ...peftMethods])
      expect(out).toMatch(new RegExp(`^ {2}${name} +${escaped(summary)}$`, "mu"));
    expect(out).toContain(
      "Tian, Huang and Kira, NeurIPS 2024 · adam + spd · strength 1 · 3 copies · search optimizer.strength 0.1, 0.5, 1",
    );
  });

  it("counts copies as the optimizer allocates them", async () => {
    const { out } = await run("--json");
    const all = JSON.parse(out).methods as { name: string; kind: string; extraCopies: number }[];
    const copies = (kind: string, name: string) =>
      all.find((m) => m.kind === kind && m.name === name)!.extraCopies;
    expect(copies("method", "adamw")).toBe(2);
    expect(copies("method", "spd")).toBe(3);
    expect(copies("method", "sgd")).toBe(1);
    expect(copies("anchor rule", "ftp")).toBe(2);
    expect(copies("anchor rule", "tpgm")).toBe(2);
  });

  it("tells all of one name, and the nearest of an unknown one", async () => {
    const { out } = await run("tpgm");
    expect(out).toContain("tpgm (method): ");
    expect(out).toContain("tpgm (anchor rule): ");
    expect(out).toContain("optimizer.anchorOptions.norm: ");
    expect(out).toContain("https://arxiv.org/abs/2303.10720");
    const wrong = await run("tgpm");
    expect(wrong.code).not.toBe(0);
    expect(wrong.err).toContain('method "tgpm" is unknown; did you mean "tpgm"?');
  });
});

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
