import * as errors from "../errors.ts";

/** What the main thread gives a worker: the request, and one word of shared memory that is 1 once it should stop. */
export interface WorkerStart<Request> {
  readonly protocol: "holdfast-worker-1";
  readonly request: Request;
  readonly stop: Int32Array<SharedArrayBuffer>;
}

/** What a worker posts: any number of events, then a result or an error. */
export type WorkerMessage<Event, Result> =
  | { readonly kind: "event"; readonly event: Event }
  | { readonly kind: "result"; readonly result: Result }
  | { readonly kind: "error"; readonly error: FlatError };

/** An error as plain data, which any structured clone carries. */
export interface FlatError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: FlatError;
}

// A cause may be its own cause; nobody reads further than this.
const DEEPEST_CAUSE = 8;

/** The plain data of anything thrown. Details that cannot be cloned become text. */
export function flattenError(thrown: unknown, depth = 0): FlatError {
  if (!(thrown instanceof Error)) return { name: "Error", message: String(thrown) };
  return {
    name: thrown.name,
    message: thrown.message,
    ...(thrown.stack === undefined ? {} : { stack: thrown.stack }),
    ...(thrown instanceof errors.HoldfastError ? { details: clonable(thrown.details) } : {}),
    ...(thrown.cause === undefined || depth >= DEEPEST_CAUSE
      ? {}
      : { cause: flattenError(thrown.cause, depth + 1) }),
  };
}

function clonable(details: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(details).map(([key, value]) => {
      try {
        return [key, structuredClone(value)];
      } catch {
        return [key, errors.messageOf(value)];
      }
    }),
  );
}

// Every class of errors.ts, so that a new one needs no line here.
const holdfastErrors: ReadonlyMap<string, typeof errors.HoldfastError> = new Map(
  Object.entries(errors).filter((entry): entry is [string, typeof errors.HoldfastError] =>
    isErrorClass(entry[1]),
  ),
);

function isErrorClass(value: unknown): value is typeof errors.HoldfastError {
  const { HoldfastError } = errors;
  return value === HoldfastError || (typeof value === "function" && value.prototype instanceof HoldfastError);
}

/** The error that plain data describes: of our class where it was one, with the stack of where it was thrown. */
export function reviveError({ name, message, stack, details, cause }: FlatError): Error {
  const revivedCause = cause === undefined ? undefined : reviveError(cause);
  const Class = holdfastErrors.get(name);
  const error =
    Class === undefined
      ? new Error(message, revivedCause === undefined ? undefined : { cause: revivedCause })
      : new Class(message, { cause: revivedCause, details: details ?? {} });
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}
