import { ConfigError } from "../errors.ts";
import type { Model } from "../onnx/model.ts";
import type { TensorType } from "../onnx/type.ts";
import type { Value } from "../onnx/value.ts";
import { formatShape } from "../tensor/shape.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { gemm, openEnd } from "./graph-end.ts";
import type { NewHead } from "./new-head.ts";

export interface ZeroShotHeadOptions {
  /** The image's embedding, [B, D]. */
  readonly feature: Value;
  /** Its type for concrete input shapes. */
  readonly type: TensorType;
  /** float32 [C, D]: one embedding for each class, times the logit scale. */
  readonly weight: Tensor<"float32">;
}

/**
 * Replaces the model's outputs by a classifier made of texts: logits = W · x / ‖x‖ + 0, a linear head on the normalised
 * embedding, whose weights hold the scale as in WiSE-FT. Wortsman et al., CVPR 2022. https://arxiv.org/abs/2109.01903
 *
 * @throws ConfigError if the feature is no vector, or of another length than the classes' embeddings
 */
export function putZeroShotHead(model: Model, { feature, type, weight }: ZeroShotHeadOptions): NewHead {
  const [classes = 0, width = 0] = weight.dims;
  if (type.dims.length !== 2 || type.dims[1] !== width) {
    throw new ConfigError(
      `head.mode zero-shot: the image embedding "${feature.name}" has shape ${formatShape(type.dims)}, the texts' have ${width} numbers; ` +
        "both towers must end in their shared space (image_embeds and text_embeds). Name the value with --head.from.",
    );
  }
  const batch = model.graph.inputs[0]?.declared?.dims?.[0] ?? "batch";
  const end = openEnd(model, { feature, type });
  const unit = end.append("LpNormalization", [end.feature], "head_unit", { axis: 1, p: 2 });
  const parameters = [
    end.store(weight, "head.weight"),
    end.store(tensor("float32", [classes], new Float32Array(classes)), "head.bias"),
  ] as const;
  const logits = gemm(end, unit, ...parameters, "head");
  end.finish(logits, "logits", [batch, classes]);
  return { logits, parameters, pooled: "none, normalised" };
}
