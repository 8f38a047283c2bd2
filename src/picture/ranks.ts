export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Edge {
  readonly from: number;
  readonly to: number;
}

/** Where nodes stand in a grid: rows from top to bottom, columns left (negative) and right (positive) of the main way. */
export interface Grid {
  readonly rank: readonly number[];
  readonly column: readonly number[];
}

/**
 * Places the nodes of an acyclic graph: each below all that it reads; the longest way from top to bottom in column 0,
 * every other way in the nearest column that is free beside it.
 *
 * @param weight what makes a way the main one, by node
 */
export function placeInGrid(count: number, edges: readonly Edge[], weight: (node: number) => number): Grid {
  const next: number[][] = Array.from({ length: count }, () => []);
  const before: number[][] = Array.from({ length: count }, () => []);
  for (const { from, to } of edges) {
    next[from]?.push(to);
    before[to]?.push(from);
  }
  const rank = ranksOf(count, next, before);
  const height = Array.from({ length: count }, () => 0);
  for (let i = count - 1; i >= 0; i--)
    height[i] = weight(i) + Math.max(0, ...(next[i] ?? []).map((j) => height[j] ?? 0));
  const tallest = (nodes: readonly number[]) =>
    nodes.reduce<number | undefined>(
      (a, b) => (a === undefined || height[b]! > height[a]! ? b : a),
      undefined,
    ); // heights are known
  const column: (number | undefined)[] = Array.from({ length: count }, () => undefined);
  const busy = new Map<number, Set<number>>();
  const order = [...Array(count).keys()].sort(
    (a, b) => rank[a]! - rank[b]! || height[b]! - height[a]! || a - b,
  ); // all known
  const start = tallest(order.filter((i) => before[i]?.length === 0));
  for (const first of [...(start === undefined ? [] : [start]), ...order]) {
    if (column[first] !== undefined) continue;
    const way: number[] = [];
    for (let i: number | undefined = first; i !== undefined; ) {
      way.push(i);
      i = tallest((next[i] ?? []).filter((j) => column[j] === undefined && !way.includes(j)));
    }
    // A way also needs room for the lines that lead to it and away from it.
    const top = Math.min(rank[first]!, ...(before[first] ?? []).map((i) => rank[i]! + 1));
    const last = way.at(-1)!; // holds `first` at least
    const bottom = Math.max(rank[last]!, ...(next[last] ?? []).map((i) => rank[i]! - 1));
    const free = columnFor(busy, top, bottom);
    const taken = busy.get(free) ?? new Set<number>();
    for (let r = top; r <= bottom; r++) taken.add(r);
    busy.set(free, taken);
    for (const i of way) column[i] = free;
  }
  return { rank, column: column.map((c) => c ?? 0) };
}

function columnFor(busy: ReadonlyMap<number, ReadonlySet<number>>, top: number, bottom: number): number {
  const isFree = (c: number) => {
    for (let r = top; r <= bottom; r++) if (busy.get(c)?.has(r)) return false;
    return true;
  };
  for (let distance = 0; ; distance++) {
    for (const c of [distance, -distance]) if (isFree(c)) return c;
  }
}

function ranksOf(
  count: number,
  next: readonly (readonly number[])[],
  before: readonly (readonly number[])[],
): number[] {
  const rank: number[] = [];
  for (let i = 0; i < count; i++) rank.push(Math.max(-1, ...(before[i] ?? []).map((p) => rank[p] ?? -1)) + 1);
  // What reads nothing stands just above what reads it.
  for (let i = count - 1; i >= 0; i--) {
    const below = (next[i] ?? []).map((n) => rank[n] ?? 0);
    if (before[i]?.length === 0 && below.length > 0) rank[i] = Math.max(0, Math.min(...below) - 1);
  }
  return rank;
}
