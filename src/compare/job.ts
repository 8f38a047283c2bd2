import { nested, overlay } from "../config/overlay.ts";
import { parseConfig } from "../config/parse.ts";
import type { Config } from "../config/schema.ts";
import type { Files } from "../platform/files.ts";
import { joinPath } from "../platform/paths.ts";
import { RUN_FILES } from "../run/folder.ts";
import { parseSummary } from "../run/parse.ts";
import type { RunSummary } from "../run/records.ts";
import { PROBE_FOLDER } from "../training/probe.ts";
import type { CompareConfig, MethodEntry } from "./schema.ts";
import type { Point } from "./search.ts";

/** One training run of a comparison, in a folder that its settings name. */
export interface Job {
  readonly kind: "trial" | "run";
  /** Name of its method's entry. */
  readonly method: string;
  /** For people: `optimizer.strength 0.5`, `seed 2`. */
  readonly label: string;
  readonly point: Point;
  readonly seed: number;
  readonly config: Config;
}

/** A trial: the tuning seed, and the validation set alone where the file says so. */
export async function trialJob(compare: CompareConfig, entry: MethodEntry, point: Point): Promise<Job> {
  return jobOf(compare, entry, { kind: "trial", point, seed: compare.tuningSeed });
}

/** A run that is reported. */
export async function runJob(
  compare: CompareConfig,
  entry: MethodEntry,
  point: Point,
  seed: number,
): Promise<Job> {
  return jobOf(compare, entry, { kind: "run", point, seed });
}

async function jobOf(
  compare: CompareConfig,
  entry: MethodEntry,
  what: Pick<Job, "kind" | "point" | "seed">,
): Promise<Job> {
  const { kind, point, seed } = what;
  const own = [
    entry.settings,
    nested(point),
    { method: entry.method, seed, out: compare.out, overwrite: true, report: false },
  ];
  const merged = own.reduce((below, above) => overlay(below, above), compare.base);
  const parsed = parseConfig(merged, `methods, ${entry.name}`);
  const { judgeTrials } = compare;
  const isJudged =
    kind === "run" || (Array.isArray(judgeTrials) ? judgeTrials.includes(entry.name) : judgeTrials);
  const settings = isJudged ? parsed : validationAlone(parsed);
  const hash = await fingerprint(settings);
  const slug = kind === "run" ? `seed-${seed}` : slugOf(point);
  return {
    kind,
    method: entry.name,
    point,
    seed,
    label: kind === "run" ? `seed ${seed}` : describePoint(point),
    config: { ...settings, out: joinPath(compare.out, `${kind}s`, entry.name, `${slug}-${hash}`) },
  };
}

function validationAlone({ test: _, ...config }: Config): Config {
  return { ...config, shifts: {} };
}

/** `lr 0.0005, strength 1`. */
export function describePoint(point: Readonly<Record<string, unknown>>): string {
  return Object.entries(point)
    .map(([key, value]) => `${lastPart(key)} ${value}`)
    .join(", ");
}

function slugOf(point: Point): string {
  const parts = Object.entries(point).map(([key, value]) => `${lastPart(key)}-${value}`);
  return parts
    .join("_")
    .replace(/[^\w.+-]/g, "_")
    .slice(0, 80);
}

function lastPart(key: string): string {
  return key.slice(key.lastIndexOf(".") + 1);
}

/** Settings that leave the result as it is. */
const IDLE: readonly (keyof Config)[] = [
  "out",
  "overwrite",
  "report",
  "tensorboard",
  "csv",
  "checkpoint",
  "runtime",
];

/**
 * Eight hexadecimal digits that change with any setting that can change a result. Runs lie in folders that carry them:
 * other settings never meet the records of earlier ones.
 */
async function fingerprint(config: Config): Promise<string> {
  const telling = Object.entries(config).filter(([key]) => !IDLE.some((idle) => idle === key));
  const text = canonical(Object.fromEntries(telling));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest, 0, 4), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** JSON with the keys of every object in order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === "object" && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}

/** What lies in a job's folder: nothing to use, something to go on with, or a run that ended. */
export type JobState =
  | { readonly state: "new" | "resumable" }
  | { readonly state: "finished"; readonly summary: RunSummary };

/** @throws DataError if the folder holds a summary that cannot be read */
export async function stateOf(files: Files, job: Job): Promise<JobState> {
  const folder = job.config.out;
  const path = joinPath(folder, RUN_FILES.summary);
  const hasCheckpoint = (of: string) => files.exists(joinPath(of, RUN_FILES.checkpoint, "latest.json"));
  if (!(await files.exists(path))) {
    const isProbed = await hasCheckpoint(joinPath(folder, PROBE_FOLDER));
    return { state: isProbed ? "resumable" : "new" };
  }
  const summary = parseSummary(JSON.parse(await files.readText(path)), path);
  if (summary.status === "finished") return { state: "finished", summary };
  // What failed would fail again from its checkpoint.
  const canGoOn = summary.status !== "failed" && (await hasCheckpoint(folder));
  return { state: canGoOn ? "resumable" : "new" };
}
