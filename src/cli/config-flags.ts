import { InvalidArgumentError, Option } from "commander";
import { nested, type Settings } from "../config/overlay.ts";
import { configJsonSchema } from "../config/parse.ts";
import { nearest } from "../errors.ts";

interface SchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly anyOf?: readonly SchemaNode[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode;
  readonly items?: SchemaNode;
  readonly prefixItems?: readonly SchemaNode[];
}

/** One flag of the command line, made of one key of the schema. */
export interface ConfigFlag {
  /** The key with its sections: `optimizer.lr`. */
  readonly key: string;
  /** One option; two for a boolean (`--x` and `--no-x`). */
  readonly options: readonly Option[];
}

/** Keys that only a file can give: lists of objects make no readable flag. */
export const FILE_ONLY: readonly string[] = ["groups"];

/** A flag that is given once per entry of a record. */
interface EntryFlag {
  /** The key in the singular. */
  readonly flag: string;
  readonly argument: string;
  /** Forms that an entry may have, for the message. */
  readonly expected: string;
}

const ENTRY_FLAGS: Readonly<Record<string, EntryFlag>> = {
  shifts: {
    flag: "shift",
    argument: "name=path",
    expected: "name=path or name=corruption:NAME:SEVERITY (a range such as 1-5 too)",
  },
  fix: { flag: "fix", argument: "name=value", expected: "name=number, such as sr=16000" },
};

// Commander takes null for "no value given".
const NOTHING = Symbol("null");

/** Where the keys outside of sections stand in the help. */
const TOP_LEVEL_GROUPS: Readonly<Record<string, string>> = {
  model: "Model and data:",
  data: "Model and data:",
  validation: "Model and data:",
  test: "Model and data:",
  shifts: "Model and data:",
  fix: "Model and data:",
  out: "Run folder:",
  overwrite: "Run folder:",
  report: "Run folder:",
  tensorboard: "Run folder:",
  csv: "Run folder:",
};

/** A flag for every key of the settings, but those of `FILE_ONLY`. Their values go to `settingsFrom`. */
export function configFlags(): ConfigFlag[] {
  const root = configJsonSchema() as SchemaNode; // a JSON Schema is what SchemaNode describes
  return flagsIn(root.properties ?? {}, "", null);
}

function flagsIn(
  properties: Readonly<Record<string, SchemaNode>>,
  prefix: string,
  section: string | null,
): ConfigFlag[] {
  return Object.entries(properties).flatMap(([name, node]) => {
    const key = `${prefix}${name}`;
    if (FILE_ONLY.includes(key)) return [];
    if (node.properties) {
      const about = node.description ? ` (${node.description})` : "";
      return flagsIn(node.properties, `${key}.`, `${capitalised(name)}${about}:`);
    }
    const group = section ?? TOP_LEVEL_GROUPS[key] ?? "Training:";
    return [{ key, options: optionsOf(key, node).map((o) => o.helpGroup(group)) }];
  });
}

function optionsOf(key: string, node: SchemaNode): Option[] {
  const about = describeNode(node);
  const entry = ENTRY_FLAGS[key];
  if (entry) {
    return [
      new Option(
        `--${entry.flag} <${entry.argument}>`,
        `${node.description ?? ""}; repeat for several`,
      ).argParser((text, before: Settings | undefined) => ({ ...before, ...parseEntry(text, entry, node) })),
    ];
  }
  if (node.type === "boolean") {
    const negative = new Option(`--no-${key}`, "");
    return [new Option(`--${key}`, about), node.default === true ? negative : negative.hideHelp()];
  }
  return [new Option(`--${key} <${argumentName(node)}>`, about).argParser((text) => parseValue(text, node))];
}

function parseEntry(text: string, { expected }: EntryFlag, { additionalProperties }: SchemaNode): Settings {
  const cut = text.indexOf("=");
  if (cut > 0 && cut < text.length - 1) {
    return { [text.slice(0, cut)]: parseValue(text.slice(cut + 1), additionalProperties ?? {}) };
  }
  throw new InvalidArgumentError(`Expected ${expected}.`);
}

