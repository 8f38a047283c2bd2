import { Option } from "commander";
import { openInputs } from "../../data/open-inputs.ts";
import { Classifier } from "../../training/classifier.ts";
import { withoutUndefined } from "../../training/plain.ts";
import { type ClassPrediction, predict } from "../../training/predict.ts";
import type { CliCommand } from "../command.ts";
import { print } from "../command.ts";
import { printJsonLine } from "../json-output.ts";
import { countArgument, openShortRuntime } from "../open-model.ts";
import { addPreprocessFlags, preprocessFrom } from "../preprocess-flags.ts";

interface Options {
  readonly format: "csv" | "jsonl";
  readonly top: number;
  readonly batchSize?: number;
  readonly threads?: number;
}

export const predictCommand: CliCommand = {
  name: "predict",
  summary: "Say which class images or arrays belong to, with probabilities.",
  group: "Use:",
  examples: [
    ["holdfast predict runs/mine photo.jpg ./more", "CSV: input, class and probability, three times"],
    ["holdfast predict runs/mine test.npz --top 1 --format jsonl", "one JSON object a line"],
  ],
  define(command, cli) {
    command
      .argument("<run or model>", "a run folder, an .onnx file or a model folder")
      .argument("<inputs...>", "image files, folders of them, .npz files")
      .addOption(new Option("--format <name>", "").choices(["csv", "jsonl"]).default("csv"))
      .option("--top <count>", "how many classes to name", countArgument, 3)
      .option("--batch-size <count>", "examples at a time; 32 if left out", countArgument)
      .option("--threads <count>", "threads inside one operator", countArgument);
    addPreprocessFlags(command);
    command.action(async (path: string, paths: string[], options: Options & Record<string, unknown>) => {
      const { format, top, batchSize, threads } = options;
      const inputs = await openInputs(cli.files, paths);
      const classifier = await Classifier.open(path, {
        files: cli.files,
        runtime: await openShortRuntime(cli, threads),
        preprocess: preprocessFrom(options),
        ...withoutUndefined({ batchSize }),
      });
      try {
        let isFirst = true;
        for await (const prediction of predict(classifier, inputs)) {
          const named = { ...prediction, probabilities: prediction.probabilities.slice(0, top) };
          if (format === "jsonl") printJsonLine(cli, named);
          else print(cli, isFirst ? [csvHead(named), csvRow(named)] : [csvRow(named)]);
          isFirst = false;
        }
      } finally {
        await classifier.release();
      }
    });
  },
};

function csvHead({ probabilities }: ClassPrediction): string {
  const more = probabilities.slice(1).flatMap((_, i) => [`class_${i + 2}`, `probability_${i + 2}`]);
  return ["input", "class", "probability", ...more].join(",");
}

function csvRow({ input, probabilities }: ClassPrediction): string {
  const cells = probabilities.flatMap((p) => [csvCell(p.class), p.probability.toFixed(6)]);
  return [csvCell(input), ...cells].join(",");
}

/** RFC 4180. */
function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
