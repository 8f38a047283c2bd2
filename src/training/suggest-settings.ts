import type { ConfigInput } from "../config/schema.ts";
import type { TaskName } from "../config/task-names.ts";
import { type ColumnFacts, columnFacts } from "../data/column-facts.ts";
import type { Dataset, Labelling, SampleKind } from "../data/dataset.ts";
import { findParts } from "../data/find-parts.ts";
import { openSplits, type Splits } from "../data/open-splits.ts";
import { openTable } from "../data/open-table.ts";
import { describeInputs, type ModelInput } from "../data/preprocess/preprocessing-for.ts";
import { ConfigError, HoldfastError } from "../errors.ts";
import type { Files } from "../platform/files.ts";
import { basename, joinPath } from "../platform/paths.ts";
import { taskOf, tasks } from "../tasks/registry.ts";
import type { Task } from "../tasks/task.ts";
import { type Ask, nobodyToAsk } from "./ask.ts";
import { modelInputs } from "./input-shapes.ts";
import { fixEmptyPast } from "./language-graph.ts";
import { loadSource } from "./model-parts.ts";
import { findModel, type ModelSource } from "./model-source.ts";
import { withoutUndefined } from "./plain.ts";
import { type ColumnPlan, planColumns, rowKindOf } from "./suggest-columns.ts";

type Given = Pick<ConfigInput, "model" | "data" | "task" | "dataset" | "validation" | "test">;

/** Settings to begin with, and what they were read from. */
export interface Suggestion {
  readonly settings: ConfigInput;
  /** What was seen, a sentence each. */
  readonly seen: readonly string[];
  readonly kind: SampleKind;
  readonly task: Task;
  /** The columns of a table; none of other data. */
  readonly columns: readonly ColumnFacts[];
  readonly hasTest: boolean;
}

/** Height and width for a model that leaves them open and says nothing of them: what most image networks take. */
const USUAL_SIZE = 224;
/** Optimizer steps that a first run should have at least. */
const FEW_STEPS = 300;

/**
 * Settings for a first run on a model and data, which are opened and looked at, but not decoded.
 *
 * @param given settings that stand already; what model and data leave open beside them is asked
 * @throws ModelError, DataError, ConfigError for what cannot be used, and for what is open where nobody can be asked
 */
export async function suggestSettings(
  files: Files,
  given: Given,
  ask: Ask = nobodyToAsk,
): Promise<Suggestion> {
  const source = await findModel(files, given.model);
  const model = await loadSource(files, source);
  fixEmptyPast(model, 1);
  const { inputs } = modelInputs(model);
  const table = await lookAtTable(files, given, inputs, ask);
  const labellings = table?.plan.labellings ?? (await labellingsOf(files, given));
  const kind = table?.plan.kind ?? null;
  const task = await chooseTask({ given, labellings, kind, source, table }, ask);
  const dataset = { ...given.dataset, ...table?.plan.settings };
  const splits = await openSplits(files, given.data, {
    ...withoutUndefined({ ...dataset, validation: given.validation, test: given.test }),
    labelling: task.labelling,
  });
  return {
    settings: {
      model: given.model,
      data: given.data,
      task: task.name,
      ...withoutUndefined({ validation: given.validation, test: given.test }),
      ...(Object.keys(dataset).length > 0 ? { dataset } : {}),
      ...firstRun(given, splits.train, inputs, source),
    },
    seen: [
      `the model takes ${describeInputs(inputs)}`,
      countsOf(splits),
      ...(table?.plan.seen ?? []),
      ...(splits.train.kind === "image" ? [preprocessingOf(source)] : []),
      ...splits.notes,
    ],
    kind: splits.train.kind,
    task,
    columns: table?.columns ?? [],
    hasTest: splits.test !== null,
  };
}

interface LookedAt {
  readonly columns: readonly ColumnFacts[];
  readonly plan: ColumnPlan;
  /** The only task that learns from such rows, where there is one. */
  readonly task: TaskName | null;
}

async function lookAtTable(
  files: Files,
  { data, dataset = {}, task }: Given,
  inputs: readonly ModelInput[],
  ask: Ask,
): Promise<LookedAt | null> {
  const path = (await findParts(files, data)).train ?? data;
  const table = await openTable(files, path);
  if (table === null) return null;
  const columns = await columnFacts(table);
  const wanted = task === undefined ? null : tasks[task].labelling;
  const takes = sampleKinds(inputs);
  const rows = ifKnown(() => rowKindOf(table, dataset, takes));
  const plan = await planColumns({ path, columns, takes, given: dataset, wanted, rows }, ask);
  if (rows !== null && plan.kind === rows.kind) return { columns, plan, task: rows.task };
  if (plan.kind !== "array") return { columns, plan, task: null };
  return { columns, plan: withFeatures(path, columns, plan, inputs), task: null };
}

