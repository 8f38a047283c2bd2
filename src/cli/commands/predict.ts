import { Option } from "commander";
import { linesOf, openInputs } from "../../data/open-inputs.ts";
import { ConfigError } from "../../errors.ts";
import type { Files } from "../../platform/files.ts";
import { basename, joinPath } from "../../platform/paths.ts";
import { DeployedModel } from "../../training/deployed-model.ts";
import { withoutUndefined } from "../../training/plain.ts";
import { type Prediction, predict } from "../../training/predict.ts";
import { readingOf } from "../../training/reading.ts";
import type { CliCommand } from "../command.ts";
import { print } from "../command.ts";
import { createCountProgress } from "../count-progress.ts";
import { printJsonLine } from "../json-output.ts";
import { countArgument, openShortRuntime } from "../open-model.ts";
import { addReadingFlags } from "../reading-flags.ts";
import { openTerminal } from "../terminal.ts";

interface Options {
  readonly format: "csv" | "jsonl";
  readonly top: number;
  readonly text: readonly string[];
  readonly threads?: number;
  readonly masks?: string;
}

export const predictCommand: CliCommand = {
  name: "predict",
  summary: "Ask a model: which class images, sounds, texts or arrays belong to; what it writes to prompts.",
  group: "Use:",
  examples: [
    ["holdfast predict runs/mine photo.jpg ./more", "CSV: input, class and probability, three times"],
    ["holdfast predict runs/mine test.npz --top 1 --format jsonl", "one JSON object a line"],
    ['holdfast predict runs/mine --text "what a day"', "one text; repeat it for several"],
    [
      "holdfast predict runs/mine mails.csv --text-column body",
      "the texts of a table; the run's column if left out",
    ],
    ["holdfast predict runs/mine measured.parquet", "the rows of a table: numbers, texts, images or sounds"],
    [
      "holdfast predict runs/mine photos --masks masks",
      "segmentation: an indexed PNG and an overlay of each",
    ],
    ["holdfast predict runs/chat prompts.jsonl --beams 4", "what a language model writes to each prompt"],
    ["holdfast predict runs/vqa questions.csv", "answers to the column question about the column image"],
    [
      "holdfast predict runs/clip captions.csv --top 5",
      "the nearest captions of each image, and images of each caption",
    ],
    [
      'holdfast predict runs/clip photos --text "a dog" --text "a door"',
      "which of some photos and texts belong together",
    ],
    ["holdfast predict runs/mine photos --dataset.on-broken skip", "leaves out files that cannot be read"],
    ["cat lines.txt | holdfast predict runs/mine -", "a text a line from standard input"],
  ],
  define(command, cli) {
    command
      .argument("<run or model>", "a run folder, an .onnx file or a model folder")
      .argument(
        "[inputs...]",
        "images, sounds (.wav), folders of them, .npz, .txt (a text a line), .csv, .tsv, .jsonl, .parquet; - is stdin",
      )
      .option(
        "--text <text>",
        "a text; repeat for several",
        (text, all: readonly string[]) => [...all, text],
        [],
      )
      .addOption(
        new Option("--format <name>", "rows of CSV, or lines of JSON")
          .choices(["csv", "jsonl"])
          .default("csv"),
      )
      .option("--top <count>", "how many classes to name", countArgument, 3)
      .option("--masks <folder>", "segmentation: write the predicted masks there, and each over its image")
      .option("--threads <count>", "threads inside one operator", countArgument);
    const readingFrom = addReadingFlags(command);
    command.action(async (path: string, paths: string[], options: Options & Record<string, unknown>) => {
      const { format, top, threads, masks } = options;
      const piped = paths.includes("-") ? linesOf(await readAll(cli.stdin)) : [];
      const model = await DeployedModel.open(path, {
        files: cli.files,
        runtime: await openShortRuntime(cli, threads),
        settings: readingFrom(options),
      });
      const inputs = await openInputs(
        cli.files,
        paths.filter((p) => p !== "-"),
        {
          texts: [...options.text, ...piped],
          prompts: model.task.writes === true,
          ...(model.task.samples.includes("image-text")
            ? { withImages: model.task.writes === true ? "questions" : "captions" }
            : {}),
          ...readingOf(model.task, model.settings.dataset ?? {}),
        },
      );
      // Where rows appear in the same terminal one by one, they are the progress themselves.
      const isShown = cli.stdout.isTTY === true && !model.task.ranking;
      const terminal = openTerminal(cli.stderr, cli.environment);
      const progress = isShown ? null : createCountProgress({ terminal, unit: { of: `${inputs.kind}s` } });
      try {
        if (masks !== undefined && !model.task.draw)
          throw new ConfigError(`--masks: task ${model.task.name} draws nothing`);
        const taken = new Set<string>();
        let isFirst = true;
        const onProgress = progress?.tell;
        const asked = predict(model, inputs, top, {
          onNote: terminal.line,
          ...withoutUndefined({ onProgress }),
        });
        for await (const prediction of asked) {
          if (model.task.ranking) progress?.end();
          if (format === "jsonl") printJsonLine(cli, { input: prediction.input, ...prediction.fields });
          else print(cli, isFirst ? [csvHead(prediction), csvRow(prediction)] : [csvRow(prediction)]);
          isFirst = false;
          if (masks !== undefined) await writeDrawings(cli.files, masks, prediction, taken);
        }
      } finally {
        progress?.end();
        await model.release();
      }
    });
  },
};

/** Writes `NAME.png` and what else there is; a second input of one name gets a number. */
async function writeDrawings(
  files: Files,
  folder: string,
  { input, draw }: Prediction,
  taken: Set<string>,
): Promise<void> {
  const stem = basename(input).replace(/\.\w+$/u, "");
  let name = stem;
  for (let n = 2; taken.has(name); n++) name = `${stem}-${n}`;
  taken.add(name);
  for (const { suffix, png } of (await draw?.()) ?? [])
    await files.write(joinPath(folder, `${name}${suffix}.png`), png);
}

async function readAll(stream: AsyncIterable<string | Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream)
    text += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}

function csvHead({ columns }: Prediction): string {
  return ["input", ...columns.map(([name]) => name)].map(csvCell).join(",");
}

function csvRow({ input, columns }: Prediction): string {
  const cells = columns.map(([, value]) => (typeof value === "number" ? value.toFixed(6) : value));
  return [input, ...cells].map(csvCell).join(",");
}

/** RFC 4180. */
function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
