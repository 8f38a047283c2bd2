import { parse as parseYaml } from "yaml";
import { DataError, messageOf } from "../errors.ts";
import type { Files } from "../platform/files.ts";
import { joinPath } from "../platform/paths.ts";
import { EVALUATIONS, LAYERS, type RecordFile, RUN_FILES, SAMPLES, STEPS } from "./folder.ts";
import { decodeLines, parseJson } from "./lines.ts";
import { parseEnvironment, parseInterpolation, parseSummary } from "./parse.ts";
import type {
  EnvironmentRecord,
  EvaluationRecord,
  InterpolationRecord,
  Json,
  LayerRecord,
  RunSummary,
  SampleRecord,
  StepRecord,
} from "./records.ts";

/** All that a run folder says, in the order it was written. */
export interface RunRecord {
  readonly folder: string;
  readonly config: Json;
  /** config.yaml as it lies there. */
  readonly configText: string;
  readonly environment: EnvironmentRecord;
  readonly summary: RunSummary;
  readonly steps: readonly StepRecord[];
  readonly layers: readonly LayerRecord[];
  readonly evaluations: readonly EvaluationRecord[];
  readonly samples: readonly SampleRecord[];
  /** Null where nobody walked the line to the pretrained weights. */
  readonly interpolation: InterpolationRecord | null;
  /** A picture of the network as SVG, where one was written. */
  readonly network: string | null;
  /** What was left out while reading, in words: a last line torn by a kill. */
  readonly remarks: readonly string[];
}

/**
 * Reads a run folder, finished or not. Record files that are missing count as empty.
 *
 * @throws DataError if the folder holds no run, or a file is not what it should be (file, line and field are named)
 */
export async function readRun(files: Files, folder: string): Promise<RunRecord> {
  const at = (name: string) => joinPath(folder, name);
  if (!(await files.exists(at(RUN_FILES.summary)))) {
    throw new DataError(
      `${folder}: no run here (expected ${RUN_FILES.summary}, which "holdfast finetune" writes).`,
      {
        details: { folder },
      },
    );
  }
  const remarks: string[] = [];
  const lines = async <T>(file: RecordFile<T>): Promise<readonly T[]> => {
    const path = at(file.name);
    if (!(await files.exists(path))) return [];
    const { records, torn } = decodeLines(await files.readText(path), path, file.parse);
    if (torn > 0)
      remarks.push(`${file.name}: the last line was cut off while it was written and is left out.`);
    return records;
  };
  const json = async (name: string) => parseJson(await files.readText(at(name)), at(name));
  const configText = await files.readText(at(RUN_FILES.config));
  return {
    folder,
    config: configOf(configText, at(RUN_FILES.config)),
    configText,
    environment: parseEnvironment(await json(RUN_FILES.environment), at(RUN_FILES.environment)),
    summary: parseSummary(await json(RUN_FILES.summary), at(RUN_FILES.summary)),
    steps: await lines(STEPS),
    layers: await lines(LAYERS),
    evaluations: await lines(EVALUATIONS),
    samples: await lines(SAMPLES),
    interpolation: (await files.exists(at(RUN_FILES.interpolation)))
      ? parseInterpolation(await json(RUN_FILES.interpolation), at(RUN_FILES.interpolation))
      : null,
    network: (await files.exists(at(RUN_FILES.network))) ? await files.readText(at(RUN_FILES.network)) : null,
    remarks,
  };
}

function configOf(text: string, path: string): Json {
  try {
    return parseYaml(text) as Json; // YAML's core schema yields JSON values only.
  } catch (cause) {
    throw new DataError(`${path}: not YAML (${messageOf(cause)}).`, { cause, details: { path } });
  }
}
