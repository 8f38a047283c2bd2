/** Things that are costly to make, of which those used last are kept, up to a size. */
export interface Recent<T> {
  /** The thing of a name, made where it is not kept. @param bytes its size, or near it */
  get(name: string | number, bytes: number, make: () => Promise<T>): Promise<T>;
}

/** @param least how many are kept whatever their size */
export function createRecent<T>(budgetBytes: number, least = 1): Recent<T> {
  // The one used last stands last, and the first ones go when there are too many.
  const kept = new Map<string | number, { readonly thing: Promise<T>; readonly bytes: number }>();
  let total = 0;
  return {
    get(name, bytes, make) {
      const known = kept.get(name);
      const entry = known ?? { thing: make(), bytes };
      if (known) kept.delete(name);
      else total += bytes;
      kept.set(name, entry);
      for (const [first, old] of kept) {
        if (total <= budgetBytes || kept.size <= least) break;
        kept.delete(first);
        total -= old.bytes;
      }
      return entry.thing;
    },
  };
}
