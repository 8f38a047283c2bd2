import { DataError } from "../../errors.ts";
import type { Files } from "../../platform/files.ts";
import { hashText } from "../content-hash.ts";
import type { Dataset, Text } from "../dataset.ts";
import { labelFields, noLabels } from "./labels.ts";
import { createProblems } from "./problems.ts";
import type { ReaderOptions } from "./reader.ts";
import { type Cell, numberOf, type Table, textOf } from "./table.ts";
import { contentCollector } from "./table-content.ts";
import { labelCollector } from "./table-labels.ts";
import { type Plan, planOf, textColumnsOf } from "./table-plan.ts";

/**
 * A table as labelled examples: label columns, and either a column of texts (with a second one for pairs) or of lists of
 * words, a column of images, or columns of numbers, which go to the model as float32 [features]. All rows are read once
 * and checked; what is kept of them is labels, groups, weights and names.
 *
 * @throws DataError, ConfigError naming the columns there are and the setting that chooses one, or the rows that are odd
 */
export async function datasetOfTable(table: Table, files: Files, options: ReaderOptions): Promise<Dataset> {
  if (table.length === 0) throw new DataError(`${table.path}: no rows below a header line`);
  const plan = planOf(table, options);
  const labels = plan.labels.length === 0 ? null : labelCollector(table, plan.labels, options);
  const content = contentCollector(table, plan.content, files, options);
  const [groups, weights] = [groupCollector(table, plan), weightCollector(table, plan)];
  const parts = [
    {
      columns: plan.labels,
      add: (cells: readonly Cell[], row: number) => labels?.add(cells, table.rowName(row)),
    },
    content,
    ...(groups ? [groups] : []),
    ...(weights ? [weights] : []),
  ];
  const keys: number[] = [];
  let row = 0;
  for await (const cells of table.scan(parts.flatMap((part) => part.columns))) {
    let from = 0;
    for (const part of parts) {
      const to = from + part.columns.length;
      const own = cells.slice(from, to);
      part.add(own, row);
      if (part === content && own.length > 0) keys.push(hashText(...own.map(textOf)));
      from = to;
    }
    row++;
  }
  return {
    source: table.path,
    format: table.format,
    length: table.length,
    warnings: [],
    ...labelFields(labels?.finish() ?? noLabels),
    ...groups?.finish(),
    ...weights?.finish(),
    ...(keys.length > 0 ? { key: (i) => keys[i]! } : {}),
    ...(await content.finish()),
  };
}

function groupCollector(table: Table, { group }: Plan) {
  if (group === null) return null;
  const numbers: number[] = [];
  const numberOfName = new Map<string, number>();
  const empty = createProblems();
  return {
    columns: [group],
    add([cell = null]: readonly Cell[], row: number): void {
      const name = textOf(cell).trim();
      if (name === "") empty.add(table.rowName(row));
      const number = numberOfName.get(name) ?? numberOfName.size;
      numberOfName.set(name, number);
      numbers.push(number);
    },
    finish(): Pick<Dataset, "group"> {
      empty.throwIfAny(`${table.path}: no group in column "${table.columns[group]}" in rows`);
      const names = [...numberOfName.keys()];
      return { group: (i) => names[numbers[i]!]! };
    },
  };
}

function weightCollector(table: Table, { weight }: Plan) {
  if (weight === null) return null;
  const values: number[] = [];
  const odd = createProblems();
  return {
    columns: [weight],
    add([cell = null]: readonly Cell[], row: number): void {
      const value = numberOf(cell);
      if (value === null || value < 0) odd.add(`${table.rowName(row)} (${JSON.stringify(textOf(cell))})`);
      values.push(value ?? 0);
    },
    finish(): Pick<Dataset, "weight"> {
      odd.throwIfAny(
        `${table.path}: weights in column "${table.columns[weight]}" that are no numbers of at least 0, in rows`,
      );
      if (values.every((v) => v === 0))
        throw new DataError(`${table.path}: every weight in column "${table.columns[weight]}" is 0`);
      return { weight: (i) => values[i]! };
    },
  };
}

/** The texts of a table that need have no labels, by the column named or found by its usual names. */
export async function textsOfTable(
  table: Table,
  options: Pick<ReaderOptions, "textColumn" | "pairColumn">,
): Promise<Text[]> {
  const { text, pair } = textColumnsOf(table, options);
  const texts: Text[] = [];
  for await (const [first = null, second] of table.scan(pair === null ? [text] : [text, pair]))
    texts.push({
      kind: "text",
      text: textOf(first),
      ...(second === undefined ? {} : { pair: textOf(second) }),
    });
  return texts;
}
