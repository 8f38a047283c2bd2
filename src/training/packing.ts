import type { Config } from "../config/schema.ts";
import type { Dataset } from "../data/dataset.ts";
import { roundedUp } from "../data/length-buckets.ts";
import type { Loader } from "../data/loader.ts";
import { packed } from "../data/pack.ts";
import type { Preprocessing } from "../data/preprocess/config.ts";
import { subset } from "../data/views.ts";
import { ConfigError, HoldfastError } from "../errors.ts";
import type { Task } from "../tasks/task.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { TrainingSessions } from "./sessions.ts";

/** Largest difference of logits, relative to the largest, between a text in a row and the same text alone: of float32 sums. */
const TOLERANCE = 1e-3;

/** The training set as rows of several texts. */
export interface PackedTraining {
  readonly dataset: Dataset;
  /** One row of several texts, and each of them alone; null if no two texts fit into a row. */
  readonly trial: { readonly row: Dataset; readonly alone: readonly Dataset[] } | null;
  /** A sentence for the console. */
  readonly note: string;
}

/**
 * Packs a training set as `preprocess.packing` says; null if it says nothing.
 *
 * @throws ConfigError if the task's examples cannot stand in one row, texts are changed at random, or a row is too short or
 *   longer than the model takes
 */
export function packTraining(
  train: Dataset,
  preprocessing: Preprocessing,
  { config, task }: { readonly config: Config; readonly task: Task },
): PackedTraining | null {
  const asked = config.preprocess.packing;
  if (asked === false) return null;
  if (!task.packs || preprocessing.kind !== "text")
    throw new ConfigError(
      `preprocess.packing is for texts that a model goes on with, not for task ${task.name}`,
    );
  if (config.augmentation.typos > 0 || config.augmentation.casing > 0) {
    throw new ConfigError(
      "preprocess.packing fills rows before training, and augmentation.typos and casing change what texts take; leave one of them out",
    );
  }
  const { maxLength } = preprocessing;
  const sizes = Array.from({ length: train.length }, (_, i) => train.size?.(i) ?? maxLength);
  const longest = sizes.reduce((a, b) => Math.max(a, b), 1);
  if (asked !== true && (asked < longest || asked > maxLength)) {
    throw new ConfigError(
      `preprocess.packing ${asked}: expected ${longest} (the longest training text) to ${maxLength} tokens (preprocess.maxLength)`,
    );
  }
  const capacity = asked === true ? roundedUp(longest, maxLength) : asked;
  const { dataset, rows } = packed(train, capacity);
  const place = rows.findIndex((members) => members.length > 1);
  const filled = sizes.reduce((a, b) => a + b, 0) / (rows.length * capacity);
  return {
    dataset,
    trial:
      place < 0
        ? null
        : { row: subset(dataset, [place]), alone: rows[place]!.map((member) => subset(train, [member])) },
    note: `${train.length} training texts stand in ${rows.length} rows of up to ${capacity} tokens, ${Math.round(100 * filled)} % of them filled (preprocess.packing).`,
  };
}

/**
 * Makes sure that texts in one row do not see each other: the logits of a row are those of each of its texts alone.
 *
 * @throws ConfigError if they are not, because the model joins texts in another way than attention and tables of positions
 */
export async function checkPacking(
  sessions: TrainingSessions,
  { row, alone }: { readonly row: Loader; readonly alone: readonly Loader[] },
): Promise<void> {
  const together = await firstRow(sessions, row);
  const scale = together.data.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  let at = 0;
  for (const loader of alone) {
    const { data } = await firstRow(sessions, loader);
    const difference = data.reduce((m, v, i) => Math.max(m, Math.abs(v - together.data[at + i]!)), 0);
    if (!(difference <= TOLERANCE * scale)) {
      throw new ConfigError(
        `preprocess.packing: the model reads a text in a row of several in another way than alone (its logits differ by ${difference.toPrecision(2)} of ${scale.toPrecision(2)}): ` +
          "it joins tokens, or counts their positions, in a way that cannot be begun anew. Leave packing out; texts are then filled up to a few lengths (preprocess.buckets)",
        { details: { difference, scale } },
      );
    }
    at += data.length;
  }
}

/** The logits of the tokens of a loader's only example, [tokens, vocabulary]. */
async function firstRow(sessions: TrainingSessions, loader: Loader): Promise<Tensor<"float32">> {
  for await (const batch of loader.epoch(0)) {
    const { data, dims } = await sessions.predict(batch);
    const width = dims[2] ?? 1;
    const tokens = loader.dataset.size?.(0) ?? 0;
    return { dtype: "float32", dims: [tokens, width], data: data.subarray(0, tokens * width) };
  }
  throw new HoldfastError("internal: a trial without an example");
}
