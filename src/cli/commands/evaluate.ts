import { classParts } from "../../evaluation/class-parts.ts";
import { shareInterval } from "../../evaluation/intervals.ts";
import type { JudgedPart } from "../../evaluation/meter.ts";
import { inOrder, metricFacts } from "../../evaluation/metric-facts.ts";
import { percentRange } from "../../report/format.ts";
import { valueText } from "../../report/metric-text.ts";
import { answerMetrics } from "../../training/answer-records.ts";
import { DeployedModel } from "../../training/deployed-model.ts";
import { evaluateModel, type ModelEvaluation } from "../../training/evaluate-model.ts";
import type { JudgedAnswer } from "../../training/judge-writing.ts";
import { withoutUndefined } from "../../training/plain.ts";
import type { CliCommand } from "../command.ts";
import { print } from "../command.ts";
import { addGenerationFlags, generationFrom } from "../generation-flags.ts";
import { printJson } from "../json-output.ts";
import { countArgument, openShortRuntime } from "../open-model.ts";
import { addPreprocessFlags, preprocessFrom } from "../preprocess-flags.ts";
import { tableLines } from "../table.ts";
import { openTerminal } from "../terminal.ts";

interface Options {
  readonly data: string;
  readonly corruption?: string;
  readonly format?: string;
  readonly labelColumn?: string;
  readonly textColumn?: string;
  readonly pairColumn?: string;
  readonly imageColumn?: string;
  readonly batchSize?: number;
  readonly threads?: number;
  readonly json?: boolean;
}

export const evaluate: CliCommand = {
  name: "evaluate",
  summary: "Judge a run's model, or any other, on a labelled set.",
  group: "Use:",
  examples: [
    ["holdfast evaluate runs/mine --data ./other-images", "the run's model and preprocessing"],
    ["holdfast evaluate model.onnx --data test.npz --preprocess.size 224,224", "any model"],
    ["holdfast evaluate runs/mine --data ./test --corruption fog:3", "under a corruption"],
  ],
  define(command, cli) {
    command
      .argument("<run or model>", "a run folder, an .onnx file or a model folder")
      .requiredOption(
        "--data <path>",
        "labelled set: an image folder, .csv, .tsv, .jsonl, .parquet, .npz or IDX",
      )
      .option("--corruption <name:severity>", "corrupt the images first, such as fog:3")
      .option("--format <name>", "image-folder, npz, idx, csv, tsv, jsonl or parquet; detected if left out")
      .option("--label-column <name>", "tables: column of the label")
      .option("--text-column <name>", "tables: column of texts")
      .option("--pair-column <name>", "tables: column of second texts")
      .option("--image-column <name>", "tables: column of images or image paths")
      .option("--batchSize <count>", "examples at a time; 32 if left out", countArgument)
      .option("--threads <count>", "threads inside one operator", countArgument)
      .option("--json", "the result as JSON, the confusion matrix with it");
    addPreprocessFlags(command);
    addGenerationFlags(command);
    command.action(async (path: string, options: Options & Record<string, unknown>) => {
      const terminal = openTerminal(cli.stderr, cli.environment);
      const { data, corruption, format, labelColumn, textColumn, pairColumn, imageColumn } = options;
      const { batchSize, threads } = options;
      const model = await DeployedModel.open(path, {
        files: cli.files,
        runtime: await openShortRuntime(cli, threads),
        preprocess: preprocessFrom(options),
        ...withoutUndefined({ batchSize }),
      });
      try {
        const result = await evaluateModel(model, {
          files: cli.files,
          data,
          ...withoutUndefined({ corruption, format, labelColumn, textColumn, pairColumn, imageColumn }),
          generation: generationFrom(options),
          onProgress: (done, total) => terminal.live(`judging ${data} ${done}/${total}`),
        });
        terminal.clear();
        if (options.json !== true) return print(cli, describe(result));
        const { correct: _, wrongness: __, pairs: ___, metrics, answers, ...facts } = result;
        printJson(cli, {
          model: model.path,
          ...(corruption ? { corruption } : {}),
          ...facts,
          ...metrics,
          ...(answers ? { ...answerMetrics(answers), answers: answers.map(answerFields) } : {}),
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

function answerFields({ name, written, expected, right }: JudgedAnswer) {
  return { name, written, expected, right };
}

function describe({ count, metrics, classes, confusion, parts, answers }: ModelEvaluation): string[] {
  const facts = Object.entries({ ...(answers ? answerMetrics(answers) : {}), ...metrics }).map(
    ([name, value]) => {
      const metric = metricFacts(name);
      const interval = metric.isShare
        ? `95 % interval ${percentRange(shareInterval({ count: answers?.length ?? count, share: value }))}`
        : "";
      return [metric.label, valueText(metric, value), interval];
    },
  );
  const listed = parts ?? classParts(confusion ?? [], classes);
  return [
    ...tableLines([...facts, ["examples", String(count), ""]], "lrl"),
    ...(listed.length > 0 && listed.length <= LISTED ? ["", ...partLines(listed)] : []),
  ];
}

/** A row for each class, label, type or output. */
function partLines(parts: readonly JudgedPart[]): string[] {
  const metrics = inOrder(parts.flatMap((p) => Object.keys(p.metrics)));
  const rows = parts.map((p) => [
    ...[p.name, String(p.count)],
    ...metrics.map((m) => valueText(m, p.metrics[m.name])),
  ]);
  return tableLines([["", "count", ...metrics.map((m) => m.label)], ...rows], "lr");
}
