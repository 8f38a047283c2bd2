import type { Command } from "commander";
import type { Files } from "../platform/files.ts";
import { plainSpaces, type TextStream } from "./terminal.ts";

/** What a command has of the world. */
export interface Cli {
  readonly stdin: AsyncIterable<string | Uint8Array> & { readonly isTTY?: boolean | undefined };
  /** Results. */
  readonly stdout: TextStream;
  /** Everything said on the way, and errors. */
  readonly stderr: TextStream;
  readonly files: Files;
  readonly environment: NodeJS.ProcessEnv;
  /** The words after `holdfast`, as they were given. */
  readonly argv: readonly string[];
  /** Sets the exit code of a command that ended without an error. */
  exitWith(code: number): void;
}

/** One command. A new one is one file with one of these, and its entry in `registry.ts`. */
export interface CliCommand {
  /** Declares arguments and flags, and what the command does, on a fresh command of its name. */
  readonly define: (command: Command, cli: Cli) => void;
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Heading in the list of commands. */
  readonly group: "Train:" | "Use:" | "Look:" | "Set up:";
  /** Command lines that a user may copy, each with what it does. */
  readonly examples: readonly (readonly [line: string, what: string])[];
}

/** Writes lines of results. */
export function print(cli: Cli, lines: readonly string[]): void {
  cli.stdout.write(plainSpaces(lines.map((line) => `${line}\n`).join("")));
}
