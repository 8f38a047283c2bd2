/**
 * The errors a user can meet. Each message says what, where, expected, got, and the remedy;
 * `details` carries the same facts as fields, for programs.
 */
export class HoldfastError extends Error {
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    message: string,
    options: { cause?: unknown; details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.details = options.details ?? {};
  }
}

/** An ONNX file, graph or node is not what it should be. */
export class ModelError extends HoldfastError {}

/** An operator cannot be run, typed or differentiated here; the message names node, operator, domain, opset and why. */
export class UnsupportedOpError extends ModelError {
  /** What this error stands for: several nodes of one model, or itself alone. */
  readonly problems: readonly UnsupportedOpError[];

  constructor(
    message: string,
    options: {
      cause?: unknown;
      details?: Readonly<Record<string, unknown>>;
      problems?: readonly UnsupportedOpError[];
    } = {},
  ) {
    super(message, options);
    this.problems = options.problems ?? [this];
  }
}

/** More problems than these are counted by operator: a model of many layers has each one many times. */
const LISTED_PROBLEMS = 8;

/** One error for all that is in the way in a model, each problem once. */
export function allProblems(errors: readonly UnsupportedOpError[]): UnsupportedOpError {
  const problems = [...new Set(errors.flatMap((e) => e.problems))];
  const [only, ...others] = problems;
  if (only && others.length === 0) return only;
  const lines = problems.slice(0, LISTED_PROBLEMS).map((e, i) => `${i + 1}. ${e.message}`);
  const rest = new Map<string, number>();
  for (const { details } of problems.slice(LISTED_PROBLEMS)) {
    const name = [details.domain, details.opType].filter(Boolean).join(".") || "other";
    rest.set(name, (rest.get(name) ?? 0) + 1);
  }
  if (rest.size > 0)
    lines.push(`and ${[...rest].map(([name, count]) => `${count} more of ${name}`).join(", ")}.`);
  return new UnsupportedOpError(
    `${problems.length} nodes stand in the way of a training graph:\n  ${lines.join("\n  ")}`,
    { problems, details: { problems: problems.map((e) => ({ message: e.message, ...e.details })) } },
  );
}

/** A setting is unknown, missing, out of range, or contradicts another. */
export class ConfigError extends HoldfastError {}

/** A data set, file or example cannot be used. */
export class DataError extends HoldfastError {}

/** A file or folder cannot be found, read or written. `details.path` is the path. */
export class FileError extends HoldfastError {}

/** Training or evaluation stopped because of what happened at run time (NaN, a missing package, a failed session). */
export class RunError extends HoldfastError {}

/** The Hub, or a server that speaks as it does, refuses, cannot be reached, or gave something else than it said. */
export class HubError extends HoldfastError {}

/** A message for anything thrown, on one line. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The choice that takes the fewest typing mistakes to get to from `text`, or undefined if all are far from it. */
export function nearest(text: string, choices: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const choice of choices) {
    const mistakes = distance(text.toLowerCase(), choice.toLowerCase());
    if (mistakes < least) [best, least] = [choice, mistakes];
  }
  return least <= Math.max(2, text.length / 3) ? best : undefined;
}

/** Levenshtein's distance: letters put in, left out or exchanged. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const exchange = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(exchange, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** What to say of a name that is none of the known: the nearest, if one is near, and all of them. */
export function unknownName(what: string, name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  const hint = near === undefined ? "" : `did you mean "${near}"? `;
  return `${what} "${name}" is unknown; ${hint}choose one of ${known.join(", ")}.`;
}
