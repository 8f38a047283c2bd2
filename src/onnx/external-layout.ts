import type { ExternalRange } from "./external-data.ts";
import type { TensorProto } from "./proto/onnx-ml_pb.ts";

/** A tensor that goes to a file of weights. */
export interface ExternalItem {
  readonly proto: TensorProto;
  readonly bytes: Uint8Array;
  /** Where it lay when the model was loaded; null for one that is moved out of the model file. */
  readonly before: ExternalRange | null;
  /** Its elements are not those that were read. */
  readonly isChanged: boolean;
}

/** Bytes at a place of a file of weights. */
export interface Slot {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** One file of weights: its slots by offset, and whether they lie where they lay. */
export interface ExternalFileLayout {
  readonly location: string;
  readonly isKept: boolean;
  readonly slots: readonly Slot[];
  /** The offset of each tensor. */
  readonly offsets: ReadonlyMap<TensorProto, number>;
}

/** Offsets at page boundaries, so that a runtime can map a tensor into memory. ONNX asks for multiples of 4096. */
const PAGE_BYTES = 4096;
/** Browsers hold no larger buffer, so new files of weights end below it; a larger tensor has a file of its own. */
const MAX_FILE_BYTES = 2 ** 31 - PAGE_BYTES;

/**
 * Where each tensor goes. A file whose tensors have their old sizes keeps all offsets; in another, tensors follow each
 * other in their old order at page boundaries. Tensors that leave the model file go to `spill`, `spill_1` and so on.
 */
export function layOut(items: readonly ExternalItem[], spill: string): ExternalFileLayout[] {
  const byLocation = new Map<string, PlacedItem[]>();
  for (const item of items.filter(isPlaced)) {
    const list = byLocation.get(item.before.location);
    if (list) list.push(item);
    else byLocation.set(item.before.location, [item]);
  }
  const layouts = [...byLocation].map(
    ([location, list]) => keepOffsets(location, list) ?? pack(location, list),
  );
  const spilled = items.filter((item) => !isPlaced(item));
  for (let n = 0, from = 0; from < spilled.length; n++) {
    const location = n === 0 ? spill : `${spill}_${n}`;
    if (byLocation.has(location)) continue;
    const count = fitting(spilled.slice(from));
    layouts.push(pack(location, spilled.slice(from, from + count)));
    from += count;
  }
  return layouts;
}

type PlacedItem = ExternalItem & { readonly before: ExternalRange };

function isPlaced(item: ExternalItem): item is PlacedItem {
  return item.before !== null;
}

/** How many of the first tensors one new file takes; at least one. */
function fitting(items: readonly ExternalItem[]): number {
  let end = 0;
  for (const [i, item] of items.entries()) {
    end = pageAfter(end) + item.bytes.length;
    if (end > MAX_FILE_BYTES && i > 0) return i;
  }
  return items.length;
}

/** The old layout, or null if a tensor has another size or two that overlap no longer agree. */
function keepOffsets(location: string, items: readonly PlacedItem[]): ExternalFileLayout | null {
  const sorted = [...items].sort(
    (a, b) => a.before.offset - b.before.offset || a.bytes.length - b.bytes.length,
  );
  let end = 0;
  let last: PlacedItem | null = null;
  const slots: Slot[] = [];
  for (const item of sorted) {
    const { offset, length } = item.before;
    if (item.bytes.length !== length) return null;
    if (length === 0) continue;
    const overlaps = last !== null && offset < end;
    const agrees = overlaps && isSame(item, last);
    if (overlaps && !agrees && (item.isChanged || last?.isChanged)) return null;
    if (!agrees) slots.push({ offset, bytes: item.bytes });
    if (offset + length >= end) last = item;
    end = Math.max(end, offset + length);
  }
  return { location, isKept: true, slots, offsets: new Map(sorted.map((i) => [i.proto, i.before.offset])) };
}

function isSame(a: ExternalItem, b: ExternalItem | null): boolean {
  return a.before?.offset === b?.before?.offset && b !== null && bytesEqual(a.bytes, b.bytes);
}

/** One after the other at page boundaries; tensors that shared their bytes and still agree share them again. */
function pack(location: string, items: readonly ExternalItem[]): ExternalFileLayout {
  const sorted = [...items].sort((a, b) => (a.before?.offset ?? 0) - (b.before?.offset ?? 0));
  const slots: Slot[] = [];
  const offsets = new Map<TensorProto, number>();
  let end = 0;
  let last: { readonly item: ExternalItem; readonly offset: number } | null = null;
  for (const item of sorted) {
    if (last !== null && item.before !== null && isSame(item, last.item)) {
      offsets.set(item.proto, last.offset);
      continue;
    }
    const offset = pageAfter(end);
    slots.push({ offset, bytes: item.bytes });
    offsets.set(item.proto, offset);
    end = offset + item.bytes.length;
    last = { item, offset };
  }
  return { location, isKept: false, slots, offsets };
}

function pageAfter(offset: number): number {
  return Math.ceil(offset / PAGE_BYTES) * PAGE_BYTES;
}

function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  if (a.buffer === b.buffer && a.byteOffset === b.byteOffset) return true;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
