import { DataError } from "../errors.ts";

/**
 * A JSON object that is read field by field, where each field must have the type asked for.
 *
 * @throws DataError naming the place, the field, what was expected and what was found
 */
export class Fields {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #where: string;

  /** `where` names the object in messages: `runs/a/steps.jsonl line 7`. */
  constructor(value: unknown, where: string) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new DataError(`${where}: expected an object, got ${shown(value)}.`, { details: { where } });
    }
    this.#values = value as Readonly<Record<string, unknown>>; // a non-null object that is no array
    this.#where = where;
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#values, key) && this.#values[key] !== null;
  }

  number(key: string): number {
    return this.#read(key, "a number", toNumber);
  }

  /** An integer of at least 0. */
  count(key: string): number {
    return this.#read(key, "an integer of at least 0", (value) => {
      const n = toNumber(value);
      return n !== undefined && Number.isSafeInteger(n) && n >= 0 ? n : undefined;
    });
  }

  string(key: string): string {
    return this.#read(key, "a string", (value) => (typeof value === "string" ? value : undefined));
  }

  boolean(key: string): boolean {
    return this.#read(key, "true or false", (value) => (typeof value === "boolean" ? value : undefined));
  }

  oneOf<T extends string>(key: string, choices: readonly T[]): T {
    return this.#read(key, `one of ${choices.join(", ")}`, (value) => choices.find((c) => c === value));
  }

  numbers(key: string): number[] {
    return this.#read(key, "a list of numbers", (value) => listOf(value, toNumber));
  }

  strings(key: string): string[] {
    return this.#read(key, "a list of strings", (value) =>
      listOf(value, (item) => (typeof item === "string" ? item : undefined)),
    );
  }

  /** Rows of counts, as many columns as rows. */
  squareMatrix(key: string): number[][] {
    return this.#read(key, "a square table of numbers", (value) => {
      const rows = listOf(value, (row) => listOf(row, toNumber));
      return rows?.every((row) => row.length === rows.length) ? rows : undefined;
    });
  }

  /** Pairs of numbers. */
  points(key: string): [number, number][] {
    return this.#read(key, "a list of pairs of numbers", (value) => listOf(value, toPair));
  }

  numberMap(key: string): Record<string, number> {
    return this.#read(key, "an object of numbers", (value) => mapOf(value, toNumber));
  }

  pairMap(key: string): Record<string, [number, number]> {
    return this.#read(key, "an object of pairs of numbers", (value) => mapOf(value, toPair));
  }

  stringMap(key: string): Record<string, string> {
    return this.#read(key, "an object of strings", (value) =>
      mapOf(value, (item) => (typeof item === "string" ? item : undefined)),
    );
  }

  object(key: string): Fields {
    return new Fields(this.#values[key], `${this.#where}, "${key}"`);
  }

  objects(key: string): Fields[] {
    const list = this.#read(key, "a list", (value) =>
      Array.isArray(value) ? (value as unknown[]) : undefined,
    );
    return list.map((item, i) => new Fields(item, `${this.#where}, "${key}" ${i}`));
  }

  #read<T>(key: string, expected: string, convert: (value: unknown) => T | undefined): T {
    const value = Object.hasOwn(this.#values, key) ? this.#values[key] : undefined;
    const result = convert(value);
    if (result === undefined) {
      throw new DataError(`${this.#where}: "${key}" is ${shown(value)}, expected ${expected}.`, {
        details: { where: this.#where, field: key, expected },
      });
    }
    return result;
  }
}

/** JSON text of a value whose numbers may be NaN or infinite (written as strings). */
export function toJson(value: unknown, indent?: number): string {
  const spell = (_: string, item: unknown) =>
    typeof item === "number" && !Number.isFinite(item) ? String(item) : item;
  return JSON.stringify(value, spell, indent);
}

function toNumber(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  return value === "NaN" || value === "Infinity" || value === "-Infinity" ? Number(value) : undefined;
}

function toPair(value: unknown): [number, number] | undefined {
  const [x, y, ...more] = listOf(value, toNumber) ?? [];
  return x === undefined || y === undefined || more.length > 0 ? undefined : [x, y];
}

function listOf<T>(value: unknown, convert: (item: unknown) => T | undefined): T[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const result: T[] = [];
  for (const item of value as unknown[]) {
    const converted = convert(item);
    if (converted === undefined) return undefined;
    result.push(converted);
  }
  return result;
}

function mapOf<T>(value: unknown, convert: (item: unknown) => T | undefined): Record<string, T> | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const entries = Object.entries(value);
  const converted = listOf(
    entries.map(([, item]: [string, unknown]) => item),
    convert,
  );
  // fromEntries defines own properties, so that a key "__proto__" stays data.
  return converted && Object.fromEntries(entries.map(([key], i) => [key, converted[i]!]));
}

function shown(value: unknown): string {
  if (value === undefined) return "missing";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
