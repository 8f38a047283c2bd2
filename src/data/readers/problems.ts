import { DataError } from "../../errors.ts";
import { LISTED } from "../dataset.ts";

/** Rows that cannot be used, gathered while a table is read: the first ones by name, and how many there are. */
export interface Problems {
  /** @param what the row, and what is wrong with it where that differs between rows */
  add(what: string): void;
  /** @throws DataError `SENTENCE ROWS`, where there are any */
  throwIfAny(sentence: string): void;
}

/** @param separator between what a message lists */
export function createProblems(separator = ", "): Problems {
  const first: string[] = [];
  let count = 0;
  return {
    add(what) {
      if (count++ < LISTED) first.push(what);
    },
    throwIfAny(sentence) {
      if (count === 0) return;
      const more = count > first.length ? `${separator}and ${count - first.length} more` : "";
      throw new DataError(`${sentence} ${first.join(separator)}${more}`, { details: { first, count } });
    },
  };
}
