import { type Edge, type Grid, placeInGrid, type Size } from "./ranks.ts";

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A line between two nodes; `fromX` and `toX` are offsets from their centres. */
export interface RoutedEdge extends Edge {
  readonly fromX?: number;
  readonly toX?: number;
}

/** A drawing: centres of the tops of nodes, and the corners of each edge, in pixels from the left top. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly places: readonly Point[];
  readonly lines: readonly (readonly Point[])[];
}

export interface LayoutOptions {
  readonly sizes: readonly Size[];
  readonly edges: readonly RoutedEdge[];
  readonly weight: (node: number) => number;
  /** Room between neighbouring columns. */
  readonly columnGap: number;
  /** Least room between rows. */
  readonly rowGap: number;
}

/** Distance of parallel lines. */
const TRACK = 9;
/** How far above the next row the last line turns: the room of an arrow head. */
const TURN = 11;

/** Lays nodes out in rows and columns, and edges around them in straight lines with right angles. */
export function layOut(options: LayoutOptions): Layout {
  return new Router(options).run();
}

/** A line's way: its x at the start and at the end, and where it turns between them. */
interface Way {
  readonly edge: RoutedEdge;
  readonly start: number;
  readonly end: number;
  /** The gaps below which rows it turns in, and there its track. */
  readonly turns: { readonly gap: number; readonly from: number; readonly to: number; track: number }[];
}

class Router {
  private readonly o: LayoutOptions;
  private readonly grid: Grid;
  private readonly center = new Map<number, number>();
  /** Sources of lines that run down a column's middle, by column and row. */
  private readonly running = new Map<string, number>();
  private readonly occupied = new Set<string>();
  private readonly lanes: {
    readonly from: number;
    readonly to: number;
    readonly source: number;
    readonly x: number;
  }[] = [];
  private left = 0;
  private right = 0;

  constructor(options: LayoutOptions) {
    this.o = options;
    this.grid = placeInGrid(options.sizes.length, options.edges, options.weight);
    this.grid.rank.forEach((r, i) => {
      this.occupied.add(`${this.columnOf(i)}:${r}`);
    });
    this.placeColumns();
  }

  run(): Layout {
    const ways = [...this.o.edges].map((e) => this.way(e));
    const rows = Math.max(0, ...this.grid.rank) + 1;
    const tracks = Array.from({ length: rows }, (_, gap) => this.setTracks(ways, gap));
    const tops: number[] = [];
    const bottoms: number[] = [];
    let y = 0;
    for (let r = 0; r < rows; r++) {
      tops.push(y);
      y += Math.max(0, ...this.nodesIn(r).map((i) => this.sizeOf(i).height));
      bottoms.push(y);
      y += this.o.rowGap + TRACK * Math.max(0, (tracks[r] ?? 0) - 1);
    }
    const shift = -this.left;
    const places = this.grid.rank.map((r, i) => ({ x: this.xOf(i) + shift, y: tops[r] ?? 0 }));
    const lines = ways.map(({ edge, start, end, turns }) => {
      const { from, to } = edge;
      const top = (tops[this.rankOf(from)] ?? 0) + this.sizeOf(from).height;
      const bottom = tops[this.rankOf(to)] ?? 0;
      const corners: Point[] = [{ x: start, y: top }];
      for (const { gap, from: x1, to: x2, track } of turns) {
        const at = (bottoms[gap] ?? 0) + this.o.rowGap - TURN + TRACK * track;
        corners.push({ x: x1, y: at }, { x: x2, y: at });
      }
      corners.push({ x: end, y: bottom });
      return corners.map((p) => ({ x: p.x + shift, y: p.y }));
    });
    return { width: this.right - this.left, height: bottoms.at(-1) ?? 0, places, lines };
  }

  private columnOf(i: number): number {
    return this.grid.column[i] ?? 0;
  }

  private rankOf(i: number): number {
    return this.grid.rank[i] ?? 0;
  }

  private sizeOf(i: number): Size {
    return this.o.sizes[i] ?? { width: 0, height: 0 };
  }

  private xOf(i: number): number {
    return this.center.get(this.columnOf(i)) ?? 0;
  }

