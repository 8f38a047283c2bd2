import { stringify } from "yaml";
import { ConfigError } from "../errors.ts";
import type { Files } from "../platform/files.ts";
import { joinPath } from "../platform/paths.ts";
import { toJson } from "./fields.ts";
import { EVALUATIONS, LAYERS, type RecordFile, RUN_FILES, SAMPLES, STEPS } from "./folder.ts";
import { decodeLines, encodeLines } from "./lines.ts";
import type {
  EnvironmentRecord,
  EvaluationRecord,
  Json,
  LayerRecord,
  RunSummary,
  SampleRecord,
  StepRecord,
} from "./records.ts";

/**
 * Writes a run folder. Records are appended, whole files are replaced at once, so that a kill at any instant leaves
 * a readable folder. Await each call before the next one on the same writer.
 */
export interface RunWriter {
  readonly folder: string;
  /** Folder for what `resume` needs; the writer itself puts nothing there. */
  readonly checkpointFolder: string;
  /** Folder for the exported model; the writer itself puts nothing there. */
  readonly modelFolder: string;
  /** Where adapters go. */
  readonly adapterFolder: string;
  steps(...records: readonly StepRecord[]): Promise<void>;
  /** All tensors of an interval in one call. Write an interval's records before the checkpoint that ends it. */
  layers(records: readonly LayerRecord[]): Promise<void>;
  evaluations(...records: readonly EvaluationRecord[]): Promise<void>;
  samples(records: readonly SampleRecord[]): Promise<void>;
  /** A picture of the network, as SVG. */
  network(svg: string): Promise<void>;
  /** Replaces the summary. */
  summary(summary: RunSummary): Promise<void>;
}

export interface CreateRunOptions {
  /** All settings, defaults included; written to config.yaml. */
  readonly config: Json;
  readonly environment: EnvironmentRecord;
  /** With status `running`. */
  readonly summary: RunSummary;
  /** Replace a run that is in the folder already; false by default. */
  readonly overwrite?: boolean;
}

/**
 * Starts a run folder.
 *
 * @throws ConfigError if the folder holds a run and `overwrite` is not set
 */
export async function createRun(files: Files, folder: string, options: CreateRunOptions): Promise<RunWriter> {
  if (await files.exists(joinPath(folder, RUN_FILES.summary))) {
    if (!options.overwrite) {
      throw new ConfigError(
        `${folder} holds a run already. Continue it with "holdfast resume ${folder}", choose another --out, or pass --overwrite.`,
        { details: { folder } },
      );
    }
    await removeRun(files, folder);
  }
  await writeSettings(files, folder, options.config);
  await files.write(joinPath(folder, RUN_FILES.environment), document(options.environment));
  await files.write(joinPath(folder, RUN_FILES.summary), document(options.summary));
  return writerOf(files, folder);
}

/** Writes config.yaml alone, for a run whose first stage is a run in a folder of its own. */
export async function writeSettings(files: Files, folder: string, config: Json): Promise<void> {
  const text = `# Every setting of this run, defaults included.\n${stringify(config, { lineWidth: 0 })}`;
  await files.write(joinPath(folder, RUN_FILES.config), text);
}

/**
 * Goes on with a run from its checkpoint: drops every record after `step`, the checkpoint's, and a torn last line.
 *
 * @throws DataError if a record file holds something else than records
 */
export async function resumeRun(files: Files, folder: string, step: number): Promise<RunWriter> {
  await truncate(files, folder, STEPS, step);
  await truncate(files, folder, LAYERS, step);
  await truncate(files, folder, EVALUATIONS, step);
  await truncate(files, folder, SAMPLES, step);
  return writerOf(files, folder);
}

function writerOf(files: Files, folder: string): RunWriter {
  const append = async <T extends object>(file: RecordFile<T>, records: readonly T[]): Promise<void> => {
    if (records.length > 0) await files.append(joinPath(folder, file.name), encodeLines(records));
  };
  return {
    folder,
    checkpointFolder: joinPath(folder, RUN_FILES.checkpoint),
    modelFolder: joinPath(folder, RUN_FILES.model),
    adapterFolder: joinPath(folder, RUN_FILES.adapter),
    steps: (...records) => append(STEPS, records),
    layers: (records) => append(LAYERS, records),
    evaluations: (...records) => append(EVALUATIONS, records),
    samples: (records) => append(SAMPLES, records),
    network: (svg) => files.write(joinPath(folder, RUN_FILES.network), svg),
    summary: (summary) => files.write(joinPath(folder, RUN_FILES.summary), document(summary)),
  };
}

async function truncate<T extends object>(
  files: Files,
  folder: string,
  file: RecordFile<T>,
  step: number,
): Promise<void> {
  const path = joinPath(folder, file.name);
  if (!(await files.exists(path))) return;
  const { records } = decodeLines(await files.readText(path), path, file.parse);
  await files.write(path, encodeLines(records.filter((record) => file.keep(record, step))));
}

// Only what a run consists of: whatever else the user keeps in the folder stays.
async function removeRun(files: Files, folder: string): Promise<void> {
  const records = [STEPS, LAYERS, EVALUATIONS, SAMPLES].map((file) => file.name);
  for (const name of [...records, ...Object.values(RUN_FILES)]) await files.remove(joinPath(folder, name));
}

function document(value: object): string {
  return `${toJson(value, 2)}\n`;
}
