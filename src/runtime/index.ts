/** `holdfast/runtime`: ONNX Runtime sessions over our tensors, stories in worker threads, and what a machine can run. */

export type { OptionalPackage, PackageImporter } from "../platform/optional-package.ts";
export { describeMachine, type MachineFacts, type PackageFacts } from "./describe.ts";
export { openRuntime, type Runtime, type RuntimeOptions } from "./runtime.ts";
export type { ModelSource, RunOptions, Session, SessionOptions } from "./session.ts";
export type { ValueInfo } from "./session-check.ts";
export { type HostOptions, hostInWorker, type WorkerRun } from "./worker-host.ts";
export { serveWorker, type WorkerContext } from "./worker-serve.ts";
