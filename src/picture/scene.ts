import type { Box, Network } from "./boxes.ts";
import { type Card, cardsOf } from "./cards.ts";
import { amount, dimsText, placeOf, share, titleOf } from "./names.ts";
import { type Layout, layOut, type Point } from "./routes.ts";

/** A box on its place; `x` is its middle, `y` its top. */
export interface DrawnBox extends Point {
  readonly box: Box;
  readonly width: number;
  readonly height: number;
  readonly lines: readonly string[];
  /** What it reads from far away, by name. */
  readonly mentions: readonly string[];
}

/** A line from corner to corner; `label` stands at its beginning. */
export interface DrawnLine {
  readonly corners: readonly Point[];
  readonly label: string;
  readonly arrow: boolean;
}

/** A frame with boxes in it, or a bare box (`frame` false) for an input or output. */
export interface DrawnCard extends Point {
  readonly width: number;
  readonly height: number;
  readonly frame: boolean;
  /** Room at the top of a frame for what is written there. */
  readonly header: number;
  readonly title: string;
  readonly place: string;
  readonly count: number;
  readonly elements: number;
  readonly share: number;
  readonly facts: string;
  readonly boxes: readonly DrawnBox[];
  readonly lines: readonly DrawnLine[];
  /** Boxes of the card whose gradients are blocked, all copies counted. */
  readonly blocked: number;
}

/** Everything of a picture, with coordinates; nothing of how it looks. */
export interface Scene {
  readonly width: number;
  readonly height: number;
  readonly cards: readonly DrawnCard[];
  readonly lines: readonly DrawnLine[];
}

const HEADER = 58;
/** The same where the file says nothing about the card's place. */
const SHORT_HEADER = 45;
/** How far the frames of copies look out behind a card. */
export const COPIES = 8;
const PAD = 18;
const FONT = { title: 12, detail: 10.5, head: 13.5 } as const;

/** The cards of a network on their places. @param open whether what is in a card is drawn */
export function sceneOf(network: Network, open: boolean): Scene {
  const { boxes } = network;
  const cards = cardsOf(boxes);
  const letters = mentionNames(boxes);
  const cardOf = new Map<number, number>(cards.flatMap((c, i) => c.members.map((b) => [b, i] as const)));
  const drawn = cards.map((card, i) => drawCard(card, { network, letters, open, index: i, cardOf }));
  const edges = new Map<string, { from: number; to: number; fromX?: number; toX?: number; label: string }>();
  for (const box of boxes) {
    for (const source of new Set(box.reads)) {
      const [from, to] = [cardOf.get(source)!, cardOf.get(box.index)!]; // every box is in a card
      if (from === to) continue;
      const key = `${source}→${to}`;
      if (edges.has(key)) continue;
      const fromX = drawn[from]?.exits.get(source) ?? 0;
      const toX = drawn[to]?.entries.get(source) ?? 0;
      edges.set(key, {
        from,
        to,
        ...(fromX === 0 ? {} : { fromX }),
        ...(toX === 0 ? {} : { toX }),
        label: dimsText(boxes[source]?.dims ?? null),
      });
    }
  }
  const list = [...edges.values()];
  const layout = layOut({
    sizes: drawn.map(({ card: { width, height, count } }) => ({
      width: width + (count > 1 ? 2 * COPIES : 0),
      height: height + (count > 1 ? COPIES : 0),
    })),
    edges: list,
    weight: (i) => 1 + (drawn[i]?.card.boxes.length ?? 0),
    columnGap: 36,
    rowGap: 34,
  });
  return {
    width: layout.width,
    height: layout.height,
    cards: drawn.map((d, i) => ({ ...d.card, ...layout.places[i]! })), // one place for each
    lines: linesOf(
      layout,
      list.map((e) => e.label),
    ),
  };
}

interface CardContext {
  readonly network: Network;
  readonly letters: ReadonlyMap<number, string>;
  readonly open: boolean;
  readonly index: number;
  readonly cardOf: ReadonlyMap<number, number>;
}

interface Placed {
  readonly card: DrawnCard;
  /** Where lines from outside end, by the box that they come from, as offsets from the card's middle. */
  readonly entries: ReadonlyMap<number, number>;
  /** Where lines to the outside begin, by the box that is read. */
  readonly exits: ReadonlyMap<number, number>;
}

