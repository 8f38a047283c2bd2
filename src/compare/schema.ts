import { z } from "zod";
import { methods } from "../config/methods.ts";
import type { Settings } from "../config/overlay.ts";
import { ConfigError, nearest, unknownName } from "../errors.ts";

const valueSchema = z.union([z.number(), z.string(), z.boolean()]);

/** A name alone stands for an entry with nothing else. */
const entrySchema = z.preprocess(
  (entry) => (typeof entry === "string" ? { method: entry } : entry),
  z.looseObject({
    method: z.string({ error: "is missing: each entry is a method's name, or settings with the key method" }),
    name: z
      .string()
      .regex(/^[A-Za-z0-9][\w.+-]*$/, "expected letters, digits, dots, plus, minus, as it names a folder")
      .optional()
      .describe("what tables call it, and its folder; the method's name if left out"),
    search: z
      .record(z.string(), z.array(valueSchema).min(1))
      .optional()
      .describe("values to try by setting: {optimizer.strength: [0.1, 1, 3]}; the method's own if left out"),
  }),
);

const interpolateSchema = z
  .union([
    z.boolean(),
    z.strictObject({
      shares: z
        .array(z.number())
        .min(1)
        .optional()
        .describe("of the fine-tuned weights; 0, 0.1, … 1 if left out"),
      methods: z.array(z.string()).optional().describe("all if left out"),
      seeds: z.array(z.int().min(0)).optional().describe("all if left out"),
    }),
  ])
  .default(false)
  .describe(
    "judge weights between the pretrained and the fine-tuned ones too (WiSE-FT): of all runs, or of those listed. A run with a new head starts from the linear probe of its seed",
  );

/** Everything that `holdfast compare` is told. */
export const compareSchema = z.strictObject({
  out: z.string().describe("folder of the comparison: its trials, runs, tables and page"),
  base: z
    .record(z.string(), z.unknown())
    .describe("settings that every run shares, as holdfast finetune takes them, or a file of them"),
  methods: z
    .array(entrySchema)
    .min(1, "is empty; name at least one method")
    .describe("methods to compare: names, or settings over the base with their search ranges"),
  seeds: z
    .array(z.int().min(0))
    .min(1, "is empty; give at least one seed, three for an interval that means something")
    .default([1, 2, 3])
    .describe("every method is trained once with each; they are what is reported"),
  trials: z
    .int()
    .min(0)
    .default(4)
    .describe(
      "settings tried per method before its runs, chosen by the validation set alone; 0 runs each method with its settings as they are",
    ),
  tuningSeed: z.int().min(0).default(0).describe("seed of all trials; it is not reported"),
  widen: z
    .int()
    .min(0)
    .default(2)
    .describe("further trials of a method whose best value lies at the edge of what was tried"),
  judgeTrials: z
    .union([z.boolean(), z.array(z.string())])
    .default(true)
    .describe(
      "judge trials on test and shifted sets too, for figures, never for the choice: of all methods, of none, or of those listed; what is not judged saves its time (a test set that lies in the folder of the data is judged anyway)",
    ),
  baseline: z.string().optional().describe("method that others are measured against; adamw if left out"),
  interpolate: interpolateSchema,
});

/** What a user writes, `base` read from its file. */
export type CompareInput = z.input<typeof compareSchema>;

/** One method as the file lists it. */
export interface MethodEntry {
  readonly name: string;
  readonly method: string;
  /** Settings over the base. */
  readonly settings: Settings;
  readonly search?: Readonly<Record<string, readonly SettingValue[]>>;
}

export type SettingValue = number | string | boolean;

type InterpolatePart = Exclude<z.output<typeof interpolateSchema>, boolean>;

/** A checked comparison, defaults filled in. */
export interface CompareConfig extends Omit<z.output<typeof compareSchema>, "methods" | "baseline"> {
  readonly methods: readonly MethodEntry[];
  readonly baseline: string;
}

/**
 * A comparison with its defaults filled in.
 *
 * @param source what messages call it: a file's path
 * @throws ConfigError that lists every problem with its key
 */
export function parseCompare(input: unknown, source = "comparison"): CompareConfig {
  const result = compareSchema.safeParse(input, { reportInput: true });
  if (!result.success) throw problemsOf(source, result.error.issues.map(describeIssue));
  const { methods: listed, baseline, ...rest } = result.data;
  const entries = listed.map(({ method, name = method, search, ...settings }) => ({
    name,
    method,
    settings,
    ...(search === undefined ? {} : { search: search as Record<string, SettingValue[]> }), // what the schema checked
  }));
  const names = entries.map((e) => e.name);
  const problems = [
    ...entries.flatMap(unknownMethod),
    ...(rest.trials === 0 ? entries.flatMap(searchedInVain) : []),
    ...repeated(names).map((n) => `methods: two entries are called ${n}; give each a name of its own`),
    ...repeated(rest.seeds).map((s) => `seeds: ${s} is there twice`),
    ...(rest.seeds.includes(rest.tuningSeed)
      ? [`tuningSeed: ${rest.tuningSeed} is a reported seed too; what was tuned on it would flatter it`]
      : []),
    ...notAmong(names, "judgeTrials", Array.isArray(rest.judgeTrials) ? rest.judgeTrials : []),
    ...notAmong(
      names,
      "interpolate.methods",
      isPart(rest.interpolate) ? (rest.interpolate.methods ?? []) : [],
    ),
    ...notAmong(names, "baseline", baseline === undefined ? [] : [baseline]),
  ];
  if (problems.length > 0) throw problemsOf(source, problems);
  const fallback = names.includes("adamw") ? "adamw" : names[0]!; // there is a method at least
  return { ...rest, methods: entries, baseline: baseline ?? fallback };
}

function isPart(interpolate: CompareConfig["interpolate"]): interpolate is InterpolatePart {
  return typeof interpolate === "object";
}

function notAmong(names: readonly string[], key: string, given: readonly string[]): string[] {
  return given
    .filter((name) => !names.includes(name))
    .map((name) => `${key}: "${name}" is none of the methods (${names.join(", ")})`);
}

function unknownMethod({ method }: MethodEntry, index: number): string[] {
  const known = methods.map((m) => m.name);
  return known.includes(method) ? [] : [`methods.${index}: ${unknownName("method", method, known)}`];
}

function searchedInVain({ search }: MethodEntry, index: number): string[] {
  const [key] = Object.keys(search ?? {});
  return key === undefined
    ? []
    : [
        `methods.${index}: searches ${key}, but trials is 0, so nothing is tried; give ${key} one value as a setting, or trials`,
      ];
}

function describeIssue(issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys") {
    const known = Object.keys(compareSchema.shape);
    return issue.keys
      .map((key) => {
        const near = nearest(key, known);
        return `unknown key ${key}; ${near ? `did you mean ${near}?` : `known keys are ${known.join(", ")}`} Settings of every run stand under base.`;
      })
      .join("; ");
  }
  const key = issue.path.join(".");
  return issue.code === "invalid_type" && issue.input === undefined
    ? `${key} is missing`
    : `${key || "the file"}: ${issue.message}`;
}

function problemsOf(source: string, problems: readonly string[]): ConfigError {
  const list = problems.length === 1 ? problems[0] : `\n  ${problems.join("\n  ")}`;
  return new ConfigError(`${source}: ${list}`, { details: { problems } });
}

function repeated<T>(items: readonly T[]): T[] {
  return [...new Set(items.filter((item, i) => items.indexOf(item) !== i))];
}
