import type { Files } from "../platform/files.ts";
import { joinPath } from "../platform/paths.ts";
import { encodeEvent, eventFileHead } from "./event-file.ts";
import { RUN_FILES } from "./folder.ts";
import type { LayerRecord } from "./records.ts";
import type { RunWriter } from "./run-writer.ts";

export interface TensorBoardOptions {
  /** The environment's `startedAt`; events carry this time plus the seconds trained. */
  readonly startedAt: string;
  /** The checkpoint's step where a run goes on; TensorBoard then forgets what it saw of later steps. */
  readonly step?: number;
}

/**
 * A run writer that tells TensorBoard as well, live, in `<run>/tensorboard/`: loss, learning rate, gradient norm and
 * throughput, every set's metrics, firing and deviation in all and per tensor.
 */
export function withTensorBoard(run: RunWriter, files: Files, options: TensorBoardOptions): RunWriter {
  const { startedAt, step: from = 0 } = options;
  const start = Date.parse(startedAt) / 1000;
  // TensorBoard reads a folder's files in the order of their names.
  const name = `events.out.tfevents.${Math.floor(start)}.${String(from).padStart(12, "0")}.holdfast`;
  const path = joinPath(run.folder, RUN_FILES.tensorboard, name);
  let seconds = 0;
  let isOpen = false;
  const tell = async (step: number, scalars: Readonly<Record<string, number>>): Promise<void> => {
    const wallTime = start + seconds;
    if (!isOpen) await files.write(path, eventFileHead(wallTime, from === 0 ? 0 : from + 1));
    isOpen = true;
    await files.append(path, encodeEvent({ step, wallTime, scalars }));
  };
  return {
    ...run,
    async steps(...records) {
      await run.steps(...records);
      for (const r of records) {
        seconds = r.seconds;
        await tell(r.step, {
          "train/loss": r.loss,
          "train/lr": r.lr,
          "train/gradient norm": r.gradientNorm,
          "train/examples per second": r.examplesPerSecond,
        });
      }
    },
    async layers(records) {
      await run.layers(records);
      for (const step of new Set(records.map((r) => r.step))) {
        await tell(step, layerScalars(records.filter((r) => r.step === step)));
      }
    },
    async evaluations(...records) {
      await run.evaluations(...records);
      for (const r of records) {
        if (r.model === "best") continue; // An earlier step's weights, told then.
        const named = Object.entries(r.metrics).map(
          ([metric, value]) => [`${r.set}/${metric}`, value] as const,
        );
        await tell(r.step, Object.fromEntries(named));
      }
    },
  };
}

function layerScalars(layers: readonly LayerRecord[]): Record<string, number> {
  const anchored = layers.filter((l) => l.anchored);
  const steps = anchored.reduce((sum, l) => sum + l.steps, 0);
  return {
    ...(steps > 0 && { "anchor/fired": anchored.reduce((sum, l) => sum + l.fired * l.steps, 0) / steps }),
    "anchor/deviation": Math.hypot(...layers.map((l) => l.deviation)),
    ...Object.fromEntries(anchored.map((l) => [`fired/${l.name}`, l.fired])),
    ...Object.fromEntries(layers.map((l) => [`deviation/${l.name}`, l.deviation])),
  };
}