/** Numbers that go to the model: all columns but the label's, or those of them that are numbers. */
function withFeatures(
  path: string,
  columns: readonly ColumnFacts[],
  plan: ColumnPlan,
  inputs: readonly ModelInput[],
): ColumnPlan {
  const { settings } = plan;
  const other = new Set([
    plan.label?.name,
    settings.groupColumn,
    settings.weightColumn,
    ...(settings.labelColumns ?? []),
  ]);
  const free = columns.filter((c) => !other.has(c.name));
  const numbers = free.filter((c) => c.kind === "number" || c.kind === "whole").map((c) => c.name);
  const features = settings.featureColumns ?? numbers;
  const expected = inputs[0]?.dims.reduce<number | null>(
    (n, d) => (n === null || d === null ? null : n * d),
    1,
  );
  if (expected !== null && expected !== undefined && features.length !== expected) {
    throw new ConfigError(
      `the model takes ${expected} numbers, and ${path} has ${features.length} columns of numbers beside the label: ` +
        `${features.join(", ")}. Name those to use, in order, with --dataset.featureColumns`,
    );
  }
  if (settings.featureColumns !== undefined || numbers.length === free.length) return plan;
  const left = free.map((c) => c.name).filter((name) => !numbers.includes(name));
  return {
    ...plan,
    settings: { ...settings, featureColumns: numbers },
    seen: [...plan.seen, `columns that are no features are left out: ${left.join(", ")}`],
  };
}

/** What data that is no table can be labelled with: what it opens with. */
async function labellingsOf(files: Files, { data, dataset, task }: Given): Promise<readonly Labelling[]> {
  if (task !== undefined) return [tasks[task].labelling];
  const problems: unknown[] = [];
  for (const labelling of ["class", "sample"] as const) {
    try {
      return [
        (await openSplits(files, data, { ...withoutUndefined(dataset ?? {}), labelling })).train.labelling,
      ];
    } catch (error) {
      problems.push(error);
    }
  }
  throw problems[0];
}

async function chooseTask(
  {
    given,
    labellings,
    kind,
    source,
    table,
  }: {
    readonly given: Given;
    readonly labellings: readonly Labelling[];
    readonly kind: SampleKind | null;
    readonly source: ModelSource;
    readonly table: LookedAt | null;
  },
  ask: Ask,
): Promise<Task> {
  const settled = given.task ?? table?.task;
  if (settled) return tasks[settled];
  const hasTags = table?.plan.labellings.includes("sample") === true && table.plan.label !== null;
  const fits = Object.values(tasks).filter(
    (t) =>
      labellings.includes(t.labelling) &&
      (kind === null || t.samples.includes(kind)) &&
      // Classes that lie in the samples name the outputs, and other targets there do not.
      (t.labelling !== "sample" || table === null || t.hasClasses === hasTags),
  );
  const [first] = fits;
  if (fits.length === 1 && first) return first;
  if (first === undefined) {
    throw new ConfigError(
      `${given.data}: no task learns from ${kind ?? "such"} examples labelled so; choose one with --task and see what it lacks`,
    );
  }
  const own = fits.find(
    (t) => t.name === taskOf(source.config) && source.config?.problem_type === t.problemType,
  );
  if (own) return own;
  const label = table?.plan.label;
  return tasks[
    (await ask({
      setting: "task",
      text: `What is to be learned${label ? ` of column "${label.name}" (${label.distinct} different values, such as ${label.example})` : ""}?`,
      choices: fits.map((t) => ({ value: t.name, about: t.summary })),
    })) as Task["name"] // one of the choices
  ];
}

function firstRun(
  { data }: Given,
  train: Dataset,
  inputs: readonly ModelInput[],
  source: ModelSource,
): Pick<ConfigInput, "out" | "method" | "epochs" | "batchSize" | "preprocess"> {
  const axes = inputs[0]?.dims ?? [];
  const needsSize = train.kind === "image" && axes.includes(null) && source.preprocessor === null;
  const side = (d: number | null | undefined) => d ?? USUAL_SIZE;
  const [height, width] = axes[2] === 1 || axes[2] === 3 ? [axes[0], axes[1]] : [axes[1], axes[2]];
  const batchSize = Math.min(32, Math.max(4, 2 ** Math.floor(Math.log2(Math.max(1, train.length / 8)))));
  const perEpoch = Math.max(1, Math.ceil(train.length / batchSize));
  return {
    out: joinPath("runs", basename(data).replace(/(-?\*)?\.\w+$/, "") || "first"),
    method: "spd",
    epochs: Math.min(30, Math.max(3, Math.ceil(FEW_STEPS / perEpoch))),
    batchSize,
    ...(needsSize ? { preprocess: { size: [side(height), side(width)] } } : {}),
  };
}

/** What an input could be of. */
function sampleKinds(inputs: readonly ModelInput[]): readonly SampleKind[] {
  if (inputs.every((i) => i.dtype === "int64" || i.dtype === "int32")) return ["text"];
  const isTokens = ({ dtype, dims }: ModelInput) => dtype === "int64" && dims.length === 1;
  const isImage = ({ dims }: ModelInput) =>
    dims.length === 3 && [dims[0], dims[2]].some((d) => d === 1 || d === 3);
  const [first] = inputs;
  if (inputs.some(isImage) && inputs.some(isTokens)) return ["image-text", "image"];
  return first && isImage(first) ? ["image"] : ["audio", "array"];
}

function countsOf({ train, validation, test }: Splits): string {
  const classes = train.classes === null ? "" : ` of ${train.classes.length} classes`;
  return (
    `${train.length} training and ${validation.length} validation examples${classes}` +
    (test ? `, ${test.length} test examples` : "")
  );
}

function preprocessingOf(source: ModelSource): string {
  return source.preprocessor === null
    ? "no preprocessor_config.json beside the model"
    : "preprocessing as the model's preprocessor_config.json says";
}

/** Null where a table's columns are not what was looked for. */
function ifKnown<T>(look: () => T): T | null {
  try {
    return look();
  } catch (error) {
    if (error instanceof HoldfastError) return null;
    throw error;
  }
}
