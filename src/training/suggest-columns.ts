import type { ConfigInput } from "../config/schema.ts";
import type { TaskName } from "../config/task-names.ts";
import type { ColumnFacts, ColumnKind } from "../data/column-facts.ts";
import { type Labelling, listing, type SampleKind } from "../data/dataset.ts";
import type { Table } from "../data/readers/table.ts";
import {
  LABEL_NAMES,
  PAIR_NAMES,
  planOf,
  TAG_NAMES,
  TEXT_NAMES,
  WORD_NAMES,
} from "../data/readers/table-plan.ts";
import { ConfigError } from "../errors.ts";
import type { Ask } from "./ask.ts";
import { withoutUndefined } from "./plain.ts";

type Columns = NonNullable<ConfigInput["dataset"]>;

/** What the columns of a table are for, as far as it is settled. */
export interface ColumnPlan {
  /** What was given and what was found; usual names are left out, as readers know them. */
  readonly settings: Columns;
  readonly kind: SampleKind;
  /** What the label column can hold; several where only the task tells. */
  readonly labellings: readonly Labelling[];
  /** The label's column, where there is one. */
  readonly label: ColumnFacts | null;
  /** What was found, a sentence each. */
  readonly seen: readonly string[];
}

export interface TableToPlan {
  readonly path: string;
  readonly columns: readonly ColumnFacts[];
  /** What the model takes. */
  readonly takes: readonly SampleKind[];
  /** Settings that were given. */
  readonly given: Columns;
  /** What examples must be labelled with, where a task was given. */
  readonly wanted: Labelling | null;
  /** What rows are that hold their target, as the names of their columns say; null if they say nothing. */
  readonly rows: RowKind | null;
}

/** Rows that hold what is to be learned: dialogues, images with masks, with captions or with questions. */
export interface RowKind {
  readonly kind: SampleKind;
  /** The only task that learns from them, where there is one. */
  readonly task: TaskName | null;
}

const FILES = { image: "imageColumn", audio: "audioColumn", text: "textColumn" } as const;
/** Whole numbers of more kinds than these may be amounts as well as classes. */
const FEW_CLASSES = 20;

/**
 * What the rows of a table are by the usual names of columns, or those given, where they hold their target themselves.
 *
 * @param takes what the model takes
 * @throws DataError, ConfigError for names that are not there
 */
export function rowKindOf(table: Table, given: Columns, takes: readonly SampleKind[]): RowKind | null {
  const { content } = planOf(table, { ...withoutUndefined(given), labelling: "sample" });
  if (content.kind === "dialogue") {
    const isTaught = content.columns.kind === "messages" || content.columns.response !== null;
    return isTaught ? { kind: "dialogue", task: null } : null;
  }
  if (content.kind === "image-text" && takes.includes("image-text"))
    return { kind: "image-text", task: typeof content.text === "number" ? "contrastive" : "vqa" };
  if (content.kind === "image" && content.mask !== null) {
    const name = table.columns[content.mask]!; // its position
    const isMask = given.maskColumn === name || !LABEL_NAMES.includes(name);
    if (isMask || table.embedded?.columns.includes(name) === true)
      return { kind: "image", task: "segmentation" };
  }
  return null;
}

/**
 * Settles which columns of a table hold what: by what was given, by usual names, or because only one can; asks where
 * several can.
 *
 * @throws ConfigError where no column can, and what `ask` throws
 */
export async function planColumns(table: TableToPlan, ask: Ask): Promise<ColumnPlan> {
  const { columns, given, wanted } = table;
  const usual = (names: readonly string[]) => columns.find((c) => names.includes(c.name));
  if (table.rows && (wanted === null || wanted === "sample"))
    return { settings: given, kind: table.rows.kind, labellings: ["sample"], label: null, seen: [] };
  const words = usual(WORD_NAMES);
  const tags = usual(given.labelColumn === undefined ? TAG_NAMES : [given.labelColumn]);
  if (table.takes.includes("text") && words?.kind === "list" && tags?.kind === "list" && words !== tags)
    return { settings: given, kind: "text", labellings: ["sample"], label: tags, seen: [] };

  const content = await contentOf(table, usual, ask);
  if (wanted === "sample") return { ...content, labellings: ["sample"], label: null };
  const settings = { ...given, ...content.settings };
  if (settings.labelColumns !== undefined) {
    const labellings: Labelling[] = wanted === null ? ["classes", "numbers"] : [wanted];
    return { ...content, settings, labellings, label: null };
  }
  const taken = new Set<string | undefined>([
    settings.textColumn,
    settings.pairColumn ?? PAIR_NAMES[content.columns[0] ?? ""],
    settings.groupColumn,
    settings.weightColumn,
    ...content.columns,
  ]);
  const free = columns.filter((c) => !taken.has(c.name));
  const label = await labelOf(table, settings, free, ask);
  const others = content.kind === "array" ? [] : free.filter((c) => c !== label).map((c) => c.name);
  const unread = others.length === 0 ? [] : [`not read: ${listing(others)}`];
  const isNamed = settings.labelColumn === undefined && !LABEL_NAMES.includes(label.name);
  return {
    kind: content.kind,
    settings: isNamed ? { ...settings, labelColumn: label.name } : settings,
    labellings: wanted === null ? labellingsOf(label) : [wanted],
    label,
    seen: [...content.seen, ...(isNamed ? [`the label is in column "${label.name}"`] : []), ...unread],
  };
}

