// The thread that a training run is on: the terminal's own thread stays free for the bar and for Ctrl-C.
import { type FinetuneResult, finetune, resume } from "../finetune.ts";
import { nodeFiles } from "../platform/node-files.ts";
import { openRuntime } from "../runtime/runtime.ts";
import { serveWorker } from "../runtime/worker-serve.ts";
import type { TrainingEvent } from "../training/events.ts";
import type { TrainingRequest } from "./launch.ts";

await serveWorker<TrainingRequest, TrainingEvent, FinetuneResult>(
  async ({ story, config, command }, { emit, stopRequested }) => {
    const { prefer, threads } = config.runtime;
    const runtime = await openRuntime({
      prefer,
      ...(threads === undefined ? {} : { threads }),
      onMessage: (text) => emit({ kind: "note", text }),
    });
    const options = {
      files: nodeFiles,
      runtime,
      onEvent: emit,
      shouldStop: stopRequested,
      ...(command === undefined ? {} : { command }),
    };
    return story === "resume" ? resume(config, options) : finetune(config, options);
  },
);
