import { DataError } from "../errors.ts";
import type { Files } from "../platform/files.ts";
import { basename, extension, joinPath } from "../platform/paths.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Dataset, NO_LABEL, type Text } from "./dataset.ts";
import { decodeImage, imageExtensions } from "./decode-image.ts";
import { readNpz } from "./formats/npy.ts";
import { decodeWav } from "./formats/wav.ts";
import { openTable } from "./open-table.ts";
import { type Input, pairInputs } from "./pair-inputs.ts";
import { imageAt, imageLayout } from "./readers/pixels.ts";
import type { ReaderOptions } from "./readers/reader.ts";
import { soundExtensions } from "./readers/sounds.ts";
import type { Table } from "./readers/table.ts";
import { contentOfTable, imageTextsOfTable } from "./readers/table-content.ts";
import { textsOfTable } from "./readers/table-dataset.ts";
import { dialoguesOfTable } from "./readers/table-dialogues.ts";
import { inputPlan } from "./readers/table-plan.ts";

export interface InputOptions extends ReaderOptions {
  /** Texts to begin with. */
  readonly texts?: readonly string[];
  /** Tables hold prompts to answer. */
  readonly prompts?: boolean;
  /**
   * The model takes images with texts: tables hold questions about images, or captions of them; beside captions, images
   * and texts that are given on their own are put together in pairs.
   */
  readonly withImages?: "questions" | "captions";
}

// Deep enough for any collection of images; a loop of links would never end.
const MAX_DEPTH = 16;
const ANSWERS: readonly string[] = ["labelColumn", "responseColumn", "answerColumn"];
const ARRAY_NAMES: readonly string[] = ["images", "x"];

/**
 * Examples without labels, for prediction: files of images or sounds, folders of them at any depth, the images or arrays of `.npz`
 * files (the array `images` or `x`, or the only one), texts, the lines of `.txt` files, and what stands in the rows of
 * tables beside labels, which they need not have.
 *
 * @throws DataError if a path holds nothing to predict on, or kinds are mixed
 */
export async function openInputs(
  files: Files,
  paths: readonly string[],
  options: InputOptions = {},
): Promise<Dataset> {
  const given: Input[] = (options.texts ?? []).map((text) => textInput({ kind: "text", text }, text));
  for (const path of paths) given.push(...(await inputsAt(files, path, options)));
  const inputs = options.withImages === "captions" ? pairInputs(given) : given;
  const kind = inputs[0]?.kind;
  if (kind === undefined) throw new DataError(`${paths.join(", ")}: nothing to predict on`);
  if (inputs.some((i) => i.kind !== kind))
    throw new DataError("images, sounds, texts and arrays cannot be mixed in one call");
  return {
    source: paths.join(", "),
    format: "inputs",
    kind,
    labelling: "sample",
    classes: null,
    length: inputs.length,
    warnings: [],
    label: () => NO_LABEL,
    name: (i) => inputs[i]!.name,
    load: (i) => inputs[i]!.load(),
  };
}

async function inputsAt(files: Files, path: string, options: InputOptions): Promise<Input[]> {
  const stat = await files.stat(path);
  if (stat === null) throw new DataError(`${path}: no such file or folder`, { details: { path } });
  if (stat.kind === "folder") {
    const found = await filesIn(files, path, 0);
    if (found.length > 0) return found;
    throw new DataError(
      `${path}: holds no image and no sound (${[...imageExtensions, ...soundExtensions].join(", ")})`,
      { details: { path } },
    );
  }
  const ending = extension(path);
  if (ending === ".npz") return inputsOfNpz(await readNpz(files, path), path);
  if (ending === ".txt")
    return linesOf(await files.readText(path)).map((text) => textInput({ kind: "text", text }, text));
  const table = await openTable(files, path);
  const { withImages: texts } = options;
  if (table && texts !== undefined) {
    const { name, load } = await imageTextsOfTable(table, files, { ...asked(table, options), texts });
    return Array.from({ length: table.length }, (_, i) => ({
      name: name(i),
      kind: "image-text",
      load: () => load(i),
    }));
  }
  if (table) return inputsOfTable(files, table, asked(table, options));
  return [fileInput(files, path)];
}

