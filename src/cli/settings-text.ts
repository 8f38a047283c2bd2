import { stringify } from "yaml";
import type { SampleKind } from "../data/dataset.ts";
import { LABEL_NAMES } from "../data/readers/table-plan.ts";
import type { Suggestion } from "../training/suggest-settings.ts";

/** Corruptions and augmentation that fit a kind of example; none are for the others. */
const CORRUPTIONS: Readonly<Partial<Record<SampleKind, string>>> = {
  image: "fog: corruption:fog:3",
  "image-text": "fog: corruption:fog:3",
  text: "typos: corruption:typos:3",
};

/** Settings as YAML, with what else they could be in comments; what does not fit the kind of data is left out. */
export function settingsText(suggestion: Suggestion): string {
  const { settings, seen, kind, task, hasTest } = suggestion;
  const { model, data, validation, test, out, method, epochs, batchSize } = settings;
  const corruption = CORRUPTIONS[kind];
  const blocks = [
    `# Settings for holdfast finetune. Every key is a flag too: --optimizer.lr 1e-4. All keys: holdfast finetune --help
# Seen:
${seen.map((line) => `# - ${line}`).join("\n")}`,
    [
      yaml({ model }),
      yaml({ data }),
      ...(validation === undefined ? [] : [yaml({ validation })]),
      ...(test === undefined ? [] : [yaml({ test })]),
      `${yaml({ task: task.name })} # ${task.summary.replace(/\.$/, "")}`,
      `${yaml({ out })} # folder of the run: model, report, checkpoints, records`,
    ].join("\n"),
    datasetText(suggestion),
    `# Sets that are never trained on, to see what the model still knows elsewhere: paths${
      corruption ? `, or corruptions of the ${hasTest ? "test" : "validation"} set` : ""
    }.
shifts: {}
#  elsewhere: ./other-${NOUNS[kind]}
${corruption ? `#  ${corruption}\n` : ""}`.trimEnd(),
    `${yaml({ method: method ?? "spd" })} # all: holdfast methods
${yaml({ epochs })} # passes over the training data; the best one on the validation set is kept
${yaml({ batchSize })}
seed: 0`,
    `optimizer:
  lr: 1.0e-4 # 1e-5 to 5e-5 for transformers, 1e-4 to 1e-3 for convolutional networks
#  strength: 1 # of the pull toward the pretrained weights
#  headLrScale: 10 # a new head may learn faster`,
    ...(task.head === null
      ? []
      : [
          `head:
  mode: auto # keep, new; auto keeps the model's own only if it fits the data`,
        ]),
    ...(preprocessText(suggestion) ?? []),
    ...(AUGMENTATION[kind] ?? []),
  ];
  return `${blocks.filter((b) => b !== "").join("\n\n")}\n`;
}

const NOUNS: Readonly<Record<SampleKind, string>> = {
  image: "images",
  text: "texts.csv",
  dialogue: "dialogues.jsonl",
  "image-text": "captioned-images.csv",
  audio: "sounds",
  array: "rows.csv",
};

const AUGMENTATION: Readonly<Partial<Record<SampleKind, readonly string[]>>> = {
  image: [
    `augmentation:
  flip: false # mirror images at random, where left and right mean nothing
  cropPadding: 0`,
  ],
  text: [
    `augmentation:
  typos: 0 # share of the letters of training texts that are mistyped; 0.02, say`,
  ],
};

function datasetText({ settings, columns, hasTest }: Suggestion): string {
  const { dataset = {} } = settings;
  // A column that repeats itself and is nothing else may say what belongs together.
  const used = new Set([...LABEL_NAMES, ...Object.values(dataset).flat()]);
  const group = columns.find((c) => !used.has(c.name) && (c.kind === "category" || c.kind === "whole"));
  const mayGroup = group !== undefined && dataset.groupColumn === undefined;
  const lines = [
    Object.keys(dataset).length > 0 ? yaml({ dataset }) : "dataset: {}",
    ...(mayGroup
      ? [
          `#  groupColumn: ${group.name} # rows of equal values stay in one set, as those of one patient should`,
        ]
      : []),
    ...(hasTest || settings.validation !== undefined
      ? []
      : ["#  validationFraction: 0.1 # share of the training data that is held out"]),
    "#  onBroken: skip # leave out examples that cannot be read, instead of stopping",
  ];
  return lines.join("\n");
}

function preprocessText({ settings, kind }: Suggestion): readonly string[] | null {
  if (kind === "text" || kind === "dialogue")
    return ["preprocess: {}\n#  maxLength: 128 # most tokens of a text; longer ones are cut"];
  if (kind === "audio")
    return [
      "preprocess: {}\n#  samplingRate: 16000 # Hz that the model knows, if no preprocessor_config.json says it; others are resampled",
    ];
  if (kind !== "image") return null;
  const size = settings.preprocess?.size;
  const head = size
    ? `preprocess: # the model leaves its input's size open: choose what it was made for\n  size: [${size.join(", ")}]`
    : "preprocess: {}";
  return [
    `${head}
#  mean: [0.485, 0.456, 0.406] # what the model was trained with, if no preprocessor_config.json says it
#  std: [0.229, 0.224, 0.225]`,
  ];
}

function yaml(value: object): string {
  return stringify(value, { lineWidth: 0, collectionStyle: "any" }).trimEnd();
}
