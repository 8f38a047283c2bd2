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
export class UnsupportedOpError extends ModelError {}

/** A setting is unknown, missing, out of range, or contradicts another. */
export class ConfigError extends HoldfastError {}

/** A data set, file or example cannot be used. */
export class DataError extends HoldfastError {}

/** A file or folder cannot be found, read or written. `details.path` is the path. */
export class FileError extends HoldfastError {}

/** Training or evaluation stopped because of what happened at run time (NaN, a missing package, a failed session). */
export class RunError extends HoldfastError {}

/** A message for anything thrown, on one line. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
