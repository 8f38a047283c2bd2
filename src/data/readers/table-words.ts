import { createProblems } from "./problems.ts";
import { type Cell, isList, type Table, textOf } from "./table.ts";
import type { Content } from "./table-content.ts";
import { createNumbering } from "./table-labels.ts";

/** Gathers the classes of words from columns of lists. */
interface WordCollector {
  /** Whether the cells were taken: the first one is a list of words, the second one of their tags. */
  take(cells: readonly Cell[], row: string): boolean;
  /** How examples are loaded, or null where no row was a list. @throws DataError that lists the rows that do not fit */
  finish(): Pick<Content, "classes" | "load"> | null;
}

/** @param tags the column of the words' classes, or null where it has none */
export function wordCollector(table: Table, column: number, tags: number | null): WordCollector {
  const tagName = tags === null ? "" : table.columns[tags]!; // a position in them
  const given = tags === null ? null : (table.classNames?.(tagName) ?? null);
  const numbering = createNumbering(given);
  const [plain, uneven, odd, empty] = [
    createProblems(),
    createProblems(),
    createProblems(),
    createProblems(),
  ];
  let taken = 0;
  const tagsOf = (cell: Cell): (number | null)[] => (isList(cell) ? cell.map(numbering.of) : []);
  return {
    take([words = null, tagCell = null], row) {
      if (!isList(words)) {
        plain.add(row);
        return false;
      }
      taken++;
      if (words.length === 0) empty.add(row);
      if (tags === null) return true;
      const found = tagsOf(tagCell);
      if (found.length !== words.length) uneven.add(`${row} (${words.length} words, ${found.length} tags)`);
      if (found.includes(null)) odd.add(row);
      return true;
    },
    finish() {
      if (taken === 0) return null;
      const name = table.columns[column];
      plain.throwIfAny(`${table.path}: column "${name}" holds lists of words, but none in rows`);
      empty.throwIfAny(`${table.path}: no words in column "${name}" in rows`);
      uneven.throwIfAny(
        `${table.path}: as many tags as words are expected in column "${tagName}", not so in rows`,
      );
      odd.throwIfAny(`${table.path}: the file names ${given?.length} classes of words, others stand in rows`);
      const { classes, to } = numbering.finish();
      return {
        classes: tags === null ? null : classes,
        async load(i) {
          const [cell = null, tagCell = null] = await table.row(i, tags === null ? [column] : [column, tags]);
          const words = isList(cell) ? cell.map(textOf) : [];
          const text = { kind: "text", text: words.join(" "), words } as const;
          if (tags === null) return text;
          // Every tag was numbered when the table was opened.
          return { ...text, tags: tagsOf(tagCell).map((t) => to(t!)) };
        },
      };
    },
  };
}
