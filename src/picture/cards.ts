import type { Box } from "./boxes.ts";
import { type Chain, chainsOf, type Link } from "./regions.ts";
import { findRepeats } from "./repeats.ts";

/** Boxes that are drawn in one frame. */
export interface Card {
  /** The boxes drawn, in order; of copies the first one's. */
  readonly boxes: readonly number[];
  /** How many times these boxes stand one behind the other in the network. */
  readonly count: number;
  /** Every box that the card stands for: those of all copies. */
  readonly members: readonly number[];
}

/** A region with more boxes than this is no block: its parts are. */
const MAX_CARD = 40;
/** A gate with at most this many boxes is drawn in line with what stands around it. */
const MAX_INLINE = 5;
/** A row of boxes without branches is cut where it is longer than this. */
const MAX_RUN = 8;
/** At most this many boxes behind a block with branches are drawn in its frame. */
const MAX_TAIL = 2;
/** Fewer boxes than this are not worth an "× 12". */
const LEAST_REPEATED = 3;

/** The cards of a network: repeated blocks once, then blocks with branches, then rows of boxes. In the order of their first box. */
export function cardsOf(boxes: readonly Box[]): Card[] {
  const cards = new Splitter(boxes).split(chainsOf(boxes));
  return cards.sort((a, b) => (a.boxes[0] ?? 0) - (b.boxes[0] ?? 0));
}

class Splitter {
  private readonly boxes: readonly Box[];

  constructor(boxes: readonly Box[]) {
    this.boxes = boxes;
  }

  split(chains: readonly Chain[]): Card[] {
    return chains.flatMap((chain) => this.splitChain(chain.links));
  }

  private splitChain(links: readonly Link[]): Card[] {
    const stretches = findRepeats({
      symbols: links.map((l) => l.signature),
      sizes: links.map((l) => l.size),
      least: LEAST_REPEATED,
      // A block begins with its branches, and ends with what ends them.
      beginsWell: (start) => ((links[start]?.size ?? 1) > 1 ? 1 : 0),
    });
    return stretches.flatMap(({ start, period, count }) => {
      const part = links.slice(start, start + period * count);
      if (count === 1) return this.splitRow(part);
      const one = part.slice(0, period).flatMap(boxesOf);
      return [{ boxes: sorted(one), count, members: sorted(part.flatMap(boxesOf)) }];
    });
  }

  private splitRow(links: readonly Link[]): Card[] {
    const cards: Card[] = [];
    let run: number[] = [];
    let block: Card | null = null; // the one that the run follows directly
    const flush = () => {
      if (
        block !== null &&
        run.length > 0 &&
        run.length <= MAX_TAIL &&
        !run.some((b) => this.changesScale(b))
      ) {
        cards[cards.length - 1] = single([...block.boxes, ...run]);
      } else if (run.length > 0) cards.push(single(run));
      run = [];
      block = null;
    };
    for (const link of links) {
      const isEdge = this.isEdge(link.box);
      if (link.size === 1 || this.isInline(link)) {
        if (isEdge) block = null;
        if (isEdge || run.length >= MAX_RUN || (run.length >= 3 && this.changesScale(link.box))) flush();
        run.push(...boxesOf(link));
        if (isEdge) flush();
      } else if (link.size <= MAX_CARD) {
        flush();
        block = single(boxesOf(link));
        cards.push(block);
      } else {
        flush();
        cards.push(...this.split(link.inside));
        run.push(link.box);
      }
    }
    flush();
    return cards;
  }

  /** Whether a region only weighs what passes by, as squeeze-and-excitation does. */
  private isInline(link: Link): boolean {
    const exit = this.boxes[link.box];
    return link.size - 1 <= MAX_INLINE && exit?.kind === "join" && exit.title === "×";
  }

  private isEdge(box: number): boolean {
    const kind = this.boxes[box]?.kind;
    return kind === "input" || kind === "output";
  }

  /** Whether a box gives fewer or more places (pixels, tokens) than what it reads. */
  private changesScale(box: number): boolean {
    const [now, before] = [this.boxes[box], this.boxes[this.boxes[box]?.reads[0] ?? -1]];
    if (!now?.dims || !before?.dims || now.dims.length !== before.dims.length) return false;
    return now.dims.length > 3 && now.dims.slice(2).join() !== before.dims.slice(2).join();
  }
}

function boxesOf(link: Link): number[] {
  return sorted([link.box, ...link.inside.flatMap((c) => c.links.flatMap(boxesOf))]);
}

function single(boxes: readonly number[]): Card {
  const all = sorted(boxes);
  return { boxes: all, count: 1, members: all };
}

function sorted(boxes: readonly number[]): number[] {
  return [...boxes].sort((a, b) => a - b);
}
