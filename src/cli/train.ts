import { messageOf } from "../errors.ts";
import type { Cli } from "./command.ts";
import { print } from "./command.ts";
import { EXIT_CODES, exitCodeOf } from "./exit-codes.ts";
import { printJsonLine } from "./json-output.ts";
import { type LaunchResult, launch, type TrainingRequest } from "./launch.ts";
import { summaryLines } from "./summary.ts";
import { openTerminal } from "./terminal.ts";

/** What `finetune` and `resume` do once their settings are known: train, tell, and set the exit code. */
export async function train(
  cli: Cli,
  request: TrainingRequest,
  { json }: { readonly json: boolean },
): Promise<void> {
  const terminal = openTerminal(cli.stderr, cli.environment);
  let result: LaunchResult;
  try {
    result = await launch(request, {
      terminal,
      showProgress: !json,
      ...(json ? { onEvent: (event) => printJsonLine(cli, event) } : {}),
    });
  } catch (error) {
    if (json) printJsonLine(cli, { kind: "error", message: messageOf(error), exitCode: exitCodeOf(error) });
    throw error;
  }
  const { signal, ...told } = result;
  if (json) printJsonLine(cli, { kind: "result", ...told });
  if (signal !== null) cli.exitWith(EXIT_CODES[signal]);
  if (result.summary.status === "stopped") {
    terminal.line(`Saved at step ${result.summary.steps}. Go on with: holdfast resume ${result.folder}`);
  } else if (!json) print(cli, summaryLines(result, openTerminal(cli.stdout, cli.environment)));
}
