import { ConfigError } from "../errors.ts";

export type AnchorOptionValue = number | boolean | string;
export type AnchorOptionValues = Readonly<Record<string, AnchorOptionValue>>;

/** One setting of an anchor rule beside its strength. The kind of its default is the kind that it takes. */
export interface AnchorOption {
  readonly default: AnchorOptionValue;
  /** One line for people. */
  readonly help: string;
  /** Smallest number that may be given. */
  readonly min?: number;
  readonly max?: number;
  /** Whether the number counts something. */
  readonly integer?: boolean;
  /** The words that may be given. */
  readonly choices?: readonly string[];
  /** Values worth trying, numbers in ascending order. */
  readonly search?: readonly AnchorOptionValue[];
}

export type AnchorOptionTable = Readonly<Record<string, AnchorOption>>;

/** The values that a table of options gives to a rule. */
export type ValuesOf<T extends AnchorOptionTable> = {
  readonly [K in keyof T]: Widened<T[K]["default"]>;
};
type Widened<V> = V extends number ? number : V extends boolean ? boolean : V extends string ? string : never;

/**
 * The options of a rule with its defaults filled in.
 *
 * @throws ConfigError listing every option that is unknown, of the wrong kind or out of range
 */
export function settleOptions<T extends AnchorOptionTable>(
  rule: string,
  table: T,
  given: AnchorOptionValues,
): ValuesOf<T> {
  const problems: string[] = [];
  for (const [key, value] of Object.entries(given)) {
    const option = table[key];
    if (option === undefined) {
      problems.push(`it has no option "${key}"; it has ${Object.keys(table).join(", ") || "none"}.`);
      continue;
    }
    const wanted = expected(option);
    if (!fits(option, value)) problems.push(`${key} is ${JSON.stringify(value)}, expected ${wanted}.`);
  }
  if (problems.length > 0) {
    throw new ConfigError(`anchor rule "${rule}": ${problems.join(" ")}`, { details: { problems } });
  }
  const defaults = Object.fromEntries(Object.entries(table).map(([key, option]) => [key, option.default]));
  return { ...defaults, ...given } as ValuesOf<T>; // every given value was found to fit its option
}

function fits(option: AnchorOption, value: AnchorOptionValue): boolean {
  if (typeof value !== typeof option.default) return false;
  if (typeof value === "string") return option.choices?.includes(value) ?? true;
  if (typeof value === "boolean") return true;
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, integer = false } = option;
  return Number.isFinite(value) && value >= min && value <= max && (!integer || Number.isInteger(value));
}

function expected({ default: value, choices, min, max, integer }: AnchorOption): string {
  if (choices) return `one of ${choices.join(", ")}`;
  if (typeof value === "boolean") return "true or false";
  const kind = integer ? "an integer" : "a number";
  if (min !== undefined && max !== undefined) return `${kind} from ${min} to ${max}`;
  return min === undefined ? kind : `${kind} of at least ${min}`;
}
