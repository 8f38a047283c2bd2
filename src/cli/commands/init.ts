import { stringify } from "yaml";
import { parseConfig } from "../../config/parse.ts";
import { ConfigError } from "../../errors.ts";
import { type Suggestion, suggestSettings } from "../../training/suggest-settings.ts";
import type { CliCommand } from "../command.ts";
import { print } from "../command.ts";

interface Options {
  readonly model: string;
  readonly data: string;
  readonly out: string;
  readonly force?: boolean;
}

export const init: CliCommand = {
  name: "init",
  summary: "Write a commented file of settings for a model and data.",
  group: "Set up:",
  examples: [
    ["holdfast init --model model.onnx --data ./images", "writes holdfast.yaml; nothing is trained"],
  ],
  define(command, cli) {
    command
      .requiredOption("--model <path>", "an .onnx file or a model folder")
      .requiredOption("--data <path>", "training data")
      .option("--out <file>", "the file to write", "holdfast.yaml")
      .option("--force", "replace the file if it exists");
    command.action(async ({ model, data, out, force }: Options) => {
      if (force !== true && (await cli.files.exists(out)))
        throw new ConfigError(`${out} exists already; choose another --out, or pass --force`);
      const suggestion = await suggestSettings(cli.files, model, data);
      parseConfig(suggestion.settings, out);
      await cli.files.write(out, settingsText(suggestion));
      print(cli, [...suggestion.seen, `Wrote ${out}. Train with: holdfast finetune --config ${out}`]);
    });
  },
};

/** The settings as YAML, each with what else it could be. */
function settingsText({ settings, seen, kind }: Suggestion): string {
  const { model, data, out, method, epochs, batchSize, preprocess } = settings;
  const yaml = (value: object) => stringify(value, { lineWidth: 0, collectionStyle: "any" }).trimEnd();
  const size = preprocess?.size;
  return `# Settings for holdfast finetune. Every key is a flag too: --optimizer.lr 1e-4. All keys: holdfast finetune --help
# Seen: ${seen.join("; ")}.

${yaml({ model })}
${yaml({ data })}
${yaml({ out })} # folder of the run: model, report, checkpoints, records

# Sets that are never trained on, to see what the model still knows elsewhere: paths${kind === "image" ? ", or corruptions of the test set" : ""}.
shifts: {}
#  elsewhere: ./other-images
${kind === "image" ? "#  fog: corruption:fog:3\n" : ""}
${yaml({ method: method ?? "spd" })} # spd, adamw, adam, l2-sp, sgd, sgd-spd, linear-probe
${yaml({ epochs })} # passes over the training data; the best one on the validation set is kept
${yaml({ batchSize })}
seed: 0

optimizer:
  lr: 1.0e-4 # 1e-5 to 5e-5 for transformers, 1e-4 to 1e-3 for convolutional networks
#  strength: 1 # of the pull toward the pretrained weights
#  headLrScale: 10 # a new head may learn faster

head:
  mode: auto # keep, new; auto keeps the classifier only if it has as many outputs as the data has classes

preprocess: ${size ? `# the model leaves its input's size open: choose what it was made for\n  size: [${size.join(", ")}]` : "{}"}
#  mean: [0.485, 0.456, 0.406] # what the model was trained with, if no preprocessor_config.json says it
#  std: [0.229, 0.224, 0.225]

augmentation:
  flip: false # mirror images at random, where left and right mean nothing
  cropPadding: 0
`;
}
