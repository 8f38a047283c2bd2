import type { ConfigInput } from "../config/schema.ts";
import type { SampleKind } from "../data/dataset.ts";
import { openSplits } from "../data/open-splits.ts";
import { describeInputs } from "../data/preprocess/preprocessing-for.ts";
import { ConfigError } from "../errors.ts";
import { loadModel } from "../onnx/load.ts";
import type { Files } from "../platform/files.ts";
import { basename, joinPath } from "../platform/paths.ts";
import { modelInputs } from "./input-shapes.ts";
import { findModel } from "./model-source.ts";

/** Settings to begin with, and what they were read from. */
export interface Suggestion {
  readonly settings: ConfigInput;
  /** What was seen, a sentence each. */
  readonly seen: readonly string[];
  /** Whether there is a test set that corruptions can be made of. */
  readonly kind: SampleKind;
}

/** Height and width for a model that leaves them open and says nothing of them: what most image networks take. */
const USUAL_SIZE = 224;
/** Optimizer steps that a first run should have at least. */
const FEW_STEPS = 300;

/**
 * Settings for a first run on a model and data, which are opened and looked at, but not decoded.
 *
 * @throws ModelError, DataError, ConfigError for what cannot be used
 */
export async function suggestSettings(files: Files, model: string, data: string): Promise<Suggestion> {
  const source = await findModel(files, model);
  const { inputs } = modelInputs(await loadModel(source.path, files));
  const { train, validation, test, notes } = await openSplits(files, data);
  if (train.classes === null)
    throw new ConfigError(`${data}: labels are numbers; classification needs classes`);
  const axes = inputs[0]?.dims ?? [];
  const isOpen = train.kind === "image" && axes.includes(null);
  const needsSize = isOpen && source.preprocessor === null;
  const side = (d: number | null | undefined) => d ?? USUAL_SIZE;
  const [height, width] = axes[2] === 1 || axes[2] === 3 ? [axes[0], axes[1]] : [axes[1], axes[2]];
  const batchSize = Math.min(32, Math.max(4, 2 ** Math.floor(Math.log2(Math.max(1, train.length / 8)))));
  const perEpoch = Math.max(1, Math.ceil(train.length / batchSize));
  return {
    settings: {
      model,
      data,
      out: joinPath("runs", basename(data).replace(/\.\w+$/, "")),
      method: "spd",
      epochs: Math.min(30, Math.max(3, Math.ceil(FEW_STEPS / perEpoch))),
      batchSize,
      ...(needsSize ? { preprocess: { size: [side(height), side(width)] } } : {}),
    },
    seen: [
      `the model takes ${describeInputs(inputs)}`,
      `${train.length} training and ${validation.length} validation examples of ${train.classes.length} classes` +
        (test ? `, ${test.length} test examples` : ""),
      source.preprocessor === null
        ? "no preprocessor_config.json beside the model"
        : "preprocessing as the model's preprocessor_config.json says",
      ...notes,
    ],
    kind: train.kind,
  };
}
