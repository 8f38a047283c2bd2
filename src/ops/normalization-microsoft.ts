import { float } from "../onnx/attribute.ts";
import type { Value } from "../onnx/value.ts";
import { defineComposite, LATEST, type LowerContext, type OpDef } from "./define.ts";

const MICROSOFT = "com.microsoft";

/** Normalisations of ONNX Runtime's own domain, as its optimizer writes them: sums that end in a layer norm. */
export const microsoftNormalizationOps: readonly OpDef[] = [
  /**
   * SkipLayerNormalization(input, skip, gamma, beta, bias): a layer norm of input + skip + bias, which is output 3.
   * ContribOperators.md, com.microsoft.SkipLayerNormalization
   */
  defineComposite({
    opType: "SkipLayerNormalization",
    domain: MICROSOFT,
    opsets: [1, LATEST],
    lower: (ctx) => {
      const sum = skipSum(ctx, 4);
      return [layerNorm(ctx, sum, ctx.input(2), ctx.optional(3)), null, null, sum];
    },
  }),
  /**
   * SkipSimplifiedLayerNormalization(input, skip, gamma, bias): an RMS norm of input + skip + bias, which is output 3.
   * ContribOperators.md, com.microsoft.SkipSimplifiedLayerNormalization
   */
  defineComposite({
    opType: "SkipSimplifiedLayerNormalization",
    domain: MICROSOFT,
    opsets: [1, LATEST],
    lower: (ctx) => {
      const sum = skipSum(ctx, 3);
      const y = ctx.b.op("SimplifiedLayerNormalization", [sum, ctx.input(2)], attributesOf(ctx));
      return [y, null, null, sum];
    },
  }),
  /**
   * EmbedLayerNormalization(input_ids [B, S], segment_ids, word, position and segment tables, gamma, beta, mask,
   * position_ids): a layer norm of the sum of embeddings, which is output 2; output 1 counts each row of the mask.
   * ContribOperators.md, com.microsoft.EmbedLayerNormalization
   */
  defineComposite({
    opType: "EmbedLayerNormalization",
    domain: MICROSOFT,
    opsets: [1, LATEST],
    lower: (ctx) => {
      const { node, input } = ctx;
      const sum = embeddingSum(ctx);
      const y = layerNorm(ctx, sum, input(5), input(6));
      return [y, node.hasOutput(1) ? maskCounts(ctx) : null, sum];
    },
  }),
];

function attributesOf({ node }: LowerContext): { axis: number; epsilon: ReturnType<typeof float> } {
  return { axis: -1, epsilon: float(node.float("epsilon", 1e-12)) };
}

function layerNorm(ctx: LowerContext, x: Value, gamma: Value, beta: Value | null): Value {
  return ctx.b.op("LayerNormalization", beta ? [x, gamma, beta] : [x, gamma], attributesOf(ctx));
}

/** input + skip, plus the bias at input `bias` if there is one. */
function skipSum({ b, input, optional }: LowerContext, bias: number): Value {
  const sum = b.add(input(0), input(1));
  const vector = optional(bias);
  return vector ? b.add(sum, vector) : sum;
}

function embeddingSum({ b, input, optional }: LowerContext): Value {
  const ids = input(0);
  const rows = (table: Value, at: Value) => b.op("Gather", [table, at], { axis: 0 });
  const positions = optional(8);
  // Without position ids, token s of each sequence is at position s.
  const places = positions
    ? rows(input(3), positions)
    : b.slice(input(3), { starts: [0], ends: [ids.dims[1]!], axes: [0] });
  const sum = b.add(rows(input(2), ids), places);
  const segments = optional(1);
  const table = optional(4);
  return segments && table ? b.add(sum, rows(table, segments)) : sum;
}

/** int32 [B]: how many tokens of each sequence the mask keeps; 0 without a mask. */
function maskCounts({ b, input, optional }: LowerContext): Value {
  const mask = optional(7);
  return mask ? b.reduceSum(mask, [1], false) : b.full([input(0).dims[0]!], 0, "int32");
}
