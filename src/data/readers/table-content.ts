import { DataError } from "../../errors.ts";
import type { Files } from "../../platform/files.ts";
import { dirname, resolveInside } from "../../platform/paths.ts";
import { type Dataset, type Loading, listing } from "../dataset.ts";
import { imageLoader } from "./images.ts";
import { datasetOfMasks } from "./masked-images.ts";
import { createProblems } from "./problems.ts";
import type { ReaderOptions } from "./reader.ts";
import { soundLoader } from "./sounds.ts";
import { type Cell, numberOf, type Table, textOf } from "./table.ts";
import { dialogueCollector } from "./table-dialogues.ts";
import { captionPlan, type Plan, questionPlan } from "./table-plan.ts";
import { wordCollector } from "./table-words.ts";

/** What examples are made of, and how one is loaded; `classes` where they lie in the examples. */
export type Content = Pick<Dataset, "kind" | "name" | "load" | "stored"> & {
  readonly classes?: readonly string[] | null;
};

/** Checks the content cells of one row after the other. */
export interface ContentCollector {
  /** The columns that `add` is given the cells of. */
  readonly columns: readonly number[];
  add(cells: readonly Cell[], row: number): void;
  /** @throws DataError that lists the rows that cannot be used */
  finish(): Promise<Content>;
}

export function contentCollector(
  table: Table,
  plan: Plan["content"],
  files: Files,
  options: ReaderOptions,
): ContentCollector {
  if (plan.kind === "array") return features(table, plan.columns);
  if (plan.kind === "text") return texts(table, plan);
  if (plan.kind === "dialogue") return dialogueCollector(table, plan.columns);
  if (plan.kind === "image-text") return captionedImages(table, plan, files);
  if (plan.kind === "audio") return sounds(table, plan.column, files);
  const { column, mask } = plan;
  return mask === null ? images(table, column, files) : maskedImages(table, { column, mask }, files, options);
}

function texts(table: Table, plan: Extract<Plan["content"], { kind: "text" }>): ContentCollector {
  const columns = plan.pair === null ? [plan.column] : [plan.column, plan.pair];
  const words = wordCollector(table, plan.column, plan.tags);
  const empty = createProblems();
  return {
    columns: plan.tags === null ? columns : [plan.column, plan.tags],
    add(cells, row) {
      if (words.take(cells, table.rowName(row))) return;
      if (textOf(cells[0] ?? null).trim() === "") empty.add(table.rowName(row));
    },
    async finish() {
      empty.throwIfAny(`${table.path}: no text in column "${table.columns[plan.column]}" in rows`);
      const found = words.finish();
      if (found !== null) return { kind: "text", name: (i) => table.rowName(i), ...found };
      return {
        kind: "text",
        name: (i) => table.rowName(i),
        async load(i) {
          const [text = null, pair] = await table.row(i, columns);
          return {
            kind: "text",
            text: textOf(text),
            ...(pair === undefined ? {} : { pair: textOf(pair) }),
          };
        },
      };
    },
  };
}

/** Columns of numbers as float32 [features]. */
function features(table: Table, columns: readonly number[]): ContentCollector {
  if (columns.length === 0) throw new DataError(`${table.path}: no column besides the label`);
  const odd = new Map<number, string>();
  return {
    columns,
    add(cells, row) {
      for (const [k, cell] of cells.entries()) {
        if (odd.has(k) || numberOf(cell) !== null) continue;
        const column = table.columns[columns[k]!]; // a cell for each of them
        odd.set(k, `"${column}" (${table.rowName(row)}: ${JSON.stringify(textOf(cell))})`);
      }
    },
    async finish() {
      if (odd.size > 0) {
        throw new DataError(
          `${table.path}: columns with values that are no numbers: ${listing([...odd.values()])}. Name the columns to ` +
            "use with featureColumns, the one of texts with textColumn, or the one of paths with imageColumn or audioColumn.",
        );
      }
      const dims = [columns.length];
      return {
        kind: "array",
        name: (i) => table.rowName(i),
        load: async (i) => ({
          kind: "array",
          dims,
          data: Float32Array.from(await table.row(i, columns), (cell) => numberOf(cell) ?? Number.NaN),
        }),
      };
    },
  };
}

/** One file for each example. */
function fileContent(
  kind: "image" | "audio",
  content: FileCollector,
  loaderOf: (column: FileColumn) => Loading,
): ContentCollector {
  return {
    columns: content.columns,
    add: content.add,
    async finish() {
      const column = await content.finish();
      return { kind, name: column.name, ...loaderOf(column) };
    },
  };
}

function images(table: Table, column: number, files: Files): ContentCollector {
  const loaderOf = ({ at, bytes }: FileColumn) => imageLoader(bytes, at);
  return fileContent("image", fileCollector(table, column, files), loaderOf);
}

function sounds(table: Table, column: number, files: Files): ContentCollector {
  const loaderOf = ({ at, bytes }: FileColumn) => soundLoader(bytes, at);
  return fileContent("audio", fileCollector(table, column, files), loaderOf);
}

/**
 * The images of a table and what stands beside them: questions, which need have no responses, or captions.
 *
 * @throws DataError naming the columns there are
 */
