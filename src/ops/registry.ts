import { UnsupportedOpError } from "../errors.ts";
import type { Graph } from "../onnx/graph.ts";
import type { Node } from "../onnx/node.ts";
import type { TensorType } from "../onnx/type.ts";
import { activationOps } from "./activation.ts";
import { fusedActivationOps } from "./activation-fused.ts";
import { arithmeticOps } from "./arithmetic.ts";
import { attentionOps } from "./attention.ts";
import { blockQuantizedOps } from "./block-quantized.ts";
import { castingOps } from "./casting.ts";
import { comparisonOps } from "./comparison.ts";
import { constantOps } from "./constants.ts";
import { controlFlowOps } from "./control-flow.ts";
import { convOps } from "./conv.ts";
import { convTransposeOps } from "./conv-transpose.ts";
import { cumulativeOps } from "./cumulative.ts";
import { InferContext, isComposite, type OpDef } from "./define.ts";
import { deformConvOps } from "./deform-conv.ts";
import { depthSpaceOps } from "./depth-space.ts";
import { determinantOps } from "./determinant.ts";
import { einsumOps } from "./einsum.ts";
import { fourierOps } from "./fourier.ts";
import { fusedAttentionOps } from "./fused-attention.ts";
import { fusedProductOps } from "./fused-products.ts";
import { gemmOps } from "./gemm.ts";
import { generatorOps } from "./generator.ts";
import { gridSampleOps } from "./grid-sample.ts";
import { groupQueryAttentionOps } from "./group-query-attention.ts";
import { indexingOps } from "./indexing.ts";
import { lossOps } from "./loss.ts";
import { matmulOps } from "./matmul.ts";
import { microsoftAliasOps } from "./microsoft-aliases.ts";
import { normPoolingOps } from "./norm-pooling.ts";
import { normalizationOps } from "./normalization.ts";
import { compositeNormalizationOps } from "./normalization-composite.ts";
import { microsoftNormalizationOps } from "./normalization-microsoft.ts";
import { OpBuilder } from "./op-builder.ts";
import { paddingOps } from "./padding.ts";
import { poolingOps } from "./pooling.ts";
import { quantizationOps } from "./quantization.ts";
import { quantizedProductOps } from "./quantized-products.ts";
import { randomOps } from "./random.ts";
import { recurrentOps } from "./recurrent.ts";
import { reductionOps } from "./reduction.ts";
import { refusedOps } from "./refused.ts";
import { resizeOps } from "./resize.ts";
import { rotaryOps } from "./rotary.ts";
import { scatteringOps } from "./scattering.ts";
import { selectionOps } from "./selection.ts";
import { sequenceOps } from "./sequence.ts";
import { shapeQueryOps } from "./shape-query.ts";
import { signalTableOps } from "./signal-tables.ts";
import { slicingOps } from "./slicing.ts";
import { softmaxOps } from "./softmax.ts";
import { stringOps } from "./strings.ts";
import { structureOps } from "./structure.ts";
import { unaryOps } from "./unary.ts";
import { unpoolingOps } from "./unpooling.ts";

/** Every operator record, family by family. */
export const allOps: readonly OpDef[] = [
  ...activationOps,
  ...fusedActivationOps,
  ...arithmeticOps,
  ...attentionOps,
  ...blockQuantizedOps,
  ...castingOps,
  ...comparisonOps,
  ...constantOps,
  ...controlFlowOps,
  ...convOps,
  ...deformConvOps,
  ...depthSpaceOps,
  ...convTransposeOps,
  ...einsumOps,
  ...fusedAttentionOps,
  ...fusedProductOps,
  ...gemmOps,
  ...cumulativeOps,
  ...generatorOps,
  ...gridSampleOps,
  ...groupQueryAttentionOps,
  ...indexingOps,
  ...lossOps,
  ...matmulOps,
  ...normPoolingOps,
  ...normalizationOps,
  ...compositeNormalizationOps,
  ...microsoftNormalizationOps,
  ...paddingOps,
  ...poolingOps,
  ...quantizedProductOps,
  ...quantizationOps,
  ...randomOps,
  ...recurrentOps,
  ...reductionOps,
  ...resizeOps,
  ...rotaryOps,
  ...scatteringOps,
  ...selectionOps,
  ...sequenceOps,
  ...shapeQueryOps,
  ...slicingOps,
  ...softmaxOps,
  ...structureOps,
  ...unpoolingOps,
  ...unaryOps,
  ...signalTableOps,
  ...determinantOps,
  ...stringOps,
  ...refusedOps,
  ...microsoftAliasOps,
  ...fourierOps,
];

const byName: ReadonlyMap<string, readonly OpDef[]> = groupByName(allOps);

function groupByName(defs: readonly OpDef[]): Map<string, OpDef[]> {
  const groups = new Map<string, OpDef[]>();
  for (const def of defs) {
    const key = keyOf(def.domain ?? "", def.opType);
    groups.set(key, [...(groups.get(key) ?? []), def]);
  }
  return groups;
}

function keyOf(domain: string, opType: string): string {
  return `${domain}:${opType}`;
}

/** The record of an operator at a version of its operator set, or null if there is none. */
export function findOp(domain: string, opType: string, opset: number): OpDef | null {
  const defs = byName.get(keyOf(domain, opType)) ?? [];
  return defs.find((def) => def.opsets[0] <= opset && opset <= def.opsets[1]) ?? null;
}

/**
 * The record of a node's operator.
 *
 * @param imported the version that the model imports, where it is not `opset`: other domains have one version here
 * @throws UnsupportedOpError if there is none
 */
export function opOf(node: Node, opset: number, imported = opset): OpDef {
  return findOp(node.domain, node.opType, opset) ?? unknownOp(node, imported);
}

const LAID_OUT =
  "ONNX Runtime laid the file out for one kind of processor. Start from the file before that, or have it write one " +
  'at the optimization level "extended".';

/** What to do about operators of domains that no exporter writes. */
const remedies: Readonly<Record<string, string>> = {
  "com.microsoft.nchwc": LAID_OUT,
  "com.ms.internal.nhwc": LAID_OUT,
};

function unknownOp(node: Node, opset: number): never {
  const versions = byName.get(keyOf(node.domain, node.opType)) ?? [];
  const why =
    versions.length > 0
      ? `Holdfast knows its versions ${versions.map((d) => d.opsets.join("–")).join(", ")}`
      : "Holdfast has no record of this operator";
  const remedy =
    remedies[node.domain] ??
    "Export the model with standard operators, or cut it before this node with --head.from.";
  throw new UnsupportedOpError(
    `${node.describe()} (domain ${node.domain || "ai.onnx"}, opset ${opset}): ${why}. ${remedy}`,
    { details: { node: node.name, opType: node.opType, domain: node.domain, opset } },
  );
}

/** Output types of a node of a lowered graph. @throws UnsupportedOpError if the operator is unknown or must be lowered first */
function inferTypes(node: Node, opset: number): readonly TensorType[] {
  // Operators outside ai.onnx have one version in practice; their records start at 1.
  const def = opOf(node, node.domain === "" ? opset : 1);
  if (isComposite(def)) {
    throw new UnsupportedOpError(
      `internal: ${node.describe()} (opset ${opset}) must be lowered before it is typed`,
    );
  }
  return def.infer(new InferContext(node, opset));
}

/** A builder that types nodes by the registry. */
export function createOpBuilder(graph: Graph, opset: number, onNode?: (node: Node) => void): OpBuilder {
  return new OpBuilder(graph, { opset, infer: inferTypes, ...(onNode ? { onNode } : {}) });
}
