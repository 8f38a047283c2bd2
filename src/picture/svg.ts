import type { Network } from "./boxes.ts";
import { amount, dimsText, share } from "./names.ts";
import { COPIES, type DrawnBox, type DrawnCard, type DrawnLine, type Scene } from "./scene.ts";
import type { BoxKind } from "./vocabulary.ts";

/** What stands above the picture. */
export interface PictureHead {
  readonly title: string;
  readonly facts: readonly string[];
}

const LEGEND: Readonly<Record<BoxKind, string>> = {
  input: "",
  output: "",
  linear: "matrix product with weights",
  conv: "convolution",
  recurrent: "recurrent",
  embedding: "embedding",
  norm: "normalisation",
  attention: "attention: products of data, softmax",
  activation: "element by element",
  join: "branches meet",
  pool: "pooling, resizing",
  other: "other operators",
};

/** Hues that the colour-blind tell apart in lightness too; boxes are tinted with them, bars are full. */
const STYLE = `
.nx{--paper:#fdfdfb;--card:#f6f6f2;--ink:#1b1d21;--soft:#5b6068;--line:#c9c9c0;--edge:#83878e;--bad:#c22f0b;
--linear:#2f6fb5;--conv:#0b8a78;--recurrent:#6a7d00;--embedding:#7a4fb0;--norm:#8b8f96;--attention:#c2650a;--activation:#a3a7ad;--join:#5b6068;--pool:#3d8fc4;--other:#a8488a;--input:#1b1d21;--output:#1b1d21;--tint:14%}
@media (prefers-color-scheme:dark){:root:not([data-theme=light]) .nx,svg.nx:root{--paper:#14161a;--card:#1b1e23;--ink:#e7e7e2;--soft:#a2a6ad;--line:#3a3f47;--edge:#7d838c;--bad:#ff7a52;
--linear:#6ab0f5;--conv:#3fc9b4;--recurrent:#b9cc4a;--embedding:#b995ea;--norm:#9a9ea6;--attention:#f5a04d;--activation:#7d838c;--join:#a2a6ad;--pool:#7cc3ec;--other:#e08fc4;--input:#e7e7e2;--output:#e7e7e2;--tint:22%}}
:root[data-theme=dark] .nx{--paper:#14161a;--card:#1b1e23;--ink:#e7e7e2;--soft:#a2a6ad;--line:#3a3f47;--edge:#7d838c;--bad:#ff7a52;
--linear:#6ab0f5;--conv:#3fc9b4;--recurrent:#b9cc4a;--embedding:#b995ea;--norm:#9a9ea6;--attention:#f5a04d;--activation:#7d838c;--join:#a2a6ad;--pool:#7cc3ec;--other:#e08fc4;--input:#e7e7e2;--output:#e7e7e2;--tint:22%}
.nx text{font-family:Inter,ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;fill:var(--ink)}
.nx .h1{font-size:20px;font-weight:650;letter-spacing:-.01em}.nx .h2{font-size:13.5px;font-weight:650}.nx .t{font-size:12px;font-weight:550}
.nx .s{font-size:10.5px;fill:var(--soft)}.nx .n{font-size:22px;font-weight:650;fill:var(--soft)}.nx .m{font-size:10.5px;fill:var(--attention)}
.nx .paper{fill:var(--paper)}.nx .card{fill:var(--card);stroke:var(--line)}.nx .copy{fill:var(--card);stroke:var(--line)}
.nx .edge{fill:none;stroke:var(--edge);stroke-width:1.4}.nx .tip{fill:var(--edge)}.nx .halo{paint-order:stroke;stroke:var(--card);stroke-width:3px;stroke-linejoin:round}.nx .out .halo{stroke:var(--paper)}
.nx .box{fill:color-mix(in oklab,var(--k) var(--tint),var(--paper));stroke:var(--k);stroke-width:1}.nx .bar{fill:var(--k)}.nx .track{fill:var(--line);opacity:.5}
.nx .blocked{stroke:var(--bad);stroke-width:2;stroke-dasharray:4 3}.nx .bad{fill:var(--bad);font-weight:600}
`;

const MARGIN = 32;

