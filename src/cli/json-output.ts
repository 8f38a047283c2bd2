import { toJson } from "../run/fields.ts";
import type { Cli } from "./command.ts";

/** Writes a value as one line of JSON; numbers that are not finite become the strings "NaN", "Infinity", "-Infinity". */
export function printJsonLine(cli: Cli, value: object): void {
  cli.stdout.write(`${toJson(value)}\n`);
}

/** Writes a value as JSON for programs and people. */
export function printJson(cli: Cli, value: object): void {
  cli.stdout.write(`${toJson(value, 2)}\n`);
}