function drawCard(card: Card, context: CardContext): Placed {
  const { network, open } = context;
  const { boxes } = network;
  const own = card.boxes.map((i) => boxes[i]!); // a card holds indices of the list
  const members = card.members.map((i) => boxes[i]!);
  const [only] = own;
  const frame = own.length > 1 || (only !== undefined && only.elements > 0);
  const elements = members.reduce((n, b) => n + b.elements, 0);
  const inside = open || !frame ? layOutInside(own, context) : null;
  const head = {
    title: titleOf(own, network),
    place: placeOf(card, boxes),
    facts: factsOf(card, members, elements, network.elements),
  };
  const header = head.place === "" ? SHORT_HEADER : HEADER;
  const badge = card.count > 1 ? 64 : 0;
  const headWidth = Math.max(
    textWidth(head.title, FONT.head) + badge,
    textWidth(head.place, FONT.detail) + badge,
    textWidth(head.facts, FONT.detail),
  );
  const foot = inside === null ? 6 : inside.exits.size > 0 ? 0 : PAD;
  const innerWidth = inside?.width ?? 0;
  return {
    card: {
      x: 0,
      y: 0,
      width: frame ? Math.max(innerWidth, headWidth) + 2 * PAD : innerWidth,
      height: (inside?.height ?? 0) + (frame ? header + foot : 0),
      frame,
      header,
      ...head,
      count: card.count,
      elements,
      share: network.elements === 0 ? 0 : elements / network.elements,
      boxes: inside?.boxes ?? [],
      lines: inside?.lines ?? [],
      blocked: members.filter((b) => b.blocked !== null).length,
    },
    entries: inside?.entries ?? new Map(),
    exits: inside?.exits ?? new Map(),
  };
}

function factsOf(card: Card, members: readonly Box[], elements: number, all: number): string {
  if (elements === 0) return members.some((b) => b.shares) ? `weights counted elsewhere` : "no weights";
  const each = card.count > 1 ? `, ${amount(elements / card.count)} each` : "";
  return `${amount(elements)} weights${each} · ${share(elements / all)}`;
}

interface Inside {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly DrawnBox[];
  readonly lines: readonly DrawnLine[];
  readonly entries: ReadonlyMap<number, number>;
  readonly exits: ReadonlyMap<number, number>;
}

/** Boxes of a card between points at its top, one for each value from outside, and points at its bottom. */
function layOutInside(own: readonly Box[], context: CardContext): Inside {
  const { network, letters, cardOf, index } = context;
  const at = new Map(own.map((b, i) => [b.index, i]));
  const sizes = own.map((b) => sizeOfBox(b, mentionsOf(b, letters)));
  const edges: { from: number; to: number; label: string; arrow: boolean }[] = [];
  const isBare = own.length === 1 && own[0]?.elements === 0;
  const outside = isBare ? [] : [...new Set(own.flatMap((b) => b.reads).filter((r) => !at.has(r)))];
  const read = new Set(
    network.boxes.flatMap((b) => (cardOf.get(b.index) === index && at.has(b.index) ? [] : b.reads)),
  );
  const given = isBare ? [] : own.filter((b) => read.has(b.index));
  // Ports come before and behind the boxes, so that every edge leads on in the list.
  const shift = outside.length;
  const points = [...outside.map(() => PORT), ...sizes, ...given.map(() => PORT)];
  outside.forEach((source, i) => {
    for (const b of own)
      if (b.reads.includes(source))
        edges.push({ from: i, to: shift + at.get(b.index)!, label: "", arrow: true });
  });
  for (const b of own) {
    for (const source of new Set(b.reads)) {
      const from = at.get(source);
      if (from !== undefined)
        edges.push({
          from: shift + from,
          to: shift + at.get(b.index)!,
          label: labelOf(network, source),
          arrow: true,
        });
    }
  }
  given.forEach((b, i) => {
    edges.push({ from: shift + at.get(b.index)!, to: shift + own.length + i, label: "", arrow: false });
  });
  const layout = layOut({
    sizes: points,
    edges,
    weight: (i) => (own[i - shift] ? 1 + (own[i - shift]!.elements > 0 ? 1 : 0) : 0.5),
    columnGap: 20,
    rowGap: 26,
  });
  // Symmetric about the main way, so that it runs straight from card to card.
  const main = layout.places[given.length > 0 ? shift + own.length : outside.length > 0 ? 0 : shift]?.x ?? 0;
  const half = Math.max(main, layout.width - main);
  const offset = (i: number) => (layout.places[i]?.x ?? 0) - main;
  const move = ({ x, y }: Point) => ({ x: x - main, y });
  return {
    width: 2 * half,
    height: layout.height,
    boxes: own.map((box, i) => ({
      box,
      ...sizes[i]!, // one size for each box
      ...move(layout.places[shift + i]!), // and one place
      mentions: mentionsOf(box, letters),
      lines: [box.title, ...(box.detail ? [box.detail] : [])],
    })),
    lines: linesOf(
      layout,
      edges.map((e) => e.label),
      edges.map((e) => e.arrow),
    ).map((l) => ({
      ...l,
      corners: l.corners.map(move),
    })),
    entries: new Map(outside.map((source, i) => [source, offset(i)])),
    exits: new Map(given.map((b, i) => [b.index, offset(shift + own.length + i)])),
  };
}

