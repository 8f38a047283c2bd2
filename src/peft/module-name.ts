import type { Node } from "../onnx/node.ts";

/** How the path of a module was found. */
export type NamedBy =
  /** The exporter kept the parameter's name: `encoder.layer.0.attention.self.query.weight`. */
  | "parameter"
  /** The exporter named the node by its scope: `/encoder/layer.0/attention/self/query/MatMul`. */
  | "scope"
  /** Neither is there: the stored tensor's name in the file stands for the module. */
  | "file";

export interface ModuleName {
  /** Path as PyTorch's `named_modules()` has it, such as `encoder.layer.0.attention.self.query`. */
  readonly path: string;
  readonly by: NamedBy;
}

/**
 * Names that exporters give to tensors that had none: TorchScript's `onnx::MatMul_12`, `12`, dynamo's `val_12`. In a model
 * joined of several the part stands before them: `decoder/onnx::MatMul_12`.
 */
const ANONYMOUS = /^(?:.*\/)?(onnx::\w+|\d+|_?val_\d+|t_\d+|transpose\w*)$/u;
/** The end of a weight's name, and what quantisers put behind it. */
const WEIGHT_SUFFIX = /[./]weight(_quantized|_Q\d+\w*|_transposed|_fp16)?$/u;
const SCOPES = "pkg.torch.onnx.name_scopes";

/**
 * The path of the PyTorch module that a node was, which is what PEFT's files name adapters by.
 *
 * A weight's own name says it best; TorchScript's exporter renames weights that it transposes, but keeps the module's
 * scope in the node's name; PyTorch's newer one keeps it in the node's metadata.
 *
 * @param stored name of the weight in the file
 */
export function moduleNameOf(node: Node, stored: string): ModuleName {
  if (WEIGHT_SUFFIX.test(stored))
    return { path: stored.replace(WEIGHT_SUFFIX, "").replace("/", "."), by: "parameter" };
  const path = ANONYMOUS.test(stored) || stored === "" ? (scopeOfName(node) ?? scopeOfMetadata(node)) : null;
  return path === null ? { path: stored || node.name, by: "file" } : { path, by: "scope" };
}

/** `/layer1/layer1.0/fc/MatMul_1` is `layer1.0.fc`: a called container's name stands again in its children's. */
function scopeOfName({ name, opType }: Node): string | null {
  const parts = name.split("/").filter((part) => part !== "");
  const last = parts.pop();
  if (parts.length === 0 || !name.startsWith("/") || !isOperator(last, opType)) return null;
  return parts.filter((part, i) => !parts[i + 1]?.startsWith(`${part}.`)).join(".");
}

/** Whether the last part of a node's name is its operator; quantisers keep that of the node they replace. */
function isOperator(part: string | undefined, opType: string): boolean {
  const operators = opType === "MatMulNBits" ? ["MatMul", "Gemm"] : [opType];
  return operators.some((name) => part === name || part?.startsWith(`${name}_`));
}

function scopeOfMetadata(node: Node): string | null {
  const text = node.origin?.metadataProps.find((p) => p.key === SCOPES)?.value ?? "";
  const scopes = [...text.matchAll(/'([^']*)'/gu)].map((m) => m[1] ?? "");
  return scopes.at(-2) || null; // the last one is the operator's
}
