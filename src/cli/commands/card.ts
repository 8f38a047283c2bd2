import { cardOf } from "../../hub/push.ts";
import { basename } from "../../platform/paths.ts";
import type { CliCommand } from "../command.ts";
import { print } from "../command.ts";

interface Options {
  readonly name?: string;
  readonly license?: string;
  readonly baseModel?: string;
  readonly out?: string;
}

export const cardCommand: CliCommand = {
  name: "card",
  summary: "Write the model card of a run: what it is, how it does on every set, its limits.",
  group: "Look:",
  examples: [
    ["holdfast card runs/mine", "print it; push uploads it with the model"],
    ["holdfast card runs/mine --out runs/mine/model/README.md", "to edit it before holdfast push"],
  ],
  define(command, cli) {
    command
      .argument("<run>", "folder of a finished run")
      .option("--name <name>", "heading, such as user/name on the Hub; the run's name if left out")
      .option("--license <id>", "licence, such as apache-2.0; the base model's if left out and known")
      .option(
        "--base-model <id>",
        "repository of the base model; where holdfast pull fetched it, if left out",
      )
      .option("--out <file>", "write it to a file");
    command.action(async (run: string, { name, out, ...options }: Options) => {
      const card = await cardOf(cli.files, run, name ?? basename(run), options);
      if (out === undefined) return void cli.stdout.write(card);
      await cli.files.write(out, card);
      print(cli, [out]);
    });
  },
};
