import { RunError } from "../errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { OrtApi, OrtSession, OrtSessionOptions, OrtTensor, OrtValueMetadata } from "./ort-api.ts";
import { copyInto, createTensorWrapper, dtypeOfOrt, fromOrtTensor } from "./ort-tensors.ts";
import { createRunCheck, type ValueInfo } from "./session-check.ts";
import { creationError, runError, uncarriedError } from "./session-errors.ts";

// Fatal only: what goes wrong reaches us as exceptions too, and printed as well would break into a progress bar.
const QUIET = { logSeverityLevel: 4 } as const;

/** A model as the bytes of its file, or as a path; by path the native runtime finds external data beside the file. */
export type ModelSource = Uint8Array | { readonly path: string };

export interface SessionOptions {
  /** What error messages call the model; the path, or "model", if not given. */
  readonly name?: string;
  /** How far ONNX Runtime rewrites the graph. Default "all". */
  readonly optimization?: "disabled" | "basic" | "extended" | "all";
  /** Threads inside one operator; the runtime's own setting if not given. */
  readonly threads?: number;
  /** Contents of external data files, by the location that the model names; not needed for a path on native. */
  readonly externalData?: ReadonlyMap<string, Uint8Array>;
  /** Plan memory from the first run. Default false: for training graphs it costs memory and a slow second step. */
  readonly memoryPattern?: boolean;
  /** Keep freed memory for the next run. Default true; false saves memory and costs up to 7 % of time. */
  readonly arena?: boolean;
  /** ONNX Runtime execution providers, most wanted first. Default: the CPU. */
  readonly providers?: readonly string[];
  /** Ask for kernels whose sums do not depend on the order of threads. Default false. */
  readonly deterministic?: boolean;
  /**
   * Whether threads that wait for the next operator keep their cores busy. Default true, which is fastest where nothing
   * else runs; false where other threads want the cores, such as those that decode images. Native alone heeds it.
   */
  readonly spinning?: boolean;
}

export interface RunOptions {
  /** The outputs to compute, all of the model's if not given. */
  readonly outputs?: readonly string[];
  /**
   * Tensors to be filled with outputs, by output name. Native: ONNX Runtime writes their memory itself, and one may be
   * the memory of an input (onnxruntime-node then copies each output once more, for a result that nobody reads).
   * WebAssembly: the result is copied into them.
   */
  readonly into?: ReadonlyMap<string, Tensor>;
}

/** A model that is ready to run. */
export interface Session {
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /**
   * Runs the model once. Native: blocks this thread until it ends, and reads feeds where they lie.
   *
   * @returns output name → tensor; for outputs named in `into`, the very tensor given there
   * @throws RunError if tensors do not fit the model (all problems in one error) or the run fails
   */
  run(feeds: ReadonlyMap<string, Tensor>, options?: RunOptions): Promise<Map<string, Tensor>>;
  /** Frees the session's memory; again is harmless. */
  release(): Promise<void>;
}

/** What sets one ONNX Runtime package apart from the other. */
export interface SessionBackend {
  readonly ort: OrtApi;
  /** Package and version, for messages. */
  readonly label: string;
  /** Whether ONNX Runtime reads and writes the memory of our tensors itself. */
  readonly inPlace: boolean;
  readonly defaultProviders: readonly string[];
}

/**
 * Opens a session of a model on one ONNX Runtime package.
 *
 * @throws UnsupportedOpError if the package has no kernel for a node
 * @throws ModelError if it refuses the model for another reason
 */
export async function openSession(
  backend: SessionBackend,
  model: ModelSource,
  options: SessionOptions = {},
): Promise<Session> {
  const name = options.name ?? (model instanceof Uint8Array ? "model" : model.path);
  let handle: OrtSession;
  try {
    const { InferenceSession } = backend.ort;
    const settings = ortOptions(backend, options);
    handle = await (model instanceof Uint8Array
      ? InferenceSession.create(model, settings)
      : InferenceSession.create(model.path, settings));
  } catch (cause) {
    throw creationError(name, backend.label, cause);
  }
  const dtype = [...handle.inputMetadata, ...handle.outputMetadata].map(foreignDtype).find((d) => d !== null);
  if (dtype) {
    await handle.release();
    throw uncarriedError(name, backend.label, dtype);
  }
  return sessionOver(backend, handle, name);
}

