import { ConfigError, ModelError } from "../errors.ts";
import { type AddNode, JoinedModel, type Part } from "../onnx/joined-model.ts";
import type { Model } from "../onnx/model.ts";
import type { Value } from "../onnx/value.ts";
import { dataTypes } from "../tensor/data-type.ts";
import { int64s, scalar, type Tensor } from "../tensor/tensor.ts";

/** The parts of a language model as Transformers.js has them, a file each. */
export interface LanguageModelParts {
  /** `pixel_values` to `image_features`, [B, N, D] or [B · N, D]; null for a model of texts alone. */
  readonly visionEncoder: Model | null;
  /** `input_ids` [B, T] to `inputs_embeds` [B, T, D]. */
  readonly tokenEmbedding: Model;
  /** `inputs_embeds` [B, T, D], and what decoders take beside, to `logits` [B, T, V]. */
  readonly decoder: Model;
}

/** Names of the parts: they stand before the names of weights, `vision_encoder/…`. */
export const PART_NAMES = {
  visionEncoder: "vision_encoder",
  tokenEmbedding: "embed_tokens",
  decoder: "decoder",
} as const;

/** The operators between the parts are the same in all versions of ai.onnx from 14 on, up to what comes after this. */
const OPSET = 17;

/**
 * Joins the parts of a language model to one graph from pixels and tokens to logits. The features of images stand in the
 * place of the embeddings of `imageToken`, the n-th of a batch's features at the n-th such token of the batch:
 *
 *     embeddings[p] = features[#{q ≤ p: ids[q] = imageToken} − 1]   where ids[p] = imageToken
 *
 * as `masked_scatter` of PyTorch puts them, and Transformers.js.
 *
 * @param imageToken `image_token_index` of the model's `config.json`; null where it has none
 * @throws ModelError if a part lacks its input or output, or widths do not fit; ConfigError if there are images and no
 *   token for them
 */
export function joinLanguageModel(
  { visionEncoder, tokenEmbedding, decoder }: LanguageModelParts,
  imageToken: number | null,
): JoinedModel {
  const part = (key: keyof typeof PART_NAMES, model: Model): Part => ({ name: PART_NAMES[key], model });
  const ids = inputOf(part("tokenEmbedding", tokenEmbedding), "input_ids");
  const embeds = outputOf(part("tokenEmbedding", tokenEmbedding), "inputs_embeds");
  const input = inputOf(part("decoder", decoder), "inputs_embeds");
  refuseEncoderDecoder(decoder);
  checkWidths(PART_NAMES.tokenEmbedding, embeds, input);
  const language = [part("tokenEmbedding", tokenEmbedding), part("decoder", decoder)];
  if (visionEncoder === null) {
    const between = ([embeddings]: readonly Value[]) => embeddings!; // one for the one output
    return new JoinedModel(language, { input, outputs: [embeds], between, opset: OPSET });
  }
  if (imageToken === null)
    throw new ConfigError(
      "config.json beside the model has no image_token_index (or image_token_id), so nothing says which tokens the image's features replace; add it",
    );
  const vision = part("visionEncoder", visionEncoder);
  const features = outputOf(vision, "image_features");
  checkWidths(vision.name, features, input);
  return new JoinedModel([vision, ...language], {
    input,
    outputs: [features, embeds],
    between: ([images, embeddings], add) =>
      putImages(
        { images: alike(images!, features, embeds, add), embeddings: embeddings!, ids, imageToken }, // one for each output
        add,
      ),
    opset: OPSET,
  });
}

function putImages(
  {
    images,
    embeddings,
    ids,
    imageToken,
  }: { images: Value; embeddings: Value; ids: Value; imageToken: number },
  add: AddNode,
): Value {
  const constant = (name: string, value: Tensor): Value => {
    const stored = add("Constant", [], { attributes: { value } });
    stored.name = `image_places/${name}`;
    return stored;
  };
  const dtype = ids.declared?.dtype === "int32" ? "int32" : "int64";
  const token = constant("token", scalar(dtype, imageToken));
  const isImage = add("Equal", [ids, token]);
  const flat = constant("flat", int64s([-1]));
  const flags = add("Reshape", [add("Cast", [isImage], { attributes: { to: dataTypes.int64.code } }), flat]);
  const count = add("CumSum", [flags, constant("first_axis", scalar("int64", 0))]);
  // Before the first image token the count is 0, and what is looked up there is not taken.
  const last = add("Sub", [count, constant("one", scalar("int64", 1))]);
  const order = add("Max", [last, constant("zero", scalar("int64", 0))]);
  const width = add("Slice", [
    add("Shape", [embeddings]),
    constant("two", int64s([2])),
    constant("three", int64s([3])),
  ]);
  const rows = add("Reshape", [images, add("Concat", [flat, width], { attributes: { axis: 0 } })]);
  const places = add("Reshape", [order, add("Shape", [ids])]);
  const spread = add("Gather", [rows, places], { attributes: { axis: 0 } });
  const mask = add("Reshape", [isImage, constant("each_token", int64s([0, 0, 1]))]);
  return add("Where", [mask, spread, embeddings]);
}

/** The features in the type of the embeddings, where their files differ in it. */
function alike(images: Value, features: Value, embeds: Value, add: AddNode): Value {
  const to = embeds.declared?.dtype;
  if (to === undefined || to === features.declared?.dtype) return images;
  return add("Cast", [images], { attributes: { to: dataTypes[to].code } });
}

function inputOf({ name, model }: Part, wanted: string): Value {
  const { inputs } = model.graph;
  const found = inputs.find((v) => v.name === wanted);
  if (found) return found;
  throw new ModelError(
    `${name} takes ${inputs.map((v) => v.name).join(", ")}; expected an input "${wanted}", as Transformers.js has it`,
  );
}

function outputOf({ name, model }: Part, wanted: string): Value {
  const { outputs } = model.graph;
  const found = outputs.find((v) => v.name === wanted) ?? (outputs.length === 1 ? outputs[0] : undefined);
  if (found) return found;
  throw new ModelError(
    `${name} gives ${outputs.map((v) => v.name).join(", ") || "nothing"}; expected an output "${wanted}", as Transformers.js has it`,
  );
}

function refuseEncoderDecoder({ graph }: Model): void {
  const states = graph.inputs.find((v) => /^encoder_/u.test(v.name));
  if (!states) return;
  throw new ModelError(
    `${PART_NAMES.decoder} takes "${states.name}": it goes with an encoder of texts; models of an encoder and a decoder are not trained in parts`,
  );
}

/** @throws ModelError if a part gives vectors of another width than the decoder takes, as far as the files say */
function checkWidths(part: string, output: Value, input: Value): void {
  const [given, taken] = [output.declared?.dims?.at(-1), input.declared?.dims?.at(-1)];
  if (typeof given !== "number" || typeof taken !== "number" || given === taken) return;
  throw new ModelError(
    `${part}: its output "${output.name}" is ${given} wide, and the decoder's "${input.name}" ${taken}; the files are not of one model`,
    { details: { part, expected: taken, got: given } },
  );
}
