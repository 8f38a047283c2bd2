import type { Buffer } from "./buffer-plan.ts";

/** Sizes are multiples of this. */
const UNIT = 256;
/** The first region; each later one is twice the one before, or the next power of two that holds the request. */
const FIRST_REGION = 2 ** 20;
const LARGEST_REGION = 2 ** 30;
/** A chunk is cut if this much of it would be left over, or half of it. */
const LARGEST_WASTE = 128 * 2 ** 20;
/** Memory counts as touched in pieces of this size; smaller ones would only make the count slow. */
const PAGE = 2 ** 14;

interface Chunk {
  readonly region: Region;
  readonly offset: number;
  size: number;
  isFree: boolean;
  before: Chunk | null;
  after: Chunk | null;
}

interface Region {
  readonly pages: Uint8Array;
}

/**
 * The bytes that a run touches when buffers come and go in ONNX Runtime's arena (`BFCArena`: best fit, neighbours that
 * are free are joined, regions double). More than the sum of live buffers, because free memory lies in pieces.
 */
export function touchedInArena(buffers: readonly Buffer[]): number {
  const arena = new Arena();
  const last = Math.max(0, ...buffers.map((b) => b.to));
  const starts = groupBy(buffers, (b) => b.from);
  const ends = groupBy(buffers, (b) => b.to);
  const chunks = new Map<Buffer, Chunk>();
  for (let step = 0; step <= last; step++) {
    for (const b of starts.get(step) ?? []) chunks.set(b, arena.take(b.bytes));
    for (const b of ends.get(step) ?? []) arena.giveBack(chunks.get(b)!); // every buffer starts before it ends
  }
  return arena.touched;
}

function groupBy<T>(items: readonly T[], key: (item: T) => number): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const item of items) {
    const list = groups.get(key(item));
    if (list) list.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}

class Arena {
  private readonly free = new Set<Chunk>();
  private readonly regions: Region[] = [];
  private nextRegion = FIRST_REGION;

  get touched(): number {
    return this.regions.reduce((sum, { pages }) => sum + PAGE * pages.reduce((n, p) => n + p, 0), 0);
  }

  take(bytes: number): Chunk {
    const size = UNIT * Math.max(1, Math.ceil(bytes / UNIT));
    const chunk = this.bestFit(size) ?? this.extend(size);
    this.free.delete(chunk);
    chunk.isFree = false;
    if (chunk.size >= 2 * size || chunk.size - size >= LARGEST_WASTE) this.cut(chunk, size);
    const end = Math.ceil((chunk.offset + size) / PAGE);
    chunk.region.pages.fill(1, Math.floor(chunk.offset / PAGE), end);
    return chunk;
  }

  giveBack(chunk: Chunk): void {
    chunk.isFree = true;
    let first = chunk;
    if (chunk.before?.isFree) {
      first = chunk.before;
      this.join(first, chunk);
    }
    if (first.after?.isFree) this.join(first, first.after);
    this.free.add(first);
  }

  private bestFit(size: number): Chunk | null {
    let best: Chunk | null = null;
    for (const c of this.free) if (c.size >= size && (best === null || c.size < best.size)) best = c;
    return best;
  }

  private extend(size: number): Chunk {
    let grew = false;
    while (this.nextRegion < size) {
      this.nextRegion *= 2;
      grew = true;
    }
    const bytes = this.nextRegion;
    if (!grew) this.nextRegion = Math.min(LARGEST_REGION, 2 * this.nextRegion);
    const region = { pages: new Uint8Array(Math.ceil(bytes / PAGE)) };
    this.regions.push(region);
    return { region, offset: 0, size: bytes, isFree: true, before: null, after: null };
  }

  private cut(chunk: Chunk, size: number): void {
    const { region, after } = chunk;
    const rest: Chunk = {
      region,
      offset: chunk.offset + size,
      size: chunk.size - size,
      isFree: true,
      before: chunk,
      after,
    };
    chunk.size = size;
    chunk.after = rest;
    if (after) after.before = rest;
    this.free.add(rest);
  }

  private join(first: Chunk, second: Chunk): void {
    this.free.delete(first);
    this.free.delete(second);
    first.size += second.size;
    first.after = second.after;
    if (second.after) second.after.before = first;
  }
}