/** The dtype of an input or output that the binding opens, but cannot carry; null for all others. */
function foreignDtype(metadata: OrtValueMetadata): string | null {
  return metadata.isTensor && dtypeOfOrt(metadata.type) === null ? metadata.type : null;
}

function sessionOver(backend: SessionBackend, handle: OrtSession, name: string): Session {
  const inputs = handle.inputMetadata.map(valueInfo);
  const outputs = handle.outputMetadata.map(valueInfo);
  const everyOutput = outputs.map((o) => o.name);
  const check = createRunCheck(name, inputs, outputs);
  const wrapper = createTensorWrapper(backend.ort, backend.inPlace);
  let released = false;

  return {
    inputs,
    outputs,
    async run(feeds, { outputs: wanted = everyOutput, into = new Map() } = {}) {
      if (released) throw new RunError(`${name}: the session was released`);
      check({ feeds, outputs: wanted, into });
      // Objects without a prototype: a value may be called "constructor".
      const given: Record<string, OrtTensor> = Object.create(null);
      for (const [key, t] of feeds) given[key] = wrapper.wrap(`${name}: input "${key}"`, t);
      const fetches: Record<string, OrtTensor | null> = Object.create(null);
      for (const key of wanted) {
        const target = into.get(key);
        fetches[key] =
          target !== undefined && backend.inPlace ? wrapper.wrap(`${name}: output "${key}"`, target) : null;
      }
      let results: Readonly<Record<string, OrtTensor>>;
      try {
        results = await handle.run(given, fetches, QUIET);
      } catch (cause) {
        throw runError(name, backend.label, cause);
      }
      return collect(name, results, wanted, into, backend.inPlace);
    },
    async release() {
      if (released) return;
      released = true;
      await handle.release();
    },
  };
}

function collect(
  name: string,
  results: Readonly<Record<string, OrtTensor>>,
  wanted: readonly string[],
  into: ReadonlyMap<string, Tensor>,
  inPlace: boolean,
): Map<string, Tensor> {
  const out = new Map<string, Tensor>();
  for (const key of wanted) {
    const result = results[key];
    if (result === undefined) throw new RunError(`internal: ${name}: no result for output "${key}"`);
    const target = into.get(key);
    if (target === undefined) out.set(key, fromOrtTensor(`${name}: output "${key}"`, result));
    else {
      if (!inPlace) copyInto(`${name}: output "${key}"`, result, target);
      out.set(key, target);
    }
  }
  return out;
}

function ortOptions(backend: SessionBackend, options: SessionOptions): OrtSessionOptions {
  const { threads, externalData, deterministic, spinning } = options;
  const session = {
    ...(deterministic === true ? { use_deterministic_compute: "1" } : {}),
    ...(spinning === false && backend.inPlace ? { intra_op: { allow_spinning: "0" } } : {}),
  };
  return {
    executionProviders: [...(options.providers ?? backend.defaultProviders)],
    graphOptimizationLevel: options.optimization ?? "all",
    enableMemPattern: options.memoryPattern ?? false,
    enableCpuMemArena: options.arena ?? true,
    ...QUIET,
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    ...(externalData === undefined
      ? {}
      : { externalData: Array.from(externalData, ([path, data]) => ({ path, data })) }),
    ...(Object.keys(session).length > 0 ? { extra: { session } } : {}),
  };
}

function valueInfo(metadata: OrtValueMetadata): ValueInfo {
  if (!metadata.isTensor) return { name: metadata.name, dtype: null, dims: [] };
  return {
    name: metadata.name,
    dtype: dtypeOfOrt(metadata.type),
    dims: metadata.shape.map((d) => (d === "" ? null : d)),
  };
}
