import { messageOf, RunError } from "../errors.ts";
import { installLines, type PackageImporter } from "../platform/optional-package.ts";
import { openNative } from "./onnxruntime-node.ts";
import { openWasm } from "./onnxruntime-web.ts";
import {
  type ModelSource,
  openSession,
  type Session,
  type SessionBackend,
  type SessionOptions,
} from "./session.ts";

export interface RuntimeOptions {
  /** "auto" (default): native where it loads, else WebAssembly with a message. The others insist. */
  readonly prefer?: "auto" | "native" | "wasm";
  /** Threads inside one operator, for every session that does not say otherwise. Default: ONNX Runtime decides. */
  readonly threads?: number;
  /** Receives one sentence when the choice is not the first one. */
  readonly onMessage?: (message: string) => void;
  /** How optional packages are imported. */
  readonly importer?: PackageImporter;
}

/** ONNX Runtime, loaded. */
export interface Runtime {
  readonly kind: "native" | "wasm";
  /** Package and version, such as "onnxruntime-node 1.30.0". */
  readonly label: string;
  /**
   * Opens a session of a model.
   *
   * @throws UnsupportedOpError if ONNX Runtime has no kernel for a node
   * @throws ModelError if it refuses the model for another reason
   */
  createSession(model: ModelSource, options?: SessionOptions): Promise<Session>;
}

/**
 * Loads ONNX Runtime: the native package, or the WebAssembly one where that is missing or asked for.
 *
 * @throws RunError with the install line if the package asked for, or with "auto" both, cannot be loaded
 */
export async function openRuntime(options: RuntimeOptions = {}): Promise<Runtime> {
  const { prefer = "auto", threads, onMessage, importer } = options;
  if (prefer === "native") return runtimeOver("native", await openNative(importer), threads);
  if (prefer === "wasm") return runtimeOver("wasm", await openWasm(threads, importer), threads);
  let missing: unknown;
  try {
    return runtimeOver("native", await openNative(importer), threads);
  } catch (error) {
    missing = error;
  }
  try {
    const runtime = runtimeOver("wasm", await openWasm(threads, importer), threads);
    onMessage?.(`${messageOf(missing)} Meanwhile ${runtime.label} runs the model, several times slower.`);
    return runtime;
  } catch (cause) {
    throw new RunError(
      `No ONNX Runtime can be loaded. ${messageOf(missing)}\n  ${messageOf(cause)}\n` +
        `  Most machines want the first: ${installLines["onnxruntime-node"]}`,
      { cause, details: { install: installLines["onnxruntime-node"] } },
    );
  }
}

function runtimeOver(kind: Runtime["kind"], backend: SessionBackend, threads: number | undefined): Runtime {
  return {
    kind,
    label: backend.label,
    createSession: (model, options = {}) =>
      openSession(backend, model, threads === undefined ? options : { threads, ...options }),
  };
}
