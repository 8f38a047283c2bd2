import { Option } from "commander";
import { parseConfig } from "../../config/parse.ts";
import type { Config } from "../../config/schema.ts";
import type { AnchorOptionValues } from "../../optim/anchor-options.ts";
import { anchorRules } from "../../optim/anchors/registry.ts";
import type { Hyperparameters } from "../../optim/update-rule.ts";
import { updateRules } from "../../optim/updates/registry.ts";
import { fixInputs } from "../../passes/fix-inputs.ts";
import { DEFAULT_OPTIMIZER, type OptimizerChoice } from "../../training/artifact-optimizer.ts";
import { writeArtifacts } from "../../training/artifacts.ts";
import { batchSizeOf, concreteShapes, shapesLike } from "../../training/input-shapes.ts";
import { fixEmptyPast } from "../../training/language-graph.ts";
import { withoutUndefined } from "../../training/plain.ts";
import type { CliCommand } from "../command.ts";
import { print } from "../command.ts";
import { configFlags, settingsFrom } from "../config-flags.ts";
import { type LossArguments, lossFlags, lossOptionsFrom } from "../loss-flags.ts";
import {
  dimArgument,
  fixFlag,
  numberArgument,
  openModel,
  openShortRuntime,
  type SettingValue,
  settingArgument,
} from "../open-model.ts";

interface Options extends LossArguments {
  readonly out: string;
  readonly logits?: string;
  readonly like?: string;
  readonly dim?: ReadonlyMap<string, number>;
  readonly fix?: ReadonlyMap<string, number>;
  readonly trainable?: string;
  readonly optimizer: string;
  readonly hyper?: Readonly<Record<string, SettingValue>>;
  readonly anchor: string;
  readonly strength?: number;
  readonly anchorOption?: Readonly<Record<string, SettingValue>>;
  readonly anchorAt: string;
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
          "<parameter>_grad), eval_model.onnx, optimizer_model.onnx (one step: each parameter, its gradient, states and " +
          "anchor, `lr` and `step` to `<name>_next`), checkpoint.safetensors (values) and artifacts.json (names, shapes, " +
          "dtypes). Any ONNX Runtime runs them; examples/python-training is a loop in Python.",
      )
      .argument("<model>", "an .onnx file or a model folder")
      .requiredOption("--out <folder>", "where the files go; files of the same names are replaced")
      .option("--like <npz>", "sample inputs whose shapes are taken")
      .option("--dim <name=size>", "size of a free dimension; repeat for several", dimArgument)
      .option(...fixFlag)
      .option(
        "--trainable <all|regex>",
        "names of the weights to train; all if left out, or with --peft.method none but the adapters",
      );
    for (const option of [...lossFlags(), ...optimizerFlags()]) command.addOption(option);
    for (const option of peftFlags().flatMap((f) => f.options)) command.addOption(option);
    command.action(async (path: string, options: Options & Record<string, unknown>) => {
      const { model } = await openModel(cli, path);
      fixInputs(model, options.fix ?? new Map(), options.dim);
      const { out, loss, trainable } = options;
      const dims = options.dim ?? new Map();
      if (options.like === undefined) fixEmptyPast(model, batchSizeOf(model, dims));
      const inputShapes =
        options.like === undefined
          ? concreteShapes(model, dims)
          : await shapesLike(cli.files, options.like, model);
      const { paths, graph } = await writeArtifacts(model, {
        files: cli.files,
        runtime: await openShortRuntime(cli),
        out,
        inputShapes,
        loss,
        logits: options.logits ?? model.graph.outputs[0]?.name ?? "",
        lossOptions: lossOptionsFrom(options),
        optimizer: optimizerFrom(options),
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

function optimizerFlags(): Option[] {
  const { rule, anchor, at } = DEFAULT_OPTIMIZER;
  const names = (rules: readonly { readonly name: string }[]) => rules.map((r) => r.name);
  const entry = (text: string, before?: Record<string, SettingValue>) => ({
    ...before,
    ...settingArgument(text),
  });
  return [
    new Option("--optimizer <rule>", "update rule of optimizer_model.onnx")
      .choices(names(updateRules))
      .default(rule),
    new Option(
      "--hyper <name=value>",
      "a hyperparameter of it, such as betas=0.9,0.98; repeat for several",
    ).argParser(entry),
    new Option("--anchor <rule>", "anchor rule, one that needs no held-out data")
      .choices(names(anchorRules))
      .default(anchor),
    new Option("--strength <λ>", "of the anchor rule; its default if left out").argParser(numberArgument),
    new Option("--anchor-option <name=value>", "an option of the anchor rule; repeat for several").argParser(
      entry,
    ),
    new Option("--anchor-at <init|zero|file>", "what is held to; a file is a model, or .safetensors").default(
      at,
    ),
  ];
}

function optimizerFrom(options: Options): OptimizerChoice {
  const { optimizer, hyper, anchor, strength, anchorOption, anchorAt } = options;
  return {
    rule: optimizer,
    anchor,
    at: anchorAt,
    // The rules check what kind each of their settings has.
    ...(hyper ? { hyperparameters: hyper as Hyperparameters } : {}),
    ...(strength === undefined ? {} : { strength }),
    ...(anchorOption ? { anchorOptions: anchorOption as AnchorOptionValues } : {}),
  };
}

function peftFlags() {
  return configFlags().filter((f) => f.key.startsWith("peft."));
}

/** The adapters that were asked for, with the defaults of the settings; undefined for none. */
function peftFrom(options: Readonly<Record<string, unknown>>): Config["peft"] | undefined {
  const { peft } = settingsFrom(options, peftFlags()) as { readonly peft?: { readonly method?: string } };
  if (peft?.method === undefined) return undefined;
  return parseConfig({ model: "–", data: "–", out: "–", peft }).peft; // the keys that have no defaults
}
