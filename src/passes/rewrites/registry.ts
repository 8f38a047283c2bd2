import { gelu } from "./gelu.ts";
import { layerNorm } from "./layer-norm.ts";
import { maskedAttention } from "./masked-attention.ts";
import type { Rewrite } from "./rewrite.ts";

/** Every form that lowering looks for. */
export const rewrites: readonly Rewrite[] = [gelu, layerNorm, maskedAttention];
