import { maskingPreprocessor } from "../data/preprocess/masking-preprocessor.ts";
import type { Tokenizer } from "../data/preprocess/tokenizer.ts";
import { ConfigError, DataError } from "../errors.ts";
import { argmax, largest, softmax } from "../evaluation/logits.ts";
import { NextTokenMeter } from "../evaluation/next-token-meter.ts";
import type { Said, Task } from "./task.ts";

/** Share of the tokens that are to be found, as in BERT. */
const SHARE = 0.15;

/** The hidden tokens of texts: logits [B, T, V] against token ids [B, T], −100 where none is hidden. */
export const maskedLm: Task = {
  name: "masked-lm",
  summary: "the hidden tokens of texts; predict fills the [MASK] of a text",
  samples: ["text"],
  labelling: "sample",
  hasClasses: false,
  metrics: ["perplexity", "token-accuracy", "loss"],
  head: null,
  architectures: { text: "ForMaskedLM" },
  problemType: null,
  width: () => 0,
  loss: "cross-entropy",
  preprocessor(base, { tokenizer, vocabulary, settings }) {
    if (!tokenizer) throw new ConfigError("masked-lm takes texts, which need the model's tokenizer.json");
    const maskId = maskOf(tokenizer);
    const { size, specialIds } = tokenizer;
    if (vocabulary !== null && maskId >= vocabulary)
      throw new ConfigError(
        `masked-lm: the tokenizer's mask is token ${maskId}, and the model has embeddings of ${vocabulary} tokens; put the tokenizer.json of this very model beside it`,
      );
    return maskingPreprocessor(base, {
      tokenizer: { size: Math.min(size, vocabulary ?? size), specialIds },
      maskId,
      share: settings.masking?.share ?? SHARE,
    });
  },
  meter: () => new NextTokenMeter(),
  answer(said, top) {
    const tokenizer = tokenizerOf(said);
    const { data, source } = tokensOf(said);
    const mask = maskOf(tokenizer);
    const places = [...data.keys()].filter((t) => data[t] === mask);
    if (places.length === 0)
      throw new DataError(
        `"${source.text}": no ${tokenizer.special.mask_token} to fill; write it where a token is missing`,
      );
    const masks = places.map((t) => likeliest(said, t, top));
    const filled = data.slice();
    for (const [m, t] of places.entries()) filled[t] = masks[m]![0]!.id; // at least one token is likeliest
    const text = tokenizer.decode([...filled]);
    const shown = masks.map((tokens) => tokens.map(({ token, probability }) => ({ token, probability })));
    return {
      fields: { text, masks: shown },
      columns: [
        ["text", text],
        ["tokens", shown.map((tokens) => tokens[0]!.token).join(" ")],
        ["probability", shown.reduce((p, tokens) => p * tokens[0]!.probability, 1)],
      ],
    };
  },
  show(said, target) {
    const tokenizer = tokenizerOf(said);
    const vocabulary = said.output.dims[1]!; // [T, V]
    const places = [...target.data.keys()].filter((t) => Number(target.data[t]) >= 0);
    const truth = places.map((t) => Number(target.data[t]));
    const found = places.map((t) => argmax(said.output.data, t * vocabulary, vocabulary));
    const listed = (ids: readonly number[]) => ids.map((id) => tokenizer.decode([id])).join(", ");
    return {
      expected: listed(truth),
      answer: listed(found),
      right: truth.every((id, i) => id === found[i]),
    };
  },
};

/** @throws ConfigError if the tokenizer has none */
function maskOf({ maskId }: Tokenizer): number {
  if (maskId !== null) return maskId;
  throw new ConfigError(
    "masked-lm: the tokenizer has no token for what is hidden (mask_token in tokenizer_config.json); " +
      "take a model that was trained with one, such as BERT or ALBERT",
  );
}

function tokenizerOf({ tokenizer }: Said): Tokenizer {
  if (tokenizer) return tokenizer;
  throw new TypeError("internal: a masked language model without a tokenizer");
}

function tokensOf({ sample }: Said) {
  if (sample.kind === "tokens") return sample;
  throw new TypeError(`internal: masked-lm of a sample of kind ${sample.kind}`);
}

/** The likeliest tokens at a place, the best first. */
function likeliest({ output, tokenizer }: Said, t: number, top: number) {
  const vocabulary = output.dims[1]!; // [T, V]
  const probabilities = softmax(output.data, t * vocabulary, vocabulary);
  return largest(probabilities, Math.max(1, top)).map((id) => ({
    id,
    token: tokenizer?.decode([id]) ?? "",
    probability: probabilities[id]!,
  }));
}
