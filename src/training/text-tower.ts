import type { Text } from "../data/dataset.ts";
import { fittingTokenizer } from "../data/preprocess/fitting-tokenizer.ts";
import { preprocessingFor } from "../data/preprocess/preprocessing-for.ts";
import { createPreprocessor } from "../data/preprocess/preprocessor.ts";
import type { Tokenizer } from "../data/preprocess/tokenizer.ts";
import { ModelError } from "../errors.ts";
import { cutAt } from "../onnx/edit.ts";
import { encodeModel } from "../onnx/encode.ts";
import type { Model } from "../onnx/model.ts";
import type { Value } from "../onnx/value.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { modelInputs } from "./input-shapes.ts";
import { vocabularyOf } from "./language-graph.ts";
import { runInFloat32 } from "./run-in-float32.ts";

/** Texts at a time, where the model leaves it open. */
const BATCH_SIZE = 32;
/** CLIP's own, where neither model nor tokenizer says how many tokens it takes. */
const USUAL_LENGTH = 77;
/** Texts are filled up to a multiple of this, where a mask tells the model what is filled up. */
const LENGTH_STEP = 8;

/**
 * One vector for each text, float32 [N, D]: what the model gives as `text_embeds`, or as its first output of a vector
 * for each text. The model is cut at it; inputs that it does not need, such as the images of a whole CLIP, go.
 *
 * @param path what messages call the model
 * @throws ModelError if no output is such a vector; ConfigError if its inputs take no texts, or the tokenizer gives tokens
 *   that it has no embeddings of
 */
export async function embedTexts(
  texts: readonly string[],
  { model, path, tokenizer, runtime }: { model: Model; path: string; tokenizer: Tokenizer; runtime: Runtime },
): Promise<Tensor<"float32">> {
  const output = textEmbedding(model, path);
  const vocabulary = vocabularyOf(model);
  cutAt(model.graph, [output]);
  const { inputs, batchSize } = modelInputs(model);
  const hasMask = inputs.some((input) => /mask/iu.test(input.name));
  const preprocessing = preprocessingFor("text", inputs, {
    usualLength: tokenizer.maxLength ?? USUAL_LENGTH,
    ...(hasMask ? { lengthStep: LENGTH_STEP } : {}),
  });
  const preprocessor = createPreprocessor(preprocessing, fittingTokenizer(tokenizer, vocabulary));
  const size = batchSize ?? Math.min(BATCH_SIZE, texts.length);
  const session = await runtime.createSession(encodeModel(model), { name: path });
  const rows: Float32Array[] = [];
  try {
    for (let start = 0; start < texts.length; start += size) {
      const buffer = preprocessor.buffer("", size);
      const batch = texts.slice(start, start + size);
      for (const [row, text] of batch.entries()) {
        const sample: Text = { kind: "text", text };
        buffer.write(preprocessor.prepare(sample), row);
      }
      const out = (await runInFloat32(session, buffer.inputs(batch.length), [output.name])).get(output.name);
      rows.push(...rowsOf(out, { count: batch.length, path, name: output.name }));
    }
  } finally {
    await session.release();
  }
  const width = rows[0]?.length ?? 0;
  const data = new Float32Array(rows.length * width);
  for (const [i, row] of rows.entries()) data.set(row, i * width);
  return tensor("float32", [rows.length, width], data);
}

function textEmbedding(model: Model, path: string): Value {
  const { outputs } = model.graph;
  const named = outputs.find((v) => v.name === "text_embeds");
  const found = named ?? outputs.find((v) => v.declared?.dims?.length === 2);
  if (found) return found;
  const listed = outputs.map((v) => `${v.name} [${v.declared?.dims?.join(", ") ?? "?"}]`).join(", ");
  throw new ModelError(
    `${path}: no output is one vector for each text, such as text_embeds [batch, D]; its outputs are ${listed}`,
  );
}

function rowsOf(
  out: Tensor | undefined,
  { count, path, name }: { readonly count: number; readonly path: string; readonly name: string },
): Float32Array[] {
  const [, width = 0] = out?.dims ?? [];
  if (out?.dtype !== "float32" || out.dims.length !== 2 || out.dims[0]! < count) {
    throw new ModelError(
      `${path}: output "${name}" is ${out?.dtype} [${out?.dims.join(", ")}], expected float32 [${count}, D]`,
    );
  }
  const data = out.data as Float32Array; // the dtype was checked just above
  return Array.from({ length: count }, (_, i) => data.slice(i * width, (i + 1) * width));
}