/** A scene as an SVG file that needs nothing else, legible on light and on dark paper. The same scene gives the same text. */
export function toSvg(scene: Scene, network: Network, head: PictureHead): string {
  const kinds = (Object.keys(LEGEND) as BoxKind[]).filter(
    (k) => LEGEND[k] !== "" && network.boxes.some((b) => b.kind === k),
  );
  const blocked = network.boxes.some((b) => b.blocked !== null);
  const copies = scene.cards.some((c) => c.count > 1);
  const notes = [
    ...(network.elements > 0 ? ["bars: share of all weights"] : []),
    ...(copies ? ["× n: as many alike one behind the other, drawn once"] : []),
    ...(network.boxes.some((b) => b.mentions.length > 0) ? ["← name: also reads this, without a line"] : []),
  ];
  const width = Math.max(scene.width, 560) + 2 * MARGIN;
  const top = MARGIN + 30 + 16 * head.facts.length + 18;
  const legend = legendOf(kinds, notes, blocked, width - 2 * MARGIN);
  const height = top + scene.height + 28 + legend.height + MARGIN;
  const left = MARGIN + (width - 2 * MARGIN - scene.width) / 2;
  const largest = Math.max(1, ...network.boxes.map((b) => b.elements));
  return `<svg xmlns="http://www.w3.org/2000/svg" class="nx" viewBox="0 0 ${n(width)} ${n(height)}" width="${n(width)}" height="${n(height)}" role="img" aria-label="${x(head.title)}">
<style>${STYLE.replaceAll("\n", "")}</style>
<rect class="paper" width="100%" height="100%"/>
<text class="h1" x="${MARGIN}" y="${MARGIN + 16}">${x(head.title)}</text>
${head.facts.map((f, i) => `<text class="s" style="font-size:12px" x="${MARGIN}" y="${MARGIN + 38 + 16 * i}">${x(f)}</text>`).join("\n")}
<g transform="translate(${n(left)} ${n(top)})">
<g class="out">${scene.lines.map(lineOf).join("\n")}${scene.lines.map(labelOf).join("")}</g>
${scene.cards.map((c) => cardOf(c, largest)).join("\n")}
</g>
<g transform="translate(${MARGIN} ${n(top + scene.height + 28)})">${legend.svg}</g>
</svg>
`;
}

function cardOf(card: DrawnCard, largest: number): string {
  const { x: middle, y, width, height, count } = card;
  const inner = (dy: number) =>
    `<g transform="translate(${n(middle)} ${n(y + dy)})">${card.lines.map(lineOf).join("")}${card.lines.map(labelOf).join("")}${card.boxes.map((b) => boxOf(b, largest)).join("")}</g>`;
  if (!card.frame) return inner(0);
  const left = middle - width / 2;
  const room = width - 32;
  const copies = count > 1 ? [COPIES, COPIES / 2] : [];
  return `<g>${copies.map((d) => `<rect class="copy" x="${n(left + d)}" y="${n(y + d)}" width="${n(width)}" height="${n(height)}" rx="8"/>`).join("")}
<rect class="card" x="${n(left)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" rx="8"/>
<text class="h2" x="${n(left + 16)}" y="${n(y + 21)}">${x(card.title)}</text>
${count > 1 ? `<text class="n" text-anchor="end" x="${n(left + width - 16)}" y="${n(y + 27)}">× ${count}</text>` : ""}
${card.place ? `<text class="s" x="${n(left + 16)}" y="${n(y + 35)}">${x(card.place)}</text>` : ""}
<text class="s" x="${n(left + 16)}" y="${n(y + (card.place ? 48 : 35))}">${x(card.facts)}</text>
${card.elements > 0 ? `<rect class="track" x="${n(left + 16)}" y="${n(y + card.header - 5)}" width="${n(room)}" height="3" rx="1.5"/><rect fill="var(--linear)" x="${n(left + 16)}" y="${n(y + card.header - 5)}" width="${n(Math.max(1, room * card.share))}" height="3" rx="1.5"><title>${x(`${amount(card.elements)} weights, ${share(card.share)} of all`)}</title></rect>` : ""}
${inner(card.header)}</g>`;
}

