import { joinPath } from "../../platform/paths.ts";
import { writeReport } from "../../report/report.ts";
import type { CliCommand } from "../command.ts";
import { print } from "../command.ts";

export const report: CliCommand = {
  name: "report",
  summary: "Make the page of one run, or one page that compares several.",
  group: "Look:",
  examples: [
    ["holdfast report runs/mine", "writes runs/mine/report.html"],
    ["holdfast report runs/spd runs/adamw --out compared.html", "both on one page"],
  ],
  define(command, cli) {
    command
      .argument("<runs...>", "run folders; the first anchored one is judged against the plain one")
      .option("--out <file>", "the page; report.html in the run's folder if one run is given");
    command.action(async (runs: string[], { out }: { readonly out?: string }) => {
      const [first] = runs;
      if (out === undefined && runs.length > 1)
        return command.error("holdfast: say with --out where the page of several runs shall go");
      const path = out ?? joinPath(first!, "report.html"); // commander asks for one run at least
      await writeReport(cli.files, runs, path);
      print(cli, [path]);
    });
  },
};
