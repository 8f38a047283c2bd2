import { InvalidArgumentError } from "commander";
import { mergeAdapter } from "../../training/merge-adapter.ts";
import type { CliCommand } from "../command.ts";
import { print } from "../command.ts";
import { printJson } from "../json-output.ts";

interface Options {
  readonly out: string;
  readonly scale: number;
  readonly unmerged?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
}

export const mergeCommand: CliCommand = {
  name: "merge",
  summary: "Write a model with an adapter in its weights: a run's, or one from Python PEFT.",
  group: "Use:",
  examples: [
    ["holdfast merge model.onnx adapter --out merged.onnx", "a folder that PEFT's save_pretrained wrote"],
    ["holdfast merge model.onnx runs/lora --out half.onnx --scale 0.5", "half of the change (WiSE-FT)"],
    [
      "holdfast merge model-int4.onnx adapter --out with-lora.onnx --unmerged",
      "quantised weights stay as they are",
    ],
  ],
  define(command, cli) {
    command
      .description(
        "Write a model with an adapter in its weights: the same graph, other numbers. Modules are matched by their paths, " +
          "as PEFT names them; an adapter that does not fit, or was trained on other weights, is refused and nothing is written.",
      )
      .argument("<model>", "an .onnx file or a model folder: the one that the adapter was trained on")
      .argument("<adapter>", "a folder with adapter_config.json and adapter_model.safetensors, or a run's")
      .requiredOption("--out <file>", "the .onnx file to write; a folder, for a model in parts")
      .option("--scale <factor>", "factor on the change of the weights", factorArgument, 1)
      .option("--unmerged", "put the adapter beside the weights, as nodes of its own")
      .option("--force", "take an adapter that was trained on other weights")
      .option("--json", "what was done as JSON");
    command.action(async (model: string, adapter: string, options: Options) => {
      const { json, ...rest } = options;
      const result = await mergeAdapter({ files: cli.files, model, adapter, ...rest });
      if (json === true) return printJson(cli, { ...result });
      const { modules, replaced, isKnownBase } = result;
      print(cli, [
        ...result.paths,
        `${result.method} ${options.unmerged ? "beside" : "in"} ${modules.length} layers` +
          (replaced.length > 0 ? `; replaced ${replaced.join(", ")}` : ""),
        ...(isKnownBase === null ? ["The adapter does not say which weights it was trained on."] : []),
        ...(isKnownBase === false ? ["It was trained on other weights than these."] : []),
      ]);
    });
  },
};

function factorArgument(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("Expected a number, such as 0.5.");
}
