import { loadOptional, type PackageImporter } from "../platform/optional-package.ts";
import type { OrtApi } from "./ort-api.ts";
import type { SessionBackend } from "./session.ts";

/**
 * ONNX Runtime's WebAssembly build, for machines without a native one. It copies inputs into its own memory and results
 * out of it at every run. Its full reductions sum naively in float32: reduce in two stages where that matters.
 *
 * @param threads of every session; the package reads it once, before its first session
 * @throws RunError if the package is missing or does not load
 */
export async function openWasm(
  threads: number | undefined,
  importer?: PackageImporter,
): Promise<SessionBackend> {
  // The package of this name has this type.
  const loaded = (await loadOptional("onnxruntime-web", importer)) as OnnxRuntimeWeb;
  if (threads !== undefined) loaded.env.wasm.numThreads = threads;
  return {
    ort: loaded,
    label: `onnxruntime-web ${loaded.env.versions.web ?? loaded.env.versions.common}`,
    inPlace: false,
    defaultProviders: ["wasm"],
  };
}

interface OnnxRuntimeWeb extends OrtApi {
  readonly env: {
    readonly wasm: { numThreads?: number };
    readonly versions: { readonly common: string; readonly web?: string };
  };
}
