import { cookSoup, type Soup } from "../../training/soup.ts";
import type { CliCommand } from "../command.ts";
import { print } from "../command.ts";
import { printJson } from "../json-output.ts";
import { mainValue } from "../main-metric.ts";
import { countArgument, openShortRuntime } from "../open-model.ts";
import { createProgress } from "../progress.ts";
import { tableLines } from "../table.ts";
import { openTerminal } from "../terminal.ts";

interface Options {
  readonly out: string;
  readonly greedy?: boolean;
  readonly threads?: number;
  readonly json?: boolean;
}

export const soupCommand: CliCommand = {
  name: "soup",
  summary: "Average the models of several runs, all of them or those that help (model soup).",
  group: "Use:",
  examples: [
    ["holdfast soup runs/a runs/b runs/c --out soup", "the mean of the three"],
    ["holdfast soup runs/a runs/b runs/c --greedy --out soup", "only those that validation approves of"],
  ],
  define(command, cli) {
    command
      .description(
        "Average the weights of runs that started from the same model with the same head, and judge the average on the first " +
          "run's sets. The greedy recipe adds runs from the best on, and keeps those with which validation gets no worse.",
      )
      .argument("<runs...>", "folders of finished runs, two or more")
      .requiredOption("--out <folder>", "where the averaged model goes, as a model folder")
      .option("--greedy", "the greedy recipe")
      .option("--threads <count>", "threads inside one operator", countArgument)
      .option("--json", "the result as JSON");
    command.action(async (runs: readonly string[], options: Options) => {
      const terminal = openTerminal(cli.stderr, cli.environment);
      const progress = createProgress({ terminal });
      const soup = await cookSoup(runs, {
        files: cli.files,
        runtime: await openShortRuntime(cli, options.threads),
        out: options.out,
        recipe: options.greedy === true ? "greedy" : "uniform",
        onEvent: (event) => progress.tell(event),
      }).finally(() => progress.end());
      if (options.json === true) return printJson(cli, soup);
      print(cli, describe(soup));
    });
  },
};

function describe({ members, alone, sets, model }: Soup): string[] {
  const row = (name: string, judged: Soup["sets"]) => [name, ...judged.map((s) => mainValue(s.metrics))];
  return [
    ...tableLines(
      [
        ["model", ...sets.map((s) => s.set)],
        ...alone.map(({ run, sets: own }) => row(`${run}${members.includes(run) ? "" : " (left out)"}`, own)),
        row("soup", sets),
      ],
      `l${"r".repeat(sets.length)}`,
    ),
    "",
    `Averaged ${members.length} of ${alone.length}: ${model}`,
  ];
}
