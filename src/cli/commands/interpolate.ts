import { InvalidArgumentError } from "commander";
import { joinPath } from "../../platform/paths.ts";
import { writeReport } from "../../report/report.ts";
import type { InterpolationPoint } from "../../run/records.ts";
import { interpolateRun } from "../../training/interpolate.ts";
import { withoutUndefined } from "../../training/plain.ts";
import type { CliCommand } from "../command.ts";
import { print } from "../command.ts";
import { printJson } from "../json-output.ts";
import { mainValue } from "../main-metric.ts";
import { countArgument, openShortRuntime } from "../open-model.ts";
import { createProgress } from "../progress.ts";
import { tableLines } from "../table.ts";
import { openTerminal } from "../terminal.ts";

interface Options {
  readonly from?: string;
  readonly shares?: readonly number[];
  readonly threads?: number;
  readonly report: boolean;
  readonly json?: boolean;
}

export const interpolateCommand: CliCommand = {
  name: "interpolate",
  summary: "Walk from the pretrained to the fine-tuned weights, and judge every model on the way (WiSE-FT).",
  group: "Use:",
  examples: [
    ["holdfast interpolate runs/mine", "0, 0.1, … 1"],
    ["holdfast interpolate runs/mine --shares 0,0.25,0.5,0.75,1", "fewer points"],
    ["holdfast interpolate runs/mine --from runs/probe", "a run with a new head: from a probe of that head"],
  ],
  define(command, cli) {
    command
      .description(
        "Judge (1 − s) · pretrained + s · fine-tuned on every set of a run, for shares s from 0 to 1. The share that is best on " +
          "validation is written to interpolation/ in the run's folder, all points to interpolation.json, and the curve to the report. " +
          "Shifted sets are shown, and choose nothing.",
      )
      .argument("<run>", "folder of a finished run")
      .option("--from <model or run>", "model at share 0; the run's own pretrained model if left out")
      .option("--shares <list>", "shares of the fine-tuned weights, such as 0,0.5,1", sharesArgument)
      .option("--threads <count>", "threads inside one operator", countArgument)
      .option("--no-report", "do not write the run's report again")
      .option("--json", "points and choice as JSON");
    command.action(async (run: string, options: Options) => {
      const terminal = openTerminal(cli.stderr, cli.environment);
      const progress = createProgress({ terminal });
      const rows: string[][] = [];
      const result = await interpolateRun(run, {
        files: cli.files,
        runtime: await openShortRuntime(cli, options.threads),
        onEvent: (event) => progress.tell(event),
        onPoint: (point) => {
          rows.push(rowOf(point));
          terminal.live(`share ${point.share} done`);
        },
        ...withoutUndefined({ from: options.from, shares: options.shares }),
      }).finally(() => progress.end());
      if (options.report) await writeReport(cli.files, [run], joinPath(run, "report.html"));
      if (options.json === true) return printJson(cli, result);
      const names = result.points[0]?.sets.map((s) => s.set) ?? [];
      print(cli, [
        ...tableLines([["share", ...names], ...rows], `r${"r".repeat(names.length)}`),
        "",
        `Validation chooses ${result.chosen}: ${result.model}`,
      ]);
    });
  },
};

function rowOf({ share, sets }: InterpolationPoint): string[] {
  return [String(share), ...sets.map((s) => mainValue(s.metrics))];
}

function sharesArgument(text: string): number[] {
  const shares = text.split(",").map(Number);
  if (text.trim() !== "" && shares.every(Number.isFinite)) return shares;
  throw new InvalidArgumentError("Expected numbers with commas between them, such as 0,0.5,1.");
}