type Content = Pick<ColumnPlan, "kind" | "settings" | "seen"> & {
  /** Columns that examples are made of. */
  readonly columns: readonly string[];
};

async function contentOf(
  { path, columns, takes, given }: TableToPlan,
  usual: (names: readonly string[]) => ColumnFacts | undefined,
  ask: Ask,
): Promise<Content> {
  for (const [kind, setting] of Object.entries(FILES) as [keyof typeof FILES, (typeof FILES)["text"]][]) {
    if (!takes.includes(kind)) continue;
    const named = given[setting];
    if (named !== undefined) return { kind, settings: given, seen: [], columns: [named] };
    const known = usual(kind === "text" ? TEXT_NAMES : [kind]);
    if (known) return { kind, settings: given, seen: [], columns: [known.name] };
    const found = columns.filter((c) => c.kind === kind);
    if (found.length === 0 && kind !== "text") continue;
    if (found.length === 0)
      throw new ConfigError(
        `${path}: no column of texts, which the model takes; its columns are ${shown(columns)}. Name one with --dataset.textColumn`,
      );
    const name = await one(found, `dataset.${setting}`, `Which column of ${path} holds the ${kind}?`, ask);
    return {
      kind,
      settings: { ...given, [setting]: name },
      seen: [`the ${kind} is in column "${name}"`],
      columns: [name],
    };
  }
  return { kind: "array", settings: given, seen: [], columns: given.featureColumns ?? [] };
}

async function labelOf(
  { path, columns, wanted }: TableToPlan,
  settings: Columns,
  free: readonly ColumnFacts[],
  ask: Ask,
): Promise<ColumnFacts> {
  const names = settings.labelColumn === undefined ? LABEL_NAMES : [settings.labelColumn];
  const known = columns.find((c) => names.includes(c.name));
  if (known) return known;
  if (settings.labelColumn !== undefined)
    throw new ConfigError(
      `--dataset.labelColumn ${settings.labelColumn}: ${path} has the columns ${shown(columns)}`,
    );
  const kinds: readonly ColumnKind[] =
    wanted === "numbers"
      ? ["number", "whole"]
      : ["category", "whole", "list", ...(wanted === null ? (["number"] as const) : [])];
  const found = free.filter((c) => kinds.includes(c.kind));
  if (found.length === 0)
    throw new ConfigError(
      `${path}: no column that could be the label; its columns are ${shown(columns)}. Name it with --dataset.labelColumn`,
    );
  const name = await one(found, "dataset.labelColumn", `Which column of ${path} is the label?`, ask);
  return found.find((c) => c.name === name)!; // one of them was chosen
}

/** What a label column can mean. */
function labellingsOf({ kind, distinct, filled, isJoined, isNamed }: ColumnFacts): Labelling[] {
  if (kind === "list") return ["classes"];
  if (kind === "number") return ["numbers"];
  if (kind === "whole" && !isNamed && distinct > Math.max(FEW_CLASSES, filled / 20))
    return ["class", "numbers"];
  return isJoined ? ["class", "classes"] : ["class"];
}

/** The only one of some columns, or the one that is chosen of several. */
async function one(found: readonly ColumnFacts[], setting: string, text: string, ask: Ask): Promise<string> {
  const [first] = found;
  if (found.length === 1 && first) return first.name;
  return ask({ setting, text, choices: found.map((c) => ({ value: c.name, about: aboutColumn(c) })) });
}

function aboutColumn({ distinct, filled, example }: ColumnFacts): string {
  return `${distinct} different values in ${filled} rows, such as ${example}`;
}

function shown(columns: readonly ColumnFacts[]): string {
  return columns.map((c) => `${c.name} (${c.kind})`).join(", ");
}
