import { ModelError } from "../errors.ts";
import { appenderOf, reduce } from "../heads/graph-end.ts";
import type { Model } from "../onnx/model.ts";
import type { Value } from "../onnx/value.ts";
import { inFloat32 } from "../tensor/half-tensor.ts";
import { sizeOf } from "../tensor/shape.ts";
import { int64s } from "../tensor/tensor.ts";

/** Where no file tells the scale: what CLIP trained to. */
const USUAL_SCALE = 100;

/** The embeddings that the two towers of a model give, [B, D] each. */
export interface Towers {
  readonly image: Value;
  readonly text: Value;
}

/** @throws ModelError if the model has no output of image embeddings beside one of text embeddings */
export function findTowers({ graph }: Model): Towers {
  const find = (what: RegExp) => graph.outputs.find((v) => what.test(v.name));
  const [image, text] = [find(/(image|vision).*emb/iu), find(/text.*emb/iu)];
  if (image && text) return { image, text };
  throw new ModelError(
    `task contrastive reads two outputs [batch, D], named like image_embeds and text_embeds; the model gives ${graph.outputs.map((v) => v.name).join(", ")}. Export a CLIP with both towers in one file.`,
  );
}

/** The stored scalar that CLIP keeps the logarithm of its scale in; null if it was folded away. */
function logScale({ graph }: Model): Value | null {
  const value = graph.initializers.find((v) => /(^|[./])logit_scale$/u.test(v.name));
  return value?.constant && sizeOf(value.constant.dims) === 1 ? value : null;
}

/** What similarities are multiplied by: e to the stored scalar `logit_scale`, or CLIP's 100 where no file tells it. */
export function scaleOf(model: Model): number {
  const held = logScale(model)?.constant;
  return held ? Math.exp(Number(inFloat32(held).data[0])) : USUAL_SCALE;
}

/**
 * Appends nodes that put both embeddings side by side, float32 [B, 2, D]: units, the image's times the scale, which is
 * trained with the rest where the model stores it.
 */
export function embeddingPair(model: Model, { image, text }: Towers): Value {
  const at = appenderOf(model);
  const unit = (v: Value) => {
    const sum = reduce(at, "ReduceSum", at.append("Mul", [v, v], "pair_square"), { axis: 1, keepdims: 1 });
    return at.append("Div", [v, at.append("Sqrt", [sum], "pair_norm")], "pair_unit");
  };
  const stored = logScale(model);
  const scale = stored ? at.append("Exp", [stored], "pair_scale") : at.scalar(USUAL_SCALE, "pair.scale");
  const axis = at.opset >= 13 ? at.store(int64s([1]), "pair.axis") : null;
  const row = (v: Value) =>
    axis
      ? at.append("Unsqueeze", [v, axis], "pair_row")
      : at.append("Unsqueeze", [v], "pair_row", { axes: [1] });
  const rows = [row(at.append("Mul", [unit(image), scale], "pair_scaled")), row(unit(text))];
  const pair = at.append("Concat", rows, "pair", { axis: 1 });
  const [batch = "batch", width = null] = image.declared?.dims ?? [];
  pair.declared = { dtype: "float32", dims: [batch, 2, width] };
  return pair;
}
