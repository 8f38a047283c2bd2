import { describe, expect, it } from "vitest";
import { networkOf } from "./boxes.ts";
import { cardsOf } from "./cards.ts";
import { placeOf, titleOf } from "./names.ts";
import { createResidualNet, createTransformer, createUNet, NetworkWriter } from "./networks.fixtures.ts";
import { drawNetwork } from "./picture.ts";
import { sceneOf } from "./scene.ts";

const bare = { dimsOf: () => null, blockedBy: () => null };

describe("what is one box", () => {
  it("is a matrix product with its bias and activation, a normalisation, a product of data", () => {
    const { boxes } = networkOf(createTransformer(1), bare);
    expect(boxes.map((b) => [b.title, b.detail].filter(Boolean).join(" | "))).toEqual([
      "ids",
      "mask",
      "Embedding 100×8",
      "LayerNorm",
      "Linear 8 → 8",
      "Linear 8 → 8",
      "Linear 8 → 8",
      "MatMul | scale",
      "Softmax",
      "MatMul",
      "Linear 8 → 8",
      "+",
      "LayerNorm",
      "Linear 8 → 32 | GELU",
      "Linear 32 → 8",
      "+",
      "LayerNorm",
      "Linear 8 → 3",
      "y",
    ]);
  });

  it("counts each weight once, at the first box that reads it", () => {
    const w = new NetworkWriter();
    const x = w.input("x", [2, 4]);
    const shared = w.weight(4, 4);
    const once = w.op("Softmax", [w.op("MatMul", [x, shared])]);
    const { boxes, elements } = networkOf(w.model(w.op("MatMul", [once, shared])), bare);
    expect(elements).toBe(16);
    expect(boxes.map((b) => [b.elements, b.shares])).toEqual([
      [0, false],
      [16, false],
      [0, false],
      [0, true],
      [0, false],
    ]);
  });

  it("mentions a mask at every layer instead of drawing lines to it", () => {
    const { boxes } = networkOf(createTransformer(3), bare);
    const readers = boxes.filter((b) => b.mentions.length > 0);
    expect(readers.map((b) => [b.title, b.mentions.map((i) => boxes[i]?.title)])).toEqual(
      Array(3).fill(["MatMul", ["mask"]]),
    );
  });
});

describe("blocks", () => {
  const cards = (model: ReturnType<typeof createTransformer>) => {
    const network = networkOf(model, bare);
    return cardsOf(network.boxes).map((card) => {
      const own = card.boxes.map((i) => network.boxes[i]!);
      return [titleOf(own, network), card.count, card.boxes.length, placeOf(card, network.boxes)];
    });
  };

  it("of a transformer are its layers, drawn once and counted, under the name that the file has for them", () => {
    expect(cards(createTransformer(12))).toEqual([
      ["ids", 1, 1, ""],
      ["mask", 1, 1, ""],
      ["Embeddings", 1, 2, ""],
      ["Transformer layer", 12, 13, "encoder.layer.0 – 11"],
      ["Head", 1, 1, ""],
      ["y", 1, 1, ""],
    ]);
  });

  it("of a residual network are its residual blocks", () => {
    expect(cards(createResidualNet(4)).map((c) => c.slice(0, 3))).toEqual([
      ["image", 1, 1],
      ["Convolution", 1, 1],
      ["Residual block", 4, 3],
      ["Head", 1, 2],
      ["y", 1, 1],
    ]);
  });

  it("hold every box of the network once", () => {
    for (const model of [createTransformer(5), createResidualNet(3), createUNet()]) {
      const { boxes } = networkOf(model, bare);
      const members = cardsOf(boxes).flatMap((c) => c.members);
      expect(members.sort((a, b) => a - b)).toEqual(boxes.map((b) => b.index));
    }
  });
});

describe("a scene", () => {
  const models = { transformer: createTransformer(2), residual: createResidualNet(1), unet: createUNet() };

  it.each(Object.entries(models))("of a %s has no two boxes and no two cards over each other", (_, model) => {
    const { cards } = sceneOf(networkOf(model, bare), true);
    for (const list of [cards, ...cards.map((c) => c.boxes)]) {
      for (const [i, a] of list.entries()) {
        for (const b of list.slice(i + 1)) {
          const apart =
            Math.abs(a.x - b.x) >= (a.width + b.width) / 2 || a.y + a.height <= b.y || b.y + b.height <= a.y;
          expect(apart).toBe(true);
        }
      }
    }
  });

  it.each(Object.entries(models))("of a %s has lines that lead down, inside the picture", (_, model) => {
    const { cards, lines, width, height } = sceneOf(networkOf(model, bare), true);
    for (const { corners } of [...lines, ...cards.flatMap((c) => c.lines)]) {
      for (const [i, p] of corners.entries()) {
        expect(Number.isFinite(p.x) && Number.isFinite(p.y)).toBe(true);
        if (i > 0) expect(p.y).toBeGreaterThanOrEqual(corners[i - 1]!.y);
      }
    }
    for (const p of lines.flatMap((l) => l.corners)) {
      expect(p.x).toBeGreaterThanOrEqual(0);
      expect(p.x).toBeLessThanOrEqual(width);
      expect(p.y).toBeLessThanOrEqual(height);
    }
  });
});

describe("the SVG", () => {
  it("is the same text each time, and escapes what names contain", () => {
    const draw = () => drawNetwork(createResidualNet(2), { title: 'a<b>&"c"' });
    expect(draw()).toBe(draw());
    expect(draw()).toContain("a&lt;b&gt;&amp;&quot;c&quot;");
    expect(draw()).not.toMatch(/NaN|undefined|null/);
  });

  it("marks an operator through which no gradient passes", () => {
    const w = new NetworkWriter();
    const x = w.linear(w.input("x", [2, 4]), 4, 4);
    const svg = drawNetwork(w.model(w.linear(w.op("Mystery", [x]), 4, 4)), { title: "m" });
    expect(svg).toContain('class="box blocked"');
    expect(svg).toContain("no gradient passes");
  });

  it("draws every node by itself if asked to", () => {
    const model = createTransformer(1);
    const drawn = (depth: "layers" | "nodes") =>
      drawNetwork(model, { title: "m", depth }).split('class="box').length;
    expect(drawn("nodes")).toBeGreaterThan(2 * drawn("layers"));
  });
});
