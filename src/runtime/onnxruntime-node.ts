import { loadOptional, type PackageImporter } from "../platform/optional-package.ts";
import type { OrtApi } from "./ort-api.ts";
import type { SessionBackend } from "./session.ts";

/**
 * ONNX Runtime's native build for Node. It reads inputs and writes preallocated outputs where they lie, in any unshared
 * buffer (also of a WebAssembly.Memory), and blocks the calling thread during a run.
 *
 * @throws RunError if the package is missing or has no build for this machine
 */
export async function openNative(importer?: PackageImporter): Promise<SessionBackend> {
  // The package of this name has this type.
  const loaded = (await loadOptional("onnxruntime-node", importer)) as OnnxRuntimeNode;
  return {
    ort: loaded,
    label: `onnxruntime-node ${loaded.env.versions.node ?? loaded.env.versions.common}`,
    inPlace: true,
    defaultProviders: ["cpu"],
  };
}

interface OnnxRuntimeNode extends OrtApi {
  readonly env: { readonly versions: { readonly common: string; readonly node?: string } };
}
