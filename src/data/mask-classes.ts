import { DataError } from "../errors.ts";
import type { Files } from "../platform/files.ts";
import { extension, joinPath } from "../platform/paths.ts";

/** What the numbers or colours of masks stand for. */
export interface MaskClasses {
  readonly names: readonly string[];
  /** The class index of a stored number; null where such pixels do not count. */
  readonly byNumber: ReadonlyMap<number, number | null>;
  /** The same by colour, as 0xRRGGBB; null where masks hold numbers alone. */
  readonly byColour: ReadonlyMap<number, number | null> | null;
}

interface Entry {
  /** Null for pixels that do not count. */
  readonly name: string | null;
  readonly number?: number;
  readonly colour?: number;
}

const FILE_NAMES: readonly string[] = ["classes.txt", "classes.json"];
const FORMS =
  "a list of names, numbers with names, or objects of a name, a colour [r, g, b] and maybe a value (ignore: true where such pixels do not count)";

/**
 * The classes that a file tells. Text: a name a line, the first for 0; or `red green blue name` on each line. JSON: a
 * list of names; an object from numbers to names; or a list of `{ name, color?, value?, ignore? }`, or an object from
 * names to colours. Colours are `[r, g, b]` or `"#rrggbb"`.
 *
 * @throws DataError if it is none of these, or a name, number or colour stands there twice
 */
export async function readMaskClasses(files: Files, path: string): Promise<MaskClasses> {
  const text = await files.readText(path);
  const entries = extension(path) === ".json" ? entriesOfJson(text, path) : entriesOfText(text);
  return classesOf(entries, path);
}

/** `classes.txt` or `classes.json` in the first of some folders that has one; null if none has. */
export async function findClassFile(files: Files, folders: readonly string[]): Promise<string | null> {
  for (const folder of folders) {
    const there = [];
    for (const name of FILE_NAMES)
      if (await files.exists(joinPath(folder, name))) there.push(joinPath(folder, name));
    if (there.length > 1)
      throw new DataError(`${there.join(" and ")} both name classes: remove one, or choose with classFile`);
    if (there[0] !== undefined) return there[0];
  }
  return null;
}

/** Classes named by the numbers that stand in masks, in ascending order. */
export function numberedClasses(numbers: Iterable<number>): MaskClasses {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  return {
    names: sorted.map(String),
    byNumber: new Map(sorted.map((number, c) => [number, c])),
    byColour: null,
  };
}

function entriesOfText(text: string): Entry[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  return lines
    .filter((line) => line !== "")
    .map((line, number) => {
      const [, r, g, b, name] = /^(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})[\s,]+(.+)$/.exec(line) ?? [];
      if (name === undefined) return { name: line, number };
      return { name, number, colour: (Number(r) << 16) | (Number(g) << 8) | Number(b) };
    });
}

function entriesOfJson(text: string, path: string): Entry[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new DataError(`${path}: not JSON`, { cause });
  }
  const bad = (what: unknown) =>
    new DataError(`${path}: ${JSON.stringify(what)} is no class; expected ${FORMS}`);
  if (typeof json !== "object" || json === null) throw bad(json);
  if (Array.isArray(json)) {
    return json.map((item: unknown, number) => {
      if (typeof item === "string") return { name: item, number };
      const { name, color, value, ignore } = Object(item) as Record<string, unknown>; // absent keys are undefined
      if (typeof name !== "string") throw bad(item);
      const colour = color === undefined ? undefined : colourOf(color);
      if (colour === null || (value !== undefined && !isMaskNumber(value))) throw bad(item);
      return {
        name: ignore === true ? null : name,
        number: value ?? number,
        ...(colour === undefined ? {} : { colour }),
      };
    });
  }
  return Object.entries(json).map(([key, value]: [string, unknown], at) => {
    if (typeof value === "string" && /^\d+$/.test(key)) return { name: value, number: Number(key) };
    if (isMaskNumber(value)) return { name: key, number: value };
    const colour = colourOf(value);
    if (colour === null) throw bad({ [key]: value });
    return { name: key, number: at, colour };
  });
}

function isMaskNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 0xffff;
}

function colourOf(value: unknown): number | null {
  if (typeof value === "string" && /^#[0-9a-f]{6}$/i.test(value)) return Number.parseInt(value.slice(1), 16);
  if (!Array.isArray(value) || value.length !== 3) return null;
  const isByte = (v: unknown): v is number => isMaskNumber(v) && v < 256;
  const [r, g, b] = value as readonly unknown[];
  return isByte(r) && isByte(g) && isByte(b) ? (r << 16) | (g << 8) | b : null;
}

function classesOf(entries: readonly Entry[], path: string): MaskClasses {
  const names = entries.flatMap((e) => (e.name === null ? [] : [e.name]));
  const colours = entries.flatMap((e) => (e.colour === undefined ? [] : [e.colour]));
  const twice = <T>(values: readonly T[]) => values.find((v, i) => values.indexOf(v) < i);
  const same =
    twice(names) ??
    twice(entries.map((e) => e.number)) ??
    twice(colours.map((c) => `#${c.toString(16).padStart(6, "0")}`));
  if (same !== undefined) throw new DataError(`${path}: ${same} stands there twice`);
  if (names.length < 2) throw new DataError(`${path}: names ${names.length} classes, expected two at least`);
  if (colours.length > 0 && colours.length < entries.length)
    throw new DataError(
      `${path}: ${colours.length} of ${entries.length} classes have a colour; give all, or none`,
    );
  const indexOf = (e: Entry) => (e.name === null ? null : names.indexOf(e.name));
  return {
    names,
    byNumber: new Map(entries.map((e, i) => [e.number ?? i, indexOf(e)])),
    byColour: colours.length === 0 ? null : new Map(entries.map((e, i) => [colours[i]!, indexOf(e)])), // as many as entries
  };
}