/** Options without the columns of answers that a table does not have: it is asked about, and need not know them. */
function asked(table: Table, options: InputOptions): InputOptions {
  const isThere = (name: unknown) => table.columns.some((column) => column === name);
  const entries = Object.entries(options).filter(([key, name]) => !ANSWERS.includes(key) || isThere(name));
  return Object.fromEntries(entries);
}

async function inputsOfTable(files: Files, table: Table, options: InputOptions): Promise<Input[]> {
  const dialogues = options.prompts === true ? await dialoguesOfTable(table, options) : null;
  if (dialogues)
    return dialogues.map((dialogue, i) => ({
      name: table.rowName(i),
      kind: "dialogue",
      load: async () => dialogue,
    }));
  const plan = inputPlan(table, options);
  // A text says more than its place does.
  if (plan.kind === "text")
    return (await textsOfTable(table, options)).map((text) => textInput(text, text.text));
  const { kind, name, load } = await contentOfTable(table, plan, files, options);
  return Array.from({ length: table.length }, (_, i) => ({ name: name(i), kind, load: () => load(i) }));
}

async function filesIn(files: Files, folder: string, depth: number): Promise<Input[]> {
  if (depth > MAX_DEPTH) throw new DataError(`${folder}: more than ${MAX_DEPTH} folders deep`);
  const found: Input[] = [];
  for (const { name, kind } of await files.list(folder)) {
    if (name.startsWith(".")) continue;
    const path = joinPath(folder, name);
    if (kind === "folder") found.push(...(await filesIn(files, path, depth + 1)));
    else if ([...imageExtensions, ...soundExtensions].includes(extension(name)))
      found.push(fileInput(files, path));
  }
  return found;
}

/** The lines of a text that are not empty. */
export function linesOf(text: string): string[] {
  return text.split(/\r?\n/).filter((line) => line.trim() !== "");
}

function textInput(text: Text, name: string): Input {
  return { name, kind: "text", load: async () => text };
}

function fileInput(files: Files, path: string): Input {
  if (soundExtensions.includes(extension(path)))
    return { name: path, kind: "audio", load: async () => decodeWav(await files.read(path), path) };
  return { name: path, kind: "image", load: async () => decodeImage(await files.read(path), path) };
}

function inputsOfNpz(arrays: ReadonlyMap<string, Tensor>, path: string): Input[] {
  const only = arrays.size === 1 ? [...arrays.keys()] : [];
  const name = [...ARRAY_NAMES, ...only].find((n) => arrays.has(n));
  const array = name === undefined ? undefined : arrays.get(name);
  if (name === undefined || array === undefined) {
    throw new DataError(
      `${path}: which array to predict on? Expected images or x, got ${[...arrays.keys()].join(", ")}`,
    );
  }
  const count = array.dims[0] ?? 0;
  const named = (i: number) => `${basename(path)} ${name}[${i}]`;
  if (array.dtype === "uint8") {
    const pixels = array.data as Uint8Array; // as the dtype says
    const layout = imageLayout(array.dims, `${path} "${name}"`);
    return Array.from({ length: count }, (_, i) => ({
      name: named(i),
      kind: "image",
      load: async () => imageAt(pixels, array.dims, layout, i),
    }));
  }
  if (array.dtype !== "float32")
    throw new DataError(`${path}: "${name}" is ${array.dtype}, expected uint8 images or float32`);
  const numbers = array.data as Float32Array; // as the dtype says
  const dims = array.dims.slice(1);
  const size = numbers.length / Math.max(1, count);
  return Array.from({ length: count }, (_, i) => ({
    name: named(i),
    kind: "array",
    load: async () => ({ kind: "array", dims, data: numbers.subarray(i * size, (i + 1) * size) }),
  }));
}
