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
/** A module that PEFT put an adapter around is its child of this name. */
const BASE_LAYER = /\.base_layer$/u;
/** A parameter's name up to what the module calls it. */
const PARAMETER = /^(.+)[./](?:weight|bias)(?:_\w+)?$/u;
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
  if (WEIGHT_SUFFIX.test(stored)) {
    const path = stored.replace(WEIGHT_SUFFIX, "").replace("/", ".").replace(BASE_LAYER, "");
    return { path, by: "parameter" };
  }
  const path = ANONYMOUS.test(stored) || stored === "" ? scopeOf(node) : null;
  return path === null
    ? { path: stored || node.name, by: "file" }
    : { path: path.replace(BASE_LAYER, ""), by: "scope" };
}

/** The path of the module that a node was in; null where the exporter did not write it, or it was in the outermost. */
export function scopeOf(node: Node): string | null {
  return scopeOfName(node) ?? scopeOfMetadata(node);
}

/** The path of the module whose weight or bias a stored tensor is, by its name; null for other names. */
export function parameterPath(stored: string): string | null {
  return stored.startsWith("/") ? null : (PARAMETER.exec(stored)?.[1]?.replace("/", ".") ?? null);
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
  // The first is the exported module, "", and the last the operator; nodes that the exporter made itself have neither.
  return scopes[0] === "" ? scopes.at(-2) || null : null;
}