const PORT = { width: 1, height: 0 } as const;

/** The shape of what a box gives, where it differs from what the box reads. */
function labelOf({ boxes }: Network, source: number): string {
  const box = boxes[source];
  const before = boxes[box?.reads[0] ?? -1]?.dims ?? null;
  const now = dimsText(box?.dims ?? null);
  return now === dimsText(before) ? "" : now;
}

function linesOf(layout: Layout, labels: readonly string[], arrows?: readonly boolean[]): DrawnLine[] {
  const said = new Set<string>();
  return layout.lines.map((corners, i) => {
    const start = `${corners[0]?.x}:${corners[0]?.y}`;
    const label = said.has(start) ? "" : (labels[i] ?? "");
    if (label !== "") said.add(start);
    return { corners, label, arrow: arrows?.[i] ?? true };
  });
}

function sizeOfBox(box: Box, mentions: readonly string[]): { width: number; height: number } {
  if (box.kind === "join" && box.title.length === 1 && box.detail === "" && mentions.length === 0)
    return { width: 24, height: 24 };
  const amountWidth = box.elements > 0 ? textWidth(amount(box.elements), FONT.detail) + 14 : 0;
  const below = [
    box.detail,
    ...mentions.map((m) => `← ${m}`),
    ...(isPort(box) ? [dimsText(box.dims)] : []),
  ].filter(Boolean);
  const width = Math.max(
    textWidth(box.title, FONT.title) + amountWidth,
    ...below.map((t) => textWidth(t, FONT.detail)),
  );
  return {
    width: Math.max(72, Math.ceil(width) + 24),
    height: 26 + 14 * below.length + (box.elements > 0 ? 4 : 0),
  };
}

function isPort(box: Box): boolean {
  return box.kind === "input" || box.kind === "output";
}

function mentionsOf(box: Box, letters: ReadonlyMap<number, string>): string[] {
  return box.mentions.map((i) => letters.get(i) ?? "");
}

/** What boxes are called where they are only mentioned: inputs by name, others by their title and a letter. */
function mentionNames(boxes: readonly Box[]): Map<number, string> {
  const mentioned = [...new Set(boxes.flatMap((b) => b.mentions))].sort((a, b) => a - b);
  let letter = 0;
  return new Map(
    mentioned.map((i) => {
      const box = boxes[i];
      if (box?.kind === "input") return [i, box.title];
      return [i, `${box?.title} ${String.fromCharCode(65 + (letter++ % 26))}`];
    }),
  );
}

/** The width of some text in pixels, rather too large than too small: fonts differ from machine to machine. */
function textWidth(text: string, size: number): number {
  let units = 0;
  for (const c of text) units += NARROW.has(c) ? 0.34 : WIDE.test(c) ? 0.72 : 0.57;
  return units * size;
}

const NARROW: ReadonlySet<string> = new Set([..."iljtfI.,:;'|()[] /-"]);
const WIDE = /[A-ZmwMW→×]/;
