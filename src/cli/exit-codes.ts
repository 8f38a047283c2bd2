import { CommanderError } from "commander";
import { ConfigError, DataError, FileError, HoldfastError, ModelError, messageOf } from "../errors.ts";
import { installLines } from "../platform/optional-package.ts";

/** What the command's exit codes mean; `holdfast --help` prints it. 128 + n is the shell's way to say "signal n". */
export const EXIT_CODES = {
  ok: 0,
  /** Training or evaluation failed while it ran, or something went wrong that is our mistake. */
  failed: 1,
  /** The command line or the settings. */
  usage: 2,
  /** A model, a data set or a file cannot be used. */
  input: 3,
  SIGINT: 130,
  SIGTERM: 143,
} as const;

/** A signal that stops a run, which saves first. */
export type StopSignal = "SIGINT" | "SIGTERM";

/** The exit code that tells a script what kind of thing went wrong. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODES.ok : EXIT_CODES.usage;
  if (isDiskFull(error)) return EXIT_CODES.failed;
  if (error instanceof ConfigError) return EXIT_CODES.usage;
  if (error instanceof DataError || error instanceof ModelError || error instanceof FileError)
    return EXIT_CODES.input;
  return EXIT_CODES.failed;
}

/** What went wrong, and below it how to mend it where the message does not say so itself. */
export function errorText(error: unknown): { readonly what: string; readonly mend: string | null } {
  const what = messageOf(error);
  return { what, mend: mendFor(error, what) };
}

function mendFor(error: unknown, what: string): string | null {
  if (isDiskFull(error))
    return "Free some space and run it again; a run goes on from its last checkpoint: holdfast resume RUN. Nothing half-written stays behind.";
  if (error instanceof HoldfastError) {
    const { install } = error.details;
    if (typeof install === "string" && !what.includes(install)) return `Install it: ${install}`;
    if (what.startsWith("internal: ")) return REPORT_IT;
  }
  // A message that names a flag says itself what to do.
  if (error instanceof ConfigError)
    return what.includes("--") ? null : "The settings: holdfast finetune --help, holdfast schema.";
  if (error instanceof ModelError) return "What is in the model: holdfast inspect MODEL.";
  if (error instanceof DataError) return "What data may look like: the section on data in README.md.";
  if (error instanceof FileError)
    return "Check the path; relative ones count from the folder the command runs in.";
  if (error instanceof HoldfastError) return null;
  if (what.includes("onnxruntime"))
    return `Check the installation: holdfast doctor, or ${installLines["onnxruntime-node"]}`;
  return REPORT_IT;
}

const REPORT_IT = "This is a mistake of holdfast. Run it again with --debug and report what it prints.";

/** Whether a write failed because there is no space left. */
function isDiskFull(error: unknown): boolean {
  for (let e = error, depth = 0; e instanceof Error && depth < 8; e = e.cause, depth++) {
    const code = e instanceof HoldfastError ? e.details.code : (e as NodeJS.ErrnoException).code;
    if (code === "ENOSPC" || code === "EDQUOT") return true;
  }
  return false;
}
