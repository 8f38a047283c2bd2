import type { Box } from "./boxes.ts";

/**
 * Boxes one behind the other, such that all data passes each of them: whatever lies between two neighbours is read by
 * nobody else. A network is a tree of such chains.
 */
export interface Chain {
  readonly links: readonly Link[];
}

/** A box of a chain, and what lies between it and the box before it in the chain. */
export interface Link {
  readonly box: number;
  readonly inside: readonly Chain[];
  /** Equal for links that are built alike. */
  readonly signature: string;
  /** Number of boxes, those inside included. */
  readonly size: number;
}

/**
 * The chains of a network, outermost first. Every box lies in exactly one chain, at one place of the tree: the regions
 * with a single entry and a single exit (Johnson, Pearson and Pingali, "The program structure tree", 1994).
 */
export function chainsOf(boxes: readonly Box[]): readonly Chain[] {
  const count = boxes.length;
  const reads = boxes.map((b) => [...new Set(b.reads)]);
  const readers: number[][] = boxes.map(() => []);
  reads.forEach((list, i) => {
    for (const r of list) readers[r]?.push(i);
  });
  const before = dominators(count, reads);
  // The same from the end, where box i is number count − 1 − i.
  const fromEnd = dominators(
    count,
    [...readers].reverse().map((list) => list.map((i) => count - 1 - i)),
  );
  const after = fromEnd.map((d) => (d === ROOT ? ROOT : count - 1 - d)).reverse();

  const entryOf = (w: number): number | null => {
    const u = before[w] ?? ROOT;
    return u !== ROOT && after[u] === w ? u : null;
  };
  const insideOf = (w: number, u: number): number[] => {
    const found = new Set<number>();
    const stack = [...(reads[w] ?? [])];
    for (let i = stack.pop(); i !== undefined; i = stack.pop()) {
      if (i === u || found.has(i)) continue;
      found.add(i);
      stack.push(...(reads[i] ?? []));
    }
    return [...found];
  };
  const regionOf = new Map<number, { entry: number; inside: number[] }>();
  const owner = boxes.map(() => ROOT);
  for (let w = 0; w < count; w++) {
    const entry = entryOf(w);
    if (entry === null) continue;
    const inside = insideOf(w, entry);
    regionOf.set(w, { entry, inside });
    // Later regions are inner ones only if they are smaller.
    for (const i of inside) {
      const now = owner[i] ?? ROOT;
      if (now === ROOT || inside.length < (regionOf.get(now)?.inside.length ?? 0)) owner[i] = w;
    }
  }
  const next = new Map([...regionOf].map(([w, { entry }]) => [entry, w]));
  const membersOf = new Map<number, number[]>();
  owner.forEach((o, i) => {
    membersOf.set(o, [...(membersOf.get(o) ?? []), i]);
  });

  const signatures = new Map<string, string>();
  const build = (region: number): Chain[] => {
    const chains: Chain[] = [];
    for (const first of membersOf.get(region) ?? []) {
      if (regionOf.has(first) && owner[regionOf.get(first)?.entry ?? 0] === region) continue; // not the first of its chain
      const links: Link[] = [];
      for (let box: number | undefined = first; box !== undefined; box = next.get(box)) {
        const inside = links.length > 0 ? build(box) : [];
        const size = 1 + inside.reduce((n, c) => n + c.links.reduce((m, l) => m + l.size, 0), 0);
        const signature = shorten(signatureOf(box, links.at(-1)?.box ?? null), signatures);
        links.push({ box, inside, signature, size });
      }
      chains.push({ links });
    }
    return chains;
  };
  const signatureOf = (exit: number, entry: number | null): string => {
    const known = new Map<number, string>();
    const of = (i: number): string => {
      if (i === entry) return "in";
      const found = known.get(i);
      if (found) return found;
      const box = boxes[i]!; // an index of the list
      const operands = entry === null ? [] : box.reads.map(of);
      const text = shorten(`${box.signature}<${operands.join("|")}>@${box.mentions.join(",")}`, signatures);
      known.set(i, text);
      return text;
    };
    return of(exit);
  };
  return build(ROOT);
}

const ROOT = -1;

/** A short name for a long text, the same for equal texts. */
function shorten(text: string, names: Map<string, string>): string {
  const name = names.get(text) ?? String(names.size);
  names.set(text, name);
  return name;
}

/**
 * The immediate dominator of each vertex of an acyclic graph whose vertices stand behind their predecessors; ROOT for
 * one that several ways from the start reach. Cooper, Harvey and Kennedy, "A simple, fast dominance algorithm", 2001.
 */
function dominators(count: number, predecessors: readonly (readonly number[])[]): number[] {
  const dominator: number[] = [];
  for (let i = 0; i < count; i++) {
    const [first, ...others] = predecessors[i] ?? [];
    let found = first ?? ROOT;
    for (let p of others) {
      while (found !== p) {
        if (found === ROOT || p === ROOT) found = p = ROOT;
        else if (found > p) found = dominator[found] ?? ROOT;
        else p = dominator[p] ?? ROOT;
      }
    }
    dominator.push(found);
  }
  return dominator;
}