/** The value that a flag's text stands for. What it may be is left to the schema; here it only gets its type. */
function parseValue(text: string, node: SchemaNode): unknown {
  const choices = node.anyOf ?? [node];
  if (choices.some((c) => c.type === "null") && (text === "null" || text === "none")) return NOTHING;
  if (choices.some((c) => c.const === text)) return text;
  if (choices.some((c) => c.type === "boolean") && /^(true|false)$/u.test(text)) return text === "true";
  const record = choices.find((c) => c.type === "object");
  if (record && text.includes("=")) return parseRecord(text, record.additionalProperties ?? {});
  const list = text.includes(",") ? choices.find((c) => c.type === "array") : undefined;
  const plain =
    list ?? choices.find((c) => c.type !== "null" && c.type !== "boolean" && c.const === undefined) ?? node;
  if (plain.enum && !plain.enum.includes(text))
    throw new InvalidArgumentError(expectedOneOf(text, plain.enum));
  if (plain.type === "number" || plain.type === "integer") return parseNumber(text, node);
  if (plain.type === "array") {
    const item = plain.prefixItems?.[0] ?? plain.items ?? {};
    return text.split(",").map((part) => parseValue(part.trim(), item));
  }
  return text;
}

/** `a=1,b=2`. */
function parseRecord(text: string, entry: SchemaNode): Settings {
  const entries = text.split(",").map((part) => {
    const cut = part.lastIndexOf("=");
    if (cut < 1) throw new InvalidArgumentError("Expected name=value, and commas between several.");
    return [part.slice(0, cut).trim(), parseValue(part.slice(cut + 1), entry)] as const;
  });
  return Object.fromEntries(entries);
}

function expectedOneOf(text: string, choices: readonly string[]): string {
  const near = nearest(text, choices);
  return `${near === undefined ? "" : `Did you mean ${near}? `}Expected one of ${choices.join(", ")}.`;
}

function parseNumber(text: string, node: SchemaNode): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!Number.isNaN(value)) return value;
  throw new InvalidArgumentError(`Expected ${argumentName(node).replaceAll("|", " or ")}.`);
}

function argumentName(node: SchemaNode): string {
  if (node.anyOf) return node.anyOf.map((c) => (c.type === "null" ? "null" : argumentName(c))).join("|");
  if (node.const !== undefined) return String(node.const);
  if (node.enum) return node.enum.length <= 4 ? node.enum.join("|") : "name";
  if (node.type === "array")
    return node.prefixItems?.map((_, i) => "xyzw"[i] ?? "…").join(",") ?? "numbers,…";
  if (node.type === "object") return "name=number,…";
  if (node.type === "boolean") return "true|false";
  if (node.type === "integer") return "count";
  return node.type === "number" ? "number" : "text";
}

function describeNode(node: SchemaNode): string {
  const listed = node.enum && node.enum.length > 4 ? [`one of ${node.enum.join(", ")}`] : [];
  const shown = node.default;
  const isShown = shown !== undefined && shown !== false && typeof shown !== "object";
  return [node.description, ...listed, ...(isShown ? [`default ${shown}`] : [])].filter(Boolean).join("; ");
}

function capitalised(name: string): string {
  const words = name.replace(/[A-Z]/g, (c) => ` ${c.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Nested settings from the option values of a parsed command line; flags that were not given are absent. */
export function settingsFrom(
  values: Readonly<Record<string, unknown>>,
  flags: readonly ConfigFlag[],
): Settings {
  const given: Record<string, unknown> = {};
  for (const { key, options } of flags) {
    const value = values[options[0]!.attributeName()]; // each flag has an option
    if (value !== undefined) given[key] = value === NOTHING ? null : value;
  }
  return nested(given);
}

/**
 * A command line whose flags are spelled as keys are: `--batch-size` and `--optimizer.clip-norm` become `--batchSize`
 * and `--optimizer.clipNorm`; flags of other names stay as they are.
 */
export function spellAsKeys(argv: readonly string[], flags: readonly ConfigFlag[]): string[] {
  const known = new Map(
    flags.flatMap((f) => f.options).map((o) => [o.long ?? "", kebab(o.long ?? "")] as const),
  );
  const byKebab = new Map([...known].map(([long, other]) => [other, long]));
  const end = argv.indexOf("--");
  return argv.map((word, i) => {
    if (!word.startsWith("--") || (end >= 0 && i >= end)) return word;
    const [name, ...value] = word.split("=") as [string, ...string[]]; // a split gives a part at least
    return [byKebab.get(name) ?? name, ...value].join("=");
  });
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);
}
