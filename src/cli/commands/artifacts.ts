import { Option } from "commander";
import type { LossName } from "../../autodiff/losses.ts";
import { parseConfig } from "../../config/parse.ts";
import type { Config } from "../../config/schema.ts";
import { fixInputs } from "../../passes/fix-inputs.ts";
import { writeArtifacts } from "../../training/artifacts.ts";
import { concreteShapes, shapesLike } from "../../training/input-shapes.ts";
import { withoutUndefined } from "../../training/plain.ts";
import type { CliCommand } from "../command.ts";
import { print } from "../command.ts";
import { configFlags, settingsFrom } from "../config-flags.ts";
import { dimArgument, fixFlag, integerArgument, openModel, openShortRuntime } from "../open-model.ts";

interface Options {
  readonly out: string;
  readonly loss: LossName;
  readonly logits?: string;
  readonly classAxis?: number;
  readonly ignoreIndex?: number;
  readonly like?: string;
  readonly dim?: ReadonlyMap<string, number>;
  readonly fix?: ReadonlyMap<string, number>;
  readonly trainable?: string;
}

export const artifacts: CliCommand = {
  name: "artifacts",
  summary: "Write training graphs as plain ONNX, for the runtime of any language.",
  group: "Use:",
  examples: [
    ["holdfast artifacts model.onnx --out artifacts --dim batch=16", "for batches of 16"],
    [
      "holdfast artifacts model.onnx --out artifacts --like inputs.npz --logits logits",
      "for shapes like these",
    ],
    [
      "holdfast artifacts model.onnx --out artifacts --dim batch=16 --peft.method lora --peft.rank 8",
      "adapters alone are trained",
    ],
  ],
  define(command, cli) {
    command
      .description(
        "Write training_model.onnx (inputs: the model's own, `targets`, each parameter; outputs: `loss`, the model's own, " +
          "<parameter>_grad), eval_model.onnx, checkpoint.safetensors and artifacts.json. An optimizer_model.onnx is not " +
          "written yet: update the weights in your own language, or use holdfast finetune.",
      )
      .argument("<model>", "an .onnx file or a model folder")
      .requiredOption("--out <folder>", "where the files go; what is there is replaced")
      .addOption(
        new Option("--loss <name>", "").choices(["cross-entropy", "mse", "bce"]).default("cross-entropy"),
      )
      .option("--logits <output>", "output that the loss reads; the first one if left out")
      .option("--class-axis <axis>", "cross-entropy: axis of the classes; -1 if left out", integerArgument)
      .option(
        "--ignore-index <index>",
        "cross-entropy: targets to leave out; -100 if left out",
        integerArgument,
      )
      .option("--like <npz>", "sample inputs whose shapes are taken")
      .option("--dim <name=size>", "size of a free dimension; repeat for several", dimArgument)
      .option(...fixFlag)
      .option(
        "--trainable <all|regex>",
        "names of the weights to train; all if left out, or with --peft.method none but the adapters",
      );
    for (const option of peftFlags().flatMap((f) => f.options)) command.addOption(option);
    command.action(async (path: string, options: Options & Record<string, unknown>) => {
      const { model } = await openModel(cli, path);
      fixInputs(model, options.fix ?? new Map());
      const { out, loss, classAxis, ignoreIndex, trainable } = options;
      const inputShapes =
        options.like === undefined
          ? concreteShapes(model, options.dim ?? new Map())
          : await shapesLike(cli.files, options.like, model);
      const { paths, graph } = await writeArtifacts(model, {
        files: cli.files,
        runtime: await openShortRuntime(cli),
        out,
        inputShapes,
        loss,
        logits: options.logits ?? model.graph.outputs[0]?.name ?? "",
        lossOptions: withoutUndefined({ classAxis, ignoreIndex }),
        ...withoutUndefined({ trainable, peft: peftFrom(options) }),
      });
      print(cli, [
        ...paths,
        `${graph.parameters.length} parameters` +
          (graph.unreachable.length > 0
            ? `; the loss does not depend on ${graph.unreachable.length} others`
            : ""),
      ]);
    });
  },
};

function peftFlags() {
  return configFlags().filter((f) => f.key.startsWith("peft."));
}

/** The adapters that were asked for, with the defaults of the settings; undefined for none. */
function peftFrom(options: Readonly<Record<string, unknown>>): Config["peft"] | undefined {
  const { peft } = settingsFrom(options, peftFlags()) as { readonly peft?: { readonly method?: string } };
  if (peft?.method === undefined) return undefined;
  return parseConfig({ model: "–", data: "–", out: "–", peft }).peft; // the keys that have no defaults
}
