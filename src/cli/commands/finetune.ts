import { stringify } from "yaml";
import { overlay } from "../../config/overlay.ts";
import { parseConfig } from "../../config/parse.ts";
import type { CliCommand } from "../command.ts";
import { print } from "../command.ts";
import { shellLine } from "../command-line.ts";
import { readConfigFile } from "../config-file.ts";
import { configFlags, settingsFrom } from "../config-flags.ts";
import { train } from "../train.ts";

interface Options {
  readonly config?: string;
  readonly printConfig?: boolean;
  readonly json?: boolean;
}

export const finetuneCommand: CliCommand = {
  name: "finetune",
  summary: "Fine-tune a model on data, judge it on every set, and write it back as ONNX.",
  group: "Train:",
  examples: [
    ["holdfast finetune --model model.onnx --data ./images --out runs/mine", "a folder per class"],
    ["holdfast finetune --config holdfast.yaml --method adamw", "a file of settings, one of them changed"],
    ["holdfast finetune --config holdfast.yaml --print-config", "what would be run"],
    ["… --shift phone=./phone-photos --shift fog=corruption:fog:3", "sets to be judged on, never trained on"],
    ["… --optimizer.lr 3e-5 --no-report --json", "every setting is a flag; events as JSON lines"],
  ],
  define(command, cli) {
    const flags = configFlags();
    command
      .description(
        "Fine-tune a model on data, judge it on every set, and write it back as ONNX.\n\n" +
          "Settings come from the defaults, then --config, then flags. Every key of the file is a flag (--batchSize and " +
          "--batch-size are one); only `groups` needs a file. Relative paths count from this folder. " +
          "Ctrl-C saves and leaves, and holdfast resume goes on; pressed twice, it leaves at once.",
      )
      .option("--config <file>", "settings as YAML or JSON; flags go before them")
      .option("--print-config", "print all settings as YAML, and train nothing")
      .option("--json", "events and the result as JSON lines on stdout, nothing else");
    for (const option of flags.flatMap((f) => f.options)) command.addOption(option);
    command.action(async (options: Options & Record<string, unknown>) => {
      const { config: path, printConfig, json = false } = options;
      const base = path === undefined ? {} : await readConfigFile(cli.files, path);
      const source = path ?? "settings";
      const config = parseConfig(overlay(base, settingsFrom(options, flags)), source);
      if (printConfig === true) return print(cli, [stringify(config, { lineWidth: 0 }).trimEnd()]);
      await train(
        cli,
        { story: "finetune", config, command: shellLine(["holdfast", ...cli.argv]) },
        { json },
      );
    });
  },
};