function boxOf(drawn: DrawnBox, largest: number): string {
  const { box, x: middle, y, width, height, lines, mentions } = drawn;
  const left = middle - width / 2;
  const isPort = box.kind === "input" || box.kind === "output";
  const isSmall = width <= 24;
  const hint = [
    box.title,
    box.detail,
    ...box.nodes.map((f) => f.node.describe()),
    ...(box.blocked ? [box.blocked] : []),
  ];
  const shape = `<rect class="box${box.blocked ? " blocked" : ""}" x="${n(left)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" rx="${isSmall || isPort ? 13 : 5}"/>`;
  const texts: string[] = [];
  const [title, ...below] = lines;
  if (isSmall)
    texts.push(
      `<text class="t" text-anchor="middle" x="${n(middle)}" y="${n(y + 16.5)}">${x(title ?? "")}</text>`,
    );
  else if (box.elements > 0) {
    texts.push(`<text class="t" x="${n(left + 12)}" y="${n(y + 17)}">${x(title ?? "")}</text>`);
    texts.push(
      `<text class="s" text-anchor="end" x="${n(left + width - 10)}" y="${n(y + 17)}">${amount(box.elements)}</text>`,
    );
  } else
    texts.push(
      `<text class="t" text-anchor="middle" x="${n(middle)}" y="${n(y + 17)}">${x(title ?? "")}</text>`,
    );
  const more = [
    ...below.map((text) => ({ text, style: "s" })),
    ...(isPort ? [{ text: dimsText(box.dims), style: "s" }] : []),
    ...mentions.map((m) => ({ text: `← ${m}`, style: "m" })),
  ].filter((l) => l.text !== "");
  const anchored = box.elements > 0 ? `x="${n(left + 12)}"` : `text-anchor="middle" x="${n(middle)}"`;
  more.forEach(({ text, style }, i) => {
    texts.push(`<text class="${style}" ${anchored} y="${n(y + 31 + 14 * i)}">${x(text)}</text>`);
  });
  const bar =
    box.elements > 0
      ? `<rect class="bar" x="${n(left + 12)}" y="${n(y + height - 6)}" width="${n(Math.max(1, ((width - 24) * box.elements) / largest))}" height="2.5" rx="1.2"/>`
      : "";
  return `<g style="--k:var(--${box.kind})"><title>${x(hint.filter(Boolean).slice(0, 24).join("\n"))}</title>${shape}${texts.join("")}${bar}</g>`;
}

const CORNER = 6;

function lineOf({ corners, arrow }: DrawnLine): string {
  const points = corners.filter((p, i) => i === 0 || p.x !== corners[i - 1]?.x || p.y !== corners[i - 1]?.y);
  const [first, ...rest] = points;
  if (!first) return "";
  let d = `M${n(first.x)} ${n(first.y)}`;
  rest.forEach((p, i) => {
    const [before, next] = [points[i], rest[i + 1]];
    if (!before || !next) {
      d += `L${n(p.x)} ${n(p.y - (arrow ? 4 : 0))}`;
      return;
    }
    const r = Math.min(CORNER, distance(before, p) / 2, distance(p, next) / 2);
    const a = toward(p, before, r);
    const b = toward(p, next, r);
    d += `L${n(a.x)} ${n(a.y)}Q${n(p.x)} ${n(p.y)} ${n(b.x)} ${n(b.y)}`;
  });
  const end = points.at(-1) ?? first;
  const tip = arrow ? `<path class="tip" d="M${n(end.x - 3.5)} ${n(end.y - 6)}h7l-3.5 6z"/>` : "";
  return `<path class="edge" d="${d}"/>${tip}`;
}

function labelOf({ corners: [first], label }: DrawnLine): string {
  if (!first || label === "") return "";
  return `<text class="s halo" x="${n(first.x + 6)}" y="${n(first.y + 11)}">${x(label)}</text>`;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function toward(from: Point, to: Point, by: number): Point {
  const d = distance(from, to) || 1;
  return { x: from.x + ((to.x - from.x) * by) / d, y: from.y + ((to.y - from.y) * by) / d };
}

function legendOf(
  kinds: readonly BoxKind[],
  notes: readonly string[],
  blocked: boolean,
  width: number,
): { svg: string; height: number } {
  const entries = [
    ...kinds.map((k) => ({
      mark: `<rect class="box" style="--k:var(--${k})" y="-9" width="16" height="11" rx="3"/>`,
      text: LEGEND[k],
    })),
    ...(blocked
      ? [
          {
            mark: `<rect class="box blocked" style="--k:var(--other)" y="-9" width="16" height="11" rx="3"/>`,
            text: "no gradient passes",
          },
        ]
      : []),
    ...notes.map((text) => ({ mark: "", text })),
  ];
  let [column, row] = [0, 0];
  const parts = entries.map(({ mark, text }) => {
    const needed = (mark ? 22 : 0) + 5.6 * text.length + 22;
    if (column > 0 && column + needed > width) [column, row] = [0, row + 1];
    const at = column;
    column += needed;
    return `<g transform="translate(${n(at)} ${12 + 20 * row})">${mark}<text class="s" x="${mark ? 22 : 0}">${x(text)}</text></g>`;
  });
  return { svg: parts.join(""), height: 20 * (row + 1) };
}

/** A coordinate: one digit behind the point is finer than a screen. */
function n(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function x(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
