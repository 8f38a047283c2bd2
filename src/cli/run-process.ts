// The process that one run of a comparison is on: its memory is its own, and its end ends nothing else.
import type { Trained } from "../compare/run-methods.ts";
import { finetune, resume } from "../finetune.ts";
import { nodeFiles } from "../platform/node-files.ts";
import { serveProcess } from "../runtime/process-serve.ts";
import { openRuntime } from "../runtime/runtime.ts";
import type { TrainingEvent } from "../training/events.ts";
import type { TrainingRequest } from "./launch.ts";

serveProcess<TrainingRequest, TrainingEvent, Trained>(async ({ story, config }, { emit, stopRequested }) => {
  const { prefer, threads } = config.runtime;
  const runtime = await openRuntime({ prefer, ...(threads === undefined ? {} : { threads }) });
  const options = { files: nodeFiles, runtime, onEvent: emit, shouldStop: stopRequested };
  const { summary } = await (story === "resume" ? resume(config, options) : finetune(config, options));
  return { summary, peakMemoryBytes: process.resourceUsage().maxRSS * 1024 };
});
