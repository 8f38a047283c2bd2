import { availableParallelism, freemem } from "node:os";
import type { Files } from "../platform/files.ts";

/** How many runs go at once, and with how many threads each. */
export interface Concurrency {
  readonly jobs: number;
  readonly threads: number;
}

/** A run's memory beside what grows with the model: the process, the data, the work space of the operators. */
const BASE_BYTES = 800e6;
/** Copies of the weights: parameter, gradient, two moments, anchor, kept values, the file read, written and checked. */
const COPIES = 10;

/**
 * One run per core, as far as memory goes: two runs on a core each are done sooner than two runs after one another on
 * two, since not all of a step is shared out among threads.
 *
 * @param asked jobs that the user asks for
 */
export async function chooseConcurrency(
  files: Files,
  options: { readonly model: string; readonly asked?: number },
): Promise<Concurrency> {
  const cores = availableParallelism();
  const perRun = BASE_BYTES + COPIES * (await sizeOf(files, options.model));
  const fitting = Math.max(1, Math.floor((0.85 * freemem()) / perRun));
  const jobs = options.asked ?? Math.min(cores, fitting);
  return { jobs, threads: Math.max(1, Math.floor(cores / jobs)) };
}

/** Bytes of a model: of its file, or of all files of its folder. */
async function sizeOf(files: Files, path: string): Promise<number> {
  const stat = await files.stat(path);
  if (stat?.kind !== "folder") return stat?.bytes ?? 0;
  let sum = 0;
  for (const { name } of await files.list(path)) sum += await sizeOf(files, `${path}/${name}`);
  return sum;
}
