import { overlay } from "../../config/overlay.ts";
import { parseConfig } from "../../config/parse.ts";
import { ConfigError, DataError } from "../../errors.ts";
import { joinPath } from "../../platform/paths.ts";
import { parseSummary } from "../../run/parse.ts";
import type { CliCommand } from "../command.ts";
import { readConfigFile } from "../config-file.ts";
import { configFlags, settingsFrom } from "../config-flags.ts";
import { train } from "../train.ts";

export const resumeCommand: CliCommand = {
  name: "resume",
  summary: "Go on with a run that was stopped or killed, as if it had never been.",
  group: "Train:",
  examples: [["holdfast resume runs/mine", "from its newest checkpoint to its end"]],
  define(command, cli) {
    // What else a run is made of must not change on the way.
    const flags = configFlags().filter((f) => f.key.startsWith("runtime."));
    command
      .description(
        "Go on with a run from its newest checkpoint. It ends bit for bit like the run that was never stopped, on the same " +
          "machine with the same number of threads. Model and data must lie where they were.",
      )
      .argument("<run>", "folder of the run")
      .option("--json", "events and the result as JSON lines on stdout, nothing else");
    for (const option of flags.flatMap((f) => f.options)) command.addOption(option);
    command.action(async (run: string, options: { readonly json?: boolean } & Record<string, unknown>) => {
      const path = joinPath(run, "config.yaml");
      if (!(await cli.files.exists(path)))
        throw new DataError(`${run}: no run here (expected config.yaml, which holdfast finetune writes)`);
      const settings = overlay(await readConfigFile(cli.files, path), settingsFrom(options, flags));
      const summaryPath = joinPath(run, "summary.json");
      // A run that probes first has no summary yet while it does.
      const summary = (await cli.files.exists(summaryPath))
        ? parseSummary(JSON.parse(await cli.files.readText(summaryPath)), summaryPath)
        : null;
      if (summary?.status === "finished")
        throw new ConfigError(
          `${run}: the run has finished after ${summary.steps} steps; there is nothing to go on with`,
        );
      // The folder may have been moved since.
      const config = parseConfig({ ...settings, out: run }, path);
      await train(cli, { story: "resume", config }, { json: options.json === true });
    });
  },
};
