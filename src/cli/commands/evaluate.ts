import { classParts } from "../../evaluation/class-parts.ts";
import { estimateOf } from "../../evaluation/estimates.ts";
import type { JudgedPart } from "../../evaluation/meter.ts";
import { inOrder, metricFacts } from "../../evaluation/metric-facts.ts";
import { amount } from "../../report/format.ts";
import { rangeText, valueText } from "../../report/metric-text.ts";
import { DeployedModel } from "../../training/deployed-model.ts";
import { evaluateModel, type ModelEvaluation } from "../../training/evaluate-model.ts";
import type { JudgedAnswer } from "../../training/judge-writing.ts";
import { withoutUndefined } from "../../training/plain.ts";
import type { CliCommand } from "../command.ts";
import { print } from "../command.ts";
import { printJson } from "../json-output.ts";
import { countArgument, openShortRuntime } from "../open-model.ts";
import { addReadingFlags } from "../reading-flags.ts";
import { tableLines } from "../table.ts";
import { openTerminal } from "../terminal.ts";

interface Options {
  readonly data?: string;
  readonly set?: string;
  readonly corruption?: string;
  readonly threads?: number;
  readonly json?: boolean;
}

export const evaluate: CliCommand = {
  name: "evaluate",
  summary: "Judge a run's model, or any other, on a labelled set.",
  group: "Use:",
  examples: [
    ["holdfast evaluate runs/mine --data ./other-images", "the run's model, columns and preprocessing"],
    ["holdfast evaluate runs/mine --set test", "a set of the run: train, validation, test or a shift's name"],
    ["holdfast evaluate runs/mine --data new.csv --label-column stars", "another column than the run's"],
    ["holdfast evaluate model.onnx --data test.npz --preprocess.size 224,224", "any model"],
    ["holdfast evaluate runs/mine --data ./test --corruption fog:3", "under a corruption"],
  ],
  define(command, cli) {
    command
      .argument("<run or model>", "a run folder, an .onnx file or a model folder")
      .description(
        "Judge a run's model, or any other, on a labelled set. Data is read and prepared as the run's settings say, " +
          "and as the flags below say otherwise: those of finetune.",
      )
      .option("--data <path>", "labelled set: an image folder, .csv, .tsv, .jsonl, .parquet, .npz or IDX")
      .option("--set <name>", "a set of the run in its place: train, validation, test, or a shift's name")
      .option("--corruption <name:severity>", "corrupt the images first, such as fog:3")
      .option("--threads <count>", "threads inside one operator", countArgument)
      .option("--json", "the result as JSON, the confusion matrix with it");
    const readingFrom = addReadingFlags(command, ["evaluation.weighted"]);
    command.action(async (path: string, options: Options & Record<string, unknown>) => {
      const terminal = openTerminal(cli.stderr, cli.environment);
      const { data, set, corruption, threads } = options;
      const model = await DeployedModel.open(path, {
        files: cli.files,
        runtime: await openShortRuntime(cli, threads),
        settings: readingFrom(options),
      });
      try {
        const result = await evaluateModel(model, {
          files: cli.files,
          ...withoutUndefined({ data, set, corruption }),
          onNote: terminal.line,
          onProgress: (done, total) => terminal.live(`judging ${data ?? set} ${done}/${total}`),
        });
        terminal.clear();
        if (options.json !== true) return print(cli, describe(result));
        const { correct: _, wrongness: __, pairs: ___, metrics, answers, ...facts } = result;
        printJson(cli, {
          model: model.path,
          ...(corruption ? { corruption } : {}),
          ...facts,
          ...metrics,
          ...(answers ? { answers: answers.map(answerFields) } : {}),
        });
      } finally {
        terminal.clear();
        await model.release();
      }
    });
  },
};

/** More classes than this are for --json. */
const LISTED = 50;

function answerFields({ name, written, expected, right, score }: JudgedAnswer) {
  return { name, written, expected, right, ...withoutUndefined({ score }) };
}

function describe(result: ModelEvaluation): string[] {
  const { count, asked = count, metrics, classes, confusion, parts } = result;
  const facts = Object.entries(metrics).map(([name, value]) => {
    const metric = metricFacts(name);
    const range = rangeText(metric, estimateOf(result, metric));
    return [metric.label, valueText(metric, value), range === "" ? "" : `95 % interval ${range}`];
  });
  const listed = parts ?? classParts(confusion ?? [], classes);
  return [
    ...tableLines(
      [...facts, ["examples", String(count), asked === count ? "" : `${asked} of them asked`]],
      "lrl",
    ),
    ...(listed.length > 0 && listed.length <= LISTED ? ["", ...partLines(listed)] : []),
  ];
}

/** A row for each class, label, type or output. */
function partLines(parts: readonly JudgedPart[]): string[] {
  const metrics = inOrder(parts.flatMap((p) => Object.keys(p.metrics)));
  const rows = parts.map((p) => [
    ...[p.name, amount(p.count)],
    ...metrics.map((m) => valueText(m, p.metrics[m.name])),
  ]);
  return tableLines([["", "count", ...metrics.map((m) => m.label)], ...rows], "lr");
}
