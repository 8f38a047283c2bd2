import type { ConfigInput } from "../config/schema.ts";
import { openSplits } from "../data/open-splits.ts";
import { ConfigError } from "../errors.ts";
import { loadModel } from "../onnx/load.ts";
import type { Files } from "../platform/files.ts";
import { basename, joinPath } from "../platform/paths.ts";
import { findModel } from "./model-source.ts";
import { onlyInput } from "./prepare-run.ts";

/** Settings to begin with, and what they were read from. */
export interface Suggestion {
  readonly settings: ConfigInput;
  /** What was seen, a sentence each. */
  readonly seen: readonly string[];
  /** Whether there is a test set that corruptions can be made of. */
  readonly kind: "image" | "array";
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
  const input = onlyInput(await loadModel(source.path, files));
  const { train, validation, test, notes } = await openSplits(files, data);
  if (train.classes === null)
    throw new ConfigError(`${data}: labels are numbers; classification needs classes`);
  const dims = input.declared?.dims ?? [];
  const isOpen = train.kind === "image" && dims.slice(1).some((d) => typeof d !== "number" || d <= 0);
  const needsSize = isOpen && source.preprocessor === null;
  const [, ...axes] = dims;
  const side = (d: unknown) => (typeof d === "number" && d > 0 ? d : USUAL_SIZE);
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
      `model input "${input.name}" [${dims.map((d) => d ?? "?").join(", ")}]`,
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