export async function imageTextsOfTable(
  table: Table,
  files: Files,
  { texts, ...options }: ReaderOptions & { readonly texts: "questions" | "captions" },
): Promise<Content> {
  const content = texts === "questions" ? questionPlan(table, options) : captionPlan(table, options);
  if (content === null) {
    const wanted =
      texts === "questions"
        ? "image and question of images and what is asked about them"
        : "image and caption of images and a text about each";
    throw new DataError(
      `${table.path}: no columns ${wanted}, it has ${table.columns.join(", ")}; name them with imageColumn and textColumn`,
    );
  }
  return scanned(table, captionedImages(table, content, files, false));
}

/** What stands in the rows of a table, whatever their labels. @throws DataError that lists the rows that cannot be used */
export function contentOfTable(
  table: Table,
  plan: Plan["content"],
  files: Files,
  options: ReaderOptions,
): Promise<Content> {
  return scanned(table, contentCollector(table, plan, files, options));
}

async function scanned(table: Table, collector: ContentCollector): Promise<Content> {
  let row = 0;
  for await (const cells of table.scan(collector.columns)) collector.add(cells, row++);
  return collector.finish();
}

/** Images with a text about each, or with questions and answers. */
function captionedImages(
  table: Table,
  plan: Extract<Plan["content"], { kind: "image-text" }>,
  files: Files,
  needsResponse = true,
): ContentCollector {
  const image = images(table, plan.image, files);
  const text =
    typeof plan.text === "number"
      ? texts(table, plainText(plan.text))
      : dialogueCollector(table, plan.text, needsResponse);
  return {
    ...sideBySide(image, text),
    async finish() {
      const [pictures, captions] = [await image.finish(), await text.finish()];
      return {
        kind: "image-text",
        name: typeof plan.text === "number" ? pictures.name : (i) => table.rowName(i),
        async load(i) {
          const [shown, said] = await Promise.all([pictures.load(i), captions.load(i)]);
          if (shown.kind !== "image" || (said.kind !== "text" && said.kind !== "dialogue"))
            throw new TypeError("internal: columns of images and texts gave something else");
          return { kind: "image-text", image: shown, text: said };
        },
        stored: async (i) => [
          ...((await pictures.stored?.(i)) ?? []),
          JSON.stringify(await captions.load(i)),
        ],
      };
    },
  };
}

function plainText(column: number): Extract<Plan["content"], { kind: "text" }> {
  return { kind: "text", column, pair: null, tags: null };
}

/** Images with a mask each. */
function maskedImages(
  table: Table,
  plan: { readonly column: number; readonly mask: number },
  files: Files,
  options: ReaderOptions,
): ContentCollector {
  const [image, mask] = [fileCollector(table, plan.column, files), fileCollector(table, plan.mask, files)];
  return {
    ...sideBySide(image, mask),
    async finish() {
      const [images, masks] = [await image.finish(), await mask.finish()];
      const examples = {
        source: table.path,
        format: table.format,
        length: table.length,
        warnings: [],
        name: images.name,
        images: imageLoader(images.bytes, images.at),
        maskBytes: masks.bytes,
        maskName: masks.at,
      };
      return datasetOfMasks(files, examples, [dirname(table.path)], options);
    },
  };
}

type CellReader = Pick<ContentCollector, "columns" | "add">;

/** Two readers of cells as one that is given the cells of both. */
function sideBySide(first: CellReader, second: CellReader): CellReader {
  const cut = first.columns.length;
  return {
    columns: [...first.columns, ...second.columns],
    add(cells, row) {
      first.add(cells.slice(0, cut), row);
      second.add(cells.slice(cut), row);
    },
  };
}

/** The files of a column. */
interface FileColumn {
  /** What examples are called by it. */
  readonly name: (i: number) => string;
  /** Where it lies, for messages. */
  readonly at: (i: number) => string;
  readonly bytes: (i: number) => Promise<Uint8Array>;
}

type FileCollector = Pick<ContentCollector, "columns" | "add"> & { finish(): Promise<FileColumn> };

/** Files inside the table, or paths relative to it. */
function fileCollector(table: Table, column: number, files: Files): FileCollector {
  const name = table.columns[column]!; // a position in them
  const { embedded } = table;
  if (embedded?.columns.includes(name)) {
    const rowName = (i: number) => table.rowName(i);
    const bytes = (i: number) => embedded.bytes(i, name);
    return {
      columns: [],
      add: () => undefined,
      finish: async () => ({ name: rowName, at: (i) => `${rowName(i)} "${name}"`, bytes }),
    };
  }
  const names: string[] = [];
  return {
    columns: [column],
    add: ([cell = null]) => void names.push(textOf(cell)),
    async finish() {
      const at = (i: number) => resolveInside(dirname(table.path), names[i]!);
      const missing = createProblems();
      for (let i = 0; i < names.length; i++) {
        if ((await files.stat(at(i)))?.kind !== "file") missing.add(`${at(i)} (${table.rowName(i)})`);
      }
      missing.throwIfAny(`${table.path}: files of column "${name}" are missing:`);
      return { name: (i) => names[i]!, at, bytes: (i) => files.read(at(i)) };
    },
  };
}
