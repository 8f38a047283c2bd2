import { ConfigError } from "../errors.ts";
import { JoinedModel } from "../onnx/joined-model.ts";
import type { Model } from "../onnx/model.ts";
import type { Evaluate } from "../passes/constant-region.ts";
import { lower } from "../passes/lower.ts";
import { PART_NAMES } from "../passes/vision-language.ts";
import { sizeOf } from "../tensor/shape.ts";
import { imageTokensOf } from "./language-parts.ts";
import type { ModelSource } from "./model-source.ts";
import type { BatchShapes } from "./training-graphs.ts";

/**
 * Checks that as many tokens stand for an image as the vision encoder of a model in parts gives features for one. In a
 * graph nothing would notice: features of one image would stand in the text of another.
 *
 * @throws ConfigError that names both counts
 */
export async function checkImageTokens(
  model: Model,
  {
    source,
    shapes,
    evaluate,
  }: { readonly source: ModelSource; readonly shapes: BatchShapes; readonly evaluate: Evaluate },
): Promise<void> {
  if (!(model instanceof JoinedModel)) return;
  const at = model.parts.findIndex((part) => part.name === PART_NAMES.visionEncoder);
  const [vision, output] = [model.parts[at]?.model, model.joined[at]];
  const batch = [...shapes.values()][0]?.[0];
  if (!vision || !output || !batch) return;
  const types = await lower(vision, {
    inputShapes: shapes,
    parameters: [],
    evaluate,
    keepHalves: true,
  });
  const features = types.valueOf.get(output);
  const tokens = imageTokensOf(source).length;
  const given = features && sizeOf(features.dims.slice(0, -1)) / batch;
  if (given === undefined || given === tokens) return;
  throw new ConfigError(
    `${source.folder}: ${tokens} tokens stand for an image, and the vision encoder gives ${given} features for one; ` +
      `set image_seq_length of preprocessor_config.json to ${given}`,
    { details: { tokens, features: given } },
  );
}
