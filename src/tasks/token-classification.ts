import { wordPreprocessor } from "../data/preprocess/word-preprocessor.ts";
import { ConfigError, HoldfastError } from "../errors.ts";
import { entitiesOf } from "../evaluation/entities.ts";
import { argmax, softmax } from "../evaluation/logits.ts";
import { TaggingMeter } from "../evaluation/tagging-meter.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Said, Task } from "./task.ts";

/**
 * A class for each word of a text: logits [B, T, C] against class indices [B, T], of which the first piece of a word
 * counts (`dataset.labelPieces: all` makes all count).
 */
export const tokenClassification: Task = {
  name: "token-classification",
  summary: "a class for each word of a text, such as the kind of name that it is part of",
  samples: ["text"],
  labelling: "sample",
  hasClasses: true,
  metrics: ["entity-f1", "entity-precision", "entity-recall", "token-accuracy", "loss"],
  head: "positions",
  architectures: { text: "ForTokenClassification" },
  problemType: null,
  width: (train) => train.classes?.length ?? 0,
  loss: "cross-entropy",
  preprocessor(base, { tokenizer, classes, settings }) {
    if (!tokenizer)
      throw new ConfigError("token-classification takes texts, which need the model's tokenizer.json");
    return wordPreprocessor(base, { tokenizer, classes, labelled: settings.dataset?.labelPieces ?? "first" });
  },
  meter: (classes) => new TaggingMeter(classes),
  answer(said) {
    const tagged = taggedWords(said);
    const entities = entitiesOf(tagged.map((w) => w.tag)).map(({ type, start, end }) => ({
      type,
      text: tagged
        .slice(start, end + 1)
        .map((w) => w.word)
        .join(" "),
      start,
      end,
      probability: Math.min(...tagged.slice(start, end + 1).map((w) => w.probability)),
    }));
    return {
      fields: { entities, words: tagged.map((w) => w.word), tags: tagged.map((w) => w.tag) },
      columns: [
        ["words", tagged.map((w) => w.word).join(" ")],
        ["tags", tagged.map((w) => w.tag).join(" ")],
        ["entities", entities.map((e) => `${e.type}: ${e.text}`).join("; ")],
      ],
    };
  },
  show(said, target) {
    const { sample, classes } = said;
    const starts = firstPieces(sample).filter((w) => Number(target.data[w.at]) >= 0);
    const truth = starts.map(({ word, at }) => ({ word, tag: nameOf(classes, Number(target.data[at])) }));
    const tagged = taggedWords(said);
    const answers = starts.map(({ word, index }) => ({
      word,
      tag: tagged.find((t) => t.index === index)?.tag ?? "?",
    }));
    return {
      expected: marked(truth),
      answer: marked(answers),
      right: truth.every((t, i) => t.tag === answers[i]?.tag),
    };
  },
};

interface FirstPiece {
  /** The word's place in the text. */
  readonly index: number;
  readonly word: string;
  /** The token's place in the sequence. */
  readonly at: number;
}

function firstPieces(sample: Said["sample"]): FirstPiece[] {
  if (sample.kind !== "tokens" || !sample.words || !sample.source.words)
    throw new HoldfastError(`internal: an example of kind ${sample.kind} without words`);
  const { words: named } = sample.source;
  return [...sample.words].flatMap((index, at) =>
    index < 0 ? [] : [{ index, at, word: named[index] ?? "" }],
  );
}

/** Every word that the model saw, with its class: that of its first piece. */
function taggedWords({ output, sample, classes }: Said) {
  const count = output.dims[1]!; // [T, C]
  return firstPieces(sample).map(({ index, word, at }) => {
    const best = argmax(output.data, at * count, count);
    return { index, word, tag: nameOf(classes, best), probability: softmaxAt(output, at, count)[best]! };
  });
}

function softmaxAt({ data }: Tensor<"float32">, at: number, count: number): number[] {
  return softmax(data, at * count, count);
}

function nameOf(classes: readonly string[], c: number): string {
  return classes[c] ?? String(c);
}

/** `Ada/B-PER Lovelace/I-PER`: the words of some class other than O. */
function marked(words: readonly { readonly word: string; readonly tag: string }[]): string {
  const some = words.filter((w) => w.tag !== "O");
  return some.map((w) => `${w.word}/${w.tag}`).join(" ") || "none";
}
