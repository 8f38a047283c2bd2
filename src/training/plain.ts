import type { Json } from "../run/records.ts";

/** An object without its undefined entries, for settings whose absence means something. */
export function withoutUndefined<T extends object>(object: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  // Filtering leaves exactly the entries that the type promises.
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** Settings as JSON: a parsed configuration holds nothing else, and undefined entries drop out. */
export function plainJson(settings: object): Json {
  return JSON.parse(JSON.stringify(settings)) as Json;
}
