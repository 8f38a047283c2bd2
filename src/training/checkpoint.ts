import type { Cursor } from "../data/loader.ts";
import { DataError, messageOf } from "../errors.ts";
import type { OptimizerState } from "../optim/state.ts";
import type { Files } from "../platform/files.ts";
import { joinPath } from "../platform/paths.ts";
import { decodeSafetensors, encodeSafetensors } from "../tensor/safetensors.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";

/** Everything that decides how a run goes on, apart from its configuration, its model and its data. */
export interface Progress {
  /** Optimizer steps done. */
  readonly step: number;
  /** Where in the data the next batch lies. */
  readonly cursor: Cursor;
  /** Seconds of training so far. */
  readonly seconds: number;
  /** The kept model: its step, and its value of the metric that chooses. Null before the first evaluation. */
  readonly best: { readonly step: number; readonly value: number } | null;
  /** Evaluations since the best one. */
  readonly stale: number;
  readonly totals: { readonly fired: number; readonly tensorSteps: number };
}

/** A checkpoint as it lies in the run folder. */
interface CheckpointFile extends Progress {
  readonly version: 1;
  /** SHA-256 of the values that training started from: the anchors, which are not stored again. */
  readonly anchors: string;
  readonly update: string;
  /** Names of the files beside this one. */
  readonly state: string;
  readonly bestState: string | null;
}

export interface Checkpoint {
  readonly progress: Progress;
  readonly optimizer: OptimizerState;
  /** Values of the kept model; null if there is none yet. */
  readonly best: ReadonlyMap<string, Float32Array> | null;
}

const LATEST = "latest.json";
const describeStep = (step: number) => String(step).padStart(8, "0");

/** The checkpoints of one run: written so that a kill at any instant leaves the one before it whole. */
export class CheckpointStore {
  private readonly files: Files;
  private readonly folder: string;
  private readonly anchors: string;
  private readonly keep: number;

  /** @param anchors from `hashValues` @param keep how many of the newest checkpoints stay */
  constructor(files: Files, folder: string, options: { readonly anchors: string; readonly keep: number }) {
    this.files = files;
    this.folder = folder;
    this.anchors = options.anchors;
    this.keep = options.keep;
  }

  /** Stores the values of a new best model. Call before `save` of a progress that names it. */
  async saveBest(step: number, values: ReadonlyMap<string, Float32Array>): Promise<void> {
    await this.write(bestName(step), values);
  }

  async save(progress: Progress, optimizer: OptimizerState): Promise<void> {
    const state = `state-${describeStep(progress.step)}.safetensors`;
    await this.write(state, optimizer.tensors);
    const file: CheckpointFile = {
      version: 1,
      ...progress,
      anchors: this.anchors,
      update: optimizer.update,
      state,
      bestState: progress.best ? bestName(progress.best.step) : null,
    };
    const text = `${JSON.stringify(file, null, 2)}\n`;
    await this.files.write(joinPath(this.folder, `checkpoint-${describeStep(progress.step)}.json`), text);
    await this.files.write(joinPath(this.folder, LATEST), text);
    await this.tidy();
  }

  /** The newest checkpoint, or null if the run has none yet. @throws DataError if it is damaged or of another model */
  async load(): Promise<Checkpoint | null> {
    const path = joinPath(this.folder, LATEST);
    if (!(await this.files.exists(path))) return null;
    let file: CheckpointFile;
    try {
      // What `save` wrote; damage shows as a parse error or in the checks below.
      file = JSON.parse(await this.files.readText(path)) as CheckpointFile;
    } catch (cause) {
      throw new DataError(`${path}: not a checkpoint (${messageOf(cause)})`, { cause });
    }
    if (file.version !== 1) throw new DataError(`${path}: checkpoint version ${file.version}, expected 1`);
    if (file.anchors !== this.anchors) {
      throw new DataError(
        `${path}: the run started from other weights than the model has now. ` +
          "Resume with the model file that the run was started with: its values are the anchors.",
        { details: { expected: file.anchors, got: this.anchors } },
      );
    }
    const { step, cursor, seconds, best, stale, totals } = file;
    return {
      progress: { step, cursor, seconds, best, stale, totals },
      optimizer: { update: file.update, step, tensors: await this.read(file.state) },
      best: file.bestState === null ? null : await this.read(file.bestState),
    };
  }

  private async write(name: string, values: ReadonlyMap<string, Float32Array>): Promise<void> {
    const tensors = new Map<string, Tensor>();
    for (const [key, data] of values) tensors.set(key, tensor("float32", [data.length], data));
    await this.files.write(joinPath(this.folder, name), encodeSafetensors(tensors, { format: "pt" }));
  }

  private async read(name: string): Promise<Map<string, Float32Array>> {
    const path = joinPath(this.folder, name);
    const { tensors } = decodeSafetensors(await this.files.read(path), path);
    return new Map([...tensors].map(([key, t]) => [key, t.data as Float32Array])); // `write` stores float32 alone
  }

  /** Removes checkpoints beyond the newest `keep`, and files that none of those names. */
  private async tidy(): Promise<void> {
    const names = (await this.files.list(this.folder)).map((e) => e.name);
    const descriptions = names.filter((n) => /^checkpoint-\d+\.json$/.test(n)).sort();
    const needed = new Set([LATEST]);
    for (const name of descriptions.slice(-this.keep)) {
      const file = JSON.parse(await this.files.readText(joinPath(this.folder, name))) as CheckpointFile;
      needed.add(name).add(file.state);
      if (file.bestState !== null) needed.add(file.bestState);
    }
    for (const name of names) {
      const isOurs = /^(checkpoint-\d+\.json|(state|best)-\d+\.safetensors)$/.test(name);
      if (isOurs && !needed.has(name)) await this.files.remove(joinPath(this.folder, name));
    }
  }
}

function bestName(step: number): string {
  return `best-${describeStep(step)}.safetensors`;
}

/** SHA-256 over names and values, as hexadecimal digits. */
export async function hashValues(
  values: Iterable<readonly [name: string, data: Float32Array]>,
): Promise<string> {
  const digests: string[] = [];
  for (const [name, data] of values) digests.push(`${name}:${await sha256(data.slice().buffer)}`);
  return sha256(new TextEncoder().encode(digests.join("\n")).slice().buffer);
}

async function sha256(bytes: ArrayBuffer): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (b) => b.toString(16).padStart(2, "0")).join("");
}
