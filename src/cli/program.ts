import { Command, CommanderError } from "commander";
import { VERSION } from "../version.ts";
import type { Cli, CliCommand } from "./command.ts";
import { configFlags, spellAsKeys } from "./config-flags.ts";
import { EXIT_CODES, errorText, exitCodeOf } from "./exit-codes.ts";
import { commandsFor } from "./registry.ts";
import { tableLines } from "./table.ts";
import { openTerminal } from "./terminal.ts";

const FOOTER = `
Exit codes: ${EXIT_CODES.ok} done, ${EXIT_CODES.failed} the run failed, ${EXIT_CODES.usage} command line or settings, ${EXIT_CODES.input} model, data or file,
            ${EXIT_CODES.SIGINT} and ${EXIT_CODES.SIGTERM} stopped by SIGINT or SIGTERM after saving.`;

/**
 * Runs one command line.
 *
 * @param cli its `argv` are the words after `holdfast`
 * @returns the exit code
 */
export async function runCommandLine(cli: Omit<Cli, "exitWith">): Promise<number> {
  let code: number = EXIT_CODES.ok;
  const whole: Cli = {
    ...cli,
    exitWith: (given) => {
      code = given;
    },
  };
  const program = createProgram(whole, await commandsFor(cli.argv));
  try {
    await program.parseAsync(spellAsKeys(cli.argv, configFlags()), { from: "user" });
    return code;
  } catch (error) {
    report(error, cli);
    return exitCodeOf(error);
  }
}

function createProgram(cli: Cli, commands: readonly CliCommand[]): Command {
  const program = new Command("holdfast");
  program
    .description(
      "Fine-tune the ONNX model that you already deploy, on your own data, without losing what it knew.",
    )
    .version(VERSION, "-v, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print the help of a command")
    .addHelpText("after", FOOTER)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void cli.stdout.write(text),
      writeErr: (text) => void cli.stderr.write(text),
      getOutHelpWidth: () => cli.stdout.columns ?? 100,
      getErrHelpWidth: () => cli.stderr.columns ?? 100,
      outputError: (text, write) => write(text.replace(/^error: /, "holdfast: ")),
    });
  for (const command of commands) addCommand(program, command, cli);
  return program;
}

function addCommand(
  program: Command,
  { name, summary, group, examples, define }: CliCommand,
  cli: Cli,
): void {
  const command = program.command(name).summary(summary).description(summary).helpGroup(group);
  define(command, cli);
  command.option("--debug", "print the stack of an error").addHelpText(
    "after",
    `\nExamples:\n${tableLines(examples, "l")
      .map((line) => `  ${line}`)
      .join("\n")}`,
  );
}

function report(error: unknown, cli: Omit<Cli, "exitWith">): void {
  if (error instanceof CommanderError) {
    // Commander has said what is wrong; an error of a user's may still want to know where help is.
    if (error.exitCode !== 0 && error.code !== "commander.help")
      cli.stderr.write("  See holdfast --help, or holdfast COMMAND --help.\n");
    return;
  }
  const { style, line } = openTerminal(cli.stderr, cli.environment);
  const { what, mend } = errorText(error);
  line(`${style("red", "holdfast:")} ${what}`);
  if (mend !== null) line(`  ${mend}`);
  if (cli.argv.includes("--debug") && error instanceof Error) line(stackOf(error));
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\nCaused by: ${stackOf(error.cause)}` : "";
  return `${error.stack ?? error.message}${cause}`;
}
