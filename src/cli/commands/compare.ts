import { InvalidArgumentError } from "commander";
import { compare } from "../../compare/compare.ts";
import type { CompareEvent } from "../../compare/events.ts";
import { planComparison } from "../../compare/plan.ts";
import type { Train, Trained, Walk } from "../../compare/run-methods.ts";
import { type CompareInput, parseCompare } from "../../compare/schema.ts";
import { tableRows } from "../../compare/table.ts";
import { hostInProcess } from "../../runtime/process-host.ts";
import type { TrainingEvent } from "../../training/events.ts";
import { type Cli, type CliCommand, print } from "../command.ts";
import { createCompareProgress } from "../compare-progress.ts";
import { chooseConcurrency } from "../concurrency.ts";
import { readConfigFile } from "../config-file.ts";
import { EXIT_CODES } from "../exit-codes.ts";
import { printJson, printJsonLine } from "../json-output.ts";
import type { ProcessRequest } from "../run-process.ts";
import { catchStopSignals } from "../signals.ts";
import { tableLines } from "../table.ts";
import { openTerminal } from "../terminal.ts";

interface Options {
  readonly jobs?: number;
  readonly json?: boolean;
  readonly dryRun?: boolean;
  readonly seeds?: readonly number[];
  readonly only?: readonly string[];
  readonly out?: string;
}

export const compareCommand: CliCommand = {
  name: "compare",
  summary: "Tune several methods alike, train each with several seeds, and set them side by side.",
  group: "Train:",
  examples: [
    ["holdfast compare compare.yaml", "all of it; the same again goes on where it was stopped"],
    ["holdfast compare compare.yaml --dry-run", "what would be run"],
    ["holdfast compare compare.yaml --only spd --seeds 1,2", "part of it"],
  ],
  define(command, cli) {
    command
      .description(
        "Tune several methods alike, train each with several seeds, and set them side by side.\n\n" +
          "Every method gets the same number of trials on one seed, chosen by the validation set alone, then one run per seed; " +
          "all are judged on test and shifted sets, in pairs against a baseline. The file lists methods, seeds, search ranges, " +
          "and under `base` the settings of every run, as holdfast finetune takes them. Each trial and run is a folder; the same " +
          "command again goes on where it was stopped. Writes table.csv, .json, .md, .tex and report.html.",
      )
      .argument("<file>", "methods, seeds, search ranges and shared settings as YAML or JSON")
      .option("--out <folder>", "folder of the comparison, in place of the file's")
      .option(
        "--jobs <count>",
        "runs at the same time; as many as cores and memory allow if left out",
        wholeNumber,
      )
      .option("--seeds <list>", "seeds, in place of the file's: 1,2,3", (text) =>
        text.split(",").map(wholeNumber),
      )
      .option("--only <methods>", "tune and train these alone, separated by commas", (text) =>
        text.split(","),
      )
      .option("--dry-run", "list what would be run and what is there already, and run nothing")
      .option("--json", "events and the result as JSON lines on stdout, nothing else");
    command.action((path: string, options: Options) => run(cli, path, options));
  },
};

function wholeNumber(text: string): number {
  if (/^\d+$/.test(text.trim())) return Number(text);
  throw new InvalidArgumentError("Expected a whole number.");
}

async function run(cli: Cli, path: string, options: Options): Promise<void> {
  const input = await readInput(cli, path, options);
  const { json = false } = options;
  if (options.dryRun === true) return dryRun(cli, input, json);
  const terminal = openTerminal(cli.stderr, cli.environment);
  const progress = createCompareProgress(terminal);
  const concurrency = await chooseConcurrency(cli.files, {
    model: String(input.base.model),
    ...(options.jobs === undefined ? {} : { asked: options.jobs }),
  });
  const stop = new AbortController();
  const signals = catchStopSignals(
    (signal) => {
      terminal.line(terminal.style("yellow", `${signal}: saving all runs; once more to leave at once.`));
      stop.abort();
      return true;
    },
    () => terminal.clear(),
  );
  try {
    const onEvent = (event: CompareEvent) => (json ? printJsonLine(cli, event) : progress.tell(event));
    const result = await compare(input, {
      files: cli.files,
      train: trainInProcess(concurrency.threads),
      walk: walkInProcess(concurrency.threads),
      jobs: concurrency.jobs,
      ...(options.only ? { only: options.only } : {}),
      onEvent,
      signal: stop.signal,
    });
    progress.end();
    if (json) printJsonLine(cli, { kind: "result", status: result.status, written: result.written });
    else if (result.comparison) {
      const { problems } = result.comparison;
      print(cli, [
        "",
        ...tableLines(tableRows(result.comparison), "llr"),
        "",
        ...problems,
        ...result.written,
      ]);
    }
    if (!result.isComplete && result.status === "finished") cli.exitWith(EXIT_CODES.failed);
    if (result.status === "stopped") {
      terminal.line(`Saved. Go on with: holdfast compare ${path}`);
      if (signals.received !== null) cli.exitWith(EXIT_CODES[signals.received]);
    }
  } finally {
    progress.end();
    signals.release();
  }
}

async function dryRun(cli: Cli, input: CompareInput, json: boolean): Promise<void> {
  const planned = await planComparison(cli.files, parseCompare(input));
  if (json) return printJson(cli, { jobs: planned });
  const says = { new: "to do", resumable: "to go on with", finished: "finished", open: "once tuned" };
  const rows = planned.map(({ kind, method, label, state }) => [method, kind, label, says[state]]);
  const left = planned.filter((p) => p.state !== "finished").length;
  print(cli, [
    ...tableLines([["method", "", "", "state"], ...rows], "l"),
    "",
    `${left} of ${planned.length} to do`,
  ]);
}

async function readInput(cli: Cli, path: string, { out, seeds }: Options): Promise<CompareInput> {
  const settings = await readConfigFile(cli.files, path);
  const base =
    typeof settings.base === "string" ? await readConfigFile(cli.files, settings.base) : settings.base;
  const over = { ...(out === undefined ? {} : { out }), ...(seeds === undefined ? {} : { seeds }) };
  return { ...settings, base, ...over } as CompareInput; // parseCompare checks it
}

const PROCESS = new URL("../run-process.js", import.meta.url);

function trainInProcess(threads: number): Train {
  return ({ story, config }, watch) =>
    hostInProcess<ProcessRequest, TrainingEvent, Trained>(
      PROCESS,
      { story, config: { ...config, runtime: { threads, ...config.runtime } } },
      watch,
    );
}

function walkInProcess(threads: number): Walk {
  return async (request, watch) => {
    await hostInProcess<ProcessRequest, TrainingEvent, null>(
      PROCESS,
      { story: "interpolate", ...request, threads },
      watch,
    );
  };
}