  private nodesIn(rank: number): number[] {
    return this.grid.rank.flatMap((r, i) => (r === rank ? [i] : []));
  }

  private placeColumns(): void {
    const widths = new Map<number, number>();
    this.o.sizes.forEach(({ width }, i) => {
      widths.set(this.columnOf(i), Math.max(widths.get(this.columnOf(i)) ?? 0, width));
    });
    const half = (c: number) => (widths.get(c) ?? 0) / 2;
    this.center.set(0, 0);
    [this.left, this.right] = [-half(0), half(0)];
    for (const c of [...widths.keys()].filter((k) => k > 0).sort((a, b) => a - b)) {
      this.center.set(c, this.right + this.o.columnGap + half(c));
      this.right += this.o.columnGap + 2 * half(c);
    }
    for (const c of [...widths.keys()].filter((k) => k < 0).sort((a, b) => b - a)) {
      this.center.set(c, this.left - this.o.columnGap - half(c));
      this.left -= this.o.columnGap + 2 * half(c);
    }
  }

  private way(edge: RoutedEdge): Way {
    const { from, to } = edge;
    const start = this.xOf(from) + (edge.fromX ?? 0);
    const end = this.xOf(to) + (edge.toX ?? 0);
    const [first, last] = [this.rankOf(from), this.rankOf(to) - 1];
    const turn = (gap: number, x1: number, x2: number) => ({ gap, from: x1, to: x2, track: 0 });
    if (first === last) {
      const turns = start === end ? [] : [turn(first, start, end)];
      return { edge, start, end, turns };
    }
    if (edge.fromX === undefined && this.runs(from, this.columnOf(from), first + 1, last)) {
      return { edge, start, end, turns: start === end ? [] : [turn(last, start, end)] };
    }
    if (edge.toX === undefined && this.runs(from, this.columnOf(to), first + 1, last)) {
      return { edge, start, end, turns: start === end ? [] : [turn(first, start, end)] };
    }
    const middle = this.lane(from, first, last);
    return { edge, start, end, turns: [turn(first, start, middle), turn(last, middle, end)] };
  }

  /** Takes a column's middle for a line over some rows. @returns false if a node or another line is in the way */
  private runs(source: number, column: number, from: number, to: number): boolean {
    for (let r = from; r <= to; r++) {
      const key = `${column}:${r}`;
      const other = this.running.get(key);
      if (this.occupied.has(key) || (other !== undefined && other !== source)) return false;
    }
    for (let r = from; r <= to; r++) this.running.set(`${column}:${r}`, source);
    return true;
  }

  /** The x of a line that runs beside all columns; lines of one source share it. */
  private lane(source: number, from: number, to: number): number {
    const clashes = (x: number) =>
      this.lanes.some((l) => l.x === x && l.source !== source && l.from <= to && from <= l.to);
    let x = this.left - 2 * TRACK;
    if (this.lanes.length > 0) {
      const known = [...new Set(this.lanes.map((l) => l.x))].sort((a, b) => b - a);
      x = known.find((k) => !clashes(k)) ?? Math.min(...known) - 1.5 * TRACK;
    }
    this.lanes.push({ source, from, to, x });
    if (x < this.left) this.left = x;
    return x;
  }

  /** Gives each turn in a gap a track of its own where turns overlap; those of one source share one. @returns tracks */
  private setTracks(ways: readonly Way[], gap: number): number {
    const turns = ways.flatMap((w) =>
      w.turns.filter((t) => t.gap === gap).map((t) => ({ t, source: w.edge.from })),
    );
    const span = (t: { from: number; to: number }) =>
      [Math.min(t.from, t.to), Math.max(t.from, t.to)] as const;
    const tracks: { low: number; high: number; source: number }[][] = [];
    for (const { t, source } of turns.sort((a, b) => span(a.t)[0] - span(b.t)[0])) {
      const [low, high] = span(t);
      let track = tracks.findIndex((list) =>
        list.every((s) => s.source === source || s.high + TRACK < low || high + TRACK < s.low),
      );
      if (track < 0) track = tracks.push([]) - 1;
      tracks[track]?.push({ low, high, source });
      t.track = track;
    }
    return tracks.length;
  }
}
