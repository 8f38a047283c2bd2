import { ConfigError, DataError } from "../../errors.ts";
import { basename, dirname, extension, resolveInside } from "../../platform/paths.ts";
import { type Dataset, listing } from "../dataset.ts";
import { decodeImage } from "../decode-image.ts";
import { parseCsv } from "../formats/csv-text.ts";
import { type Labels, labelsOfNames } from "./labels.ts";
import type { Reader, ReaderOptions } from "./reader.ts";

/**
 * A CSV file with a header line: a label column, and either a column of image paths inside the file's folder or
 * columns of numbers, which go to the model as float32 [features].
 */
export const csv: Reader = {
  name: "csv",
  reads: "a .csv file with a header, a label column, and numbers or an image column",
  detect: async (files, path) =>
    extension(path) === ".csv" && (await files.stat(path))?.kind === "file" ? "ends in .csv" : null,
  async open(files, path, options) {
    const [header, ...rows] = parseCsv(await files.readText(path), path);
    if (header === undefined || rows.length === 0)
      throw new DataError(`${path}: no rows below a header line`);
    const uneven = rows.flatMap((row, r) =>
      row.length === header.length ? [] : [`row ${r + 1} has ${row.length}`],
    );
    if (uneven.length > 0) {
      throw new DataError(`${path}: the header has ${header.length} fields, but ${listing(uneven)}`);
    }
    const column = (name: string, key: string): number => {
      const at = header.indexOf(name);
      if (at >= 0) return at;
      throw new DataError(
        `${path}: no column "${name}", it has ${header.join(", ")}; name the right one with ${key}`,
      );
    };
    const labelAt = column(options.labelColumn ?? "label", "labelColumn");
    const cells = rows.map((row) => row[labelAt]!);
    const labels = options.task === "regression" ? numbersIn(cells, path) : classesIn(cells, path);
    const common = {
      source: path,
      format: csv.name,
      classes: labels.classes,
      length: rows.length,
      warnings: [],
      label: (i: number) => labels.values[i]!,
    };

    const imageColumn = options.imageColumn ?? (header.includes("image") ? "image" : undefined);
    if (imageColumn !== undefined) {
      if (options.featureColumns) throw new ConfigError("imageColumn and featureColumns exclude each other");
      const at = column(imageColumn, "imageColumn");
      const paths = rows.map((row) => resolveInside(dirname(path), row[at]!));
      const there = await Promise.all(paths.map((p) => files.exists(p)));
      const missing = paths.filter((_, i) => !there[i]);
      if (missing.length > 0)
        throw new DataError(`${path}: ${missing.length} images are missing: ${listing(missing)}`);
      return {
        ...common,
        kind: "image",
        name: (i) => rows[i]![at]!,
        load: async (i) => decodeImage(await files.read(paths[i]!), paths[i]!),
      };
    }
    return { ...common, ...features(header, rows, labelAt, path, options, column) };
  },
};

function features(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  labelAt: number,
  path: string,
  options: ReaderOptions,
  column: (name: string, key: string) => number,
): Pick<Dataset, "kind" | "name" | "load"> {
  const columns = options.featureColumns?.map((name) => column(name, "featureColumns"));
  const at = columns ?? [...header.keys()].filter((c) => c !== labelAt);
  if (at.length === 0) throw new DataError(`${path}: no column besides the label`);
  const data = new Float32Array(rows.length * at.length);
  const odd = new Map<string, string>();
  rows.forEach((row, r) => {
    at.forEach((c, k) => {
      const value = numberOf(row[c]!);
      if (value === null) {
        if (!odd.has(header[c]!))
          odd.set(header[c]!, `"${header[c]}" (row ${r + 1}: ${JSON.stringify(row[c])})`);
      } else data[r * at.length + k] = value;
    });
  });
  if (odd.size > 0) {
    throw new DataError(
      `${path}: columns with values that are no numbers: ${listing([...odd.values()])}. Name the columns to use with ` +
        `featureColumns, or the one of image paths with imageColumn.`,
    );
  }
  const dims = [at.length];
  return {
    kind: "array",
    name: (i) => `${basename(path)}:${i + 1}`,
    load: async (i) => ({ kind: "array", dims, data: data.subarray(i * at.length, (i + 1) * at.length) }),
  };
}

function classesIn(cells: readonly string[], path: string): Labels {
  const empty = cells.flatMap((cell, r) => (cell.trim() === "" ? [`${r + 1}`] : []));
  if (empty.length > 0) throw new DataError(`${path}: no label in rows ${listing(empty)}`);
  return labelsOfNames(cells.map((cell) => cell.trim()));
}

function numbersIn(cells: readonly string[], path: string): Labels {
  const values = cells.map(numberOf);
  const odd = values.flatMap((v, r) => (v === null ? [`${r + 1} (${JSON.stringify(cells[r])})`] : []));
  if (odd.length > 0) throw new DataError(`${path}: labels that are no numbers, in rows ${listing(odd)}`);
  return { classes: null, values: values.map((v) => v ?? 0) };
}

function numberOf(cell: string): number | null {
  const text = cell.trim();
  const value = Number(text);
  return text !== "" && Number.isFinite(value) ? value : null;
}
