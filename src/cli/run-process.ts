// The process that one run of a comparison, or one walk, is on: its memory is its own, and its end ends nothing else.
import type { Trained } from "../compare/run-methods.ts";
import { finetune, resume } from "../finetune.ts";
import { nodeFiles } from "../platform/node-files.ts";
import { serveProcess } from "../runtime/process-serve.ts";
import { openRuntime } from "../runtime/runtime.ts";
import type { TrainingEvent } from "../training/events.ts";
import { interpolateRun } from "../training/interpolate.ts";
import type { TrainingRequest } from "./launch.ts";

/** What such a process is asked for. */
export type ProcessRequest =
  | TrainingRequest
  | {
      readonly story: "interpolate";
      readonly run: string;
      readonly from?: string;
      readonly shares?: readonly number[];
      readonly threads: number;
    };

serveProcess<ProcessRequest, TrainingEvent, Trained | null>(async (request, { emit, stopRequested }) => {
  if (request.story === "interpolate") {
    const { run, story: _, threads, ...rest } = request;
    const runtime = await openRuntime({ threads });
    await interpolateRun(run, { files: nodeFiles, runtime, ...rest });
    return null;
  }
  const { story, config } = request;
  const { prefer, threads } = config.runtime;
  const runtime = await openRuntime({ prefer, ...(threads === undefined ? {} : { threads }) });
  const options = { files: nodeFiles, runtime, onEvent: emit, shouldStop: stopRequested };
  const { summary } = await (story === "resume" ? resume(config, options) : finetune(config, options));
  return { summary, peakMemoryBytes: process.resourceUsage().maxRSS * 1024 };
});
