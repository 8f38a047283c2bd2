import { configKeys } from "../config/parse.ts";
import type { Files } from "../platform/files.ts";
import { basename, dirname, joinPath } from "../platform/paths.ts";
import type { Json } from "../run/records.ts";
import { readRun } from "../run/run-reader.ts";
import type { Job } from "./job.ts";

const HASH = /-[0-9a-f]{8}$/;
/** Settings that differ by nature, or change no result. */
const IDLE = /^(out|overwrite|report|tensorboard|csv|checkpoint\.|runtime\.)/;
const MOST = 6;

/**
 * What sets a job apart from a finished run that would be its own, had the settings not changed since:
 * `optimizer.lr 0.001 → 0.01`. Null if there is no such run.
 */
export async function changesSince(files: Files, job: Job): Promise<string | null> {
  const { out } = job.config;
  const [folder, name] = [dirname(out), basename(out)];
  if (!(await files.exists(folder))) return null;
  const plain = name.replace(HASH, "");
  for (const { name: other } of await files.list(folder)) {
    if (other === name || !HASH.test(other) || other.replace(HASH, "") !== plain) continue;
    const path = joinPath(folder, other);
    if (!(await files.exists(joinPath(path, "summary.json")))) continue;
    const { summary, config } = await readRun(files, path);
    if (summary.status === "finished") return differences(config, job);
  }
  return null;
}

function differences(before: Json, job: Job): string {
  const after = JSON.parse(JSON.stringify(job.config)) as Json; // a parsed configuration holds JSON alone
  const changed = configKeys()
    .filter((key) => !IDLE.test(key))
    .map((key) => ({ key, old: shown(before, key), now: shown(after, key) }))
    .filter(({ old, now }) => old !== now)
    .map(({ key, old, now }) => `${key} ${old} → ${now}`);
  const more = changed.length > MOST ? ` and ${changed.length - MOST} more` : "";
  return changed.slice(0, MOST).join(", ") + more;
}

function shown(config: Json, key: string): string {
  let value: Json | undefined = config;
  for (const part of key.split(".")) value = isObject(value) ? value[part] : undefined;
  return value === undefined ? "left out" : JSON.stringify(value);
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
