import type { Text, Tokens } from "../dataset.ts";
import { NOT_LEARNED } from "./dialogue-encoder.ts";
import type { Preprocessor } from "./preprocessor.ts";
import { withTargets } from "./target-buffer.ts";
import type { Tokenizer } from "./tokenizer.ts";

export interface WordOptions {
  readonly tokenizer: Tokenizer;
  /** Names of the words' classes. */
  readonly classes: readonly string[];
  /** Which pieces of a word bear its class. */
  readonly labelled: "first" | "all";
}

/**
 * Words to token ids, with the word that each token is of and the class that it is compared with. Words are those that
 * the data has, or else runs of letters and digits, and single other signs. Each is split into pieces as it stands in
 * the sentence; the first piece bears the class, or all do, where `B-` becomes `I-` behind the first.
 *
 * Words beyond the model's length have no token: they are neither trained on nor judged.
 */
export function wordPreprocessor(base: Preprocessor, options: WordOptions): Preprocessor {
  const { tokenizer, classes, labelled } = options;
  const piecesOf = pieces(tokenizer);
  const { start } = tokenizer;
  const maxLength = base.dims[0]!; // texts have one axis
  const end = [...tokenizer.encode("", undefined, maxLength).ids].slice(start.length);
  const insideOf = classes.map((name, c) => {
    const inside = name.startsWith("B-") ? classes.indexOf(`I-${name.slice(2)}`) : -1;
    return inside < 0 ? c : inside;
  });
  return {
    ...base,
    prepare(sample): Tokens {
      if (sample.kind !== "text") return base.prepare(sample) as Tokens; // which says that it takes texts
      const { text, source } = withWords(sample);
      const ids = [...start];
      const words = start.map(() => -1);
      const targets = start.map(() => NOT_LEARNED);
      const room = maxLength - end.length;
      for (const [w, word] of text.entries()) {
        const tag = source.tags?.[w];
        for (const [k, id] of piecesOf(word, w).entries()) {
          const isLabelled = k === 0 || labelled === "all";
          ids.push(id);
          words.push(k === 0 ? w : -1);
          targets.push(
            tag === undefined || !isLabelled ? NOT_LEARNED : k === 0 ? tag : (insideOf[tag] ?? tag),
          );
        }
      }
      for (const list of [ids, words, targets]) list.length = Math.min(list.length, room);
      return {
        kind: "tokens",
        data: Int32Array.from([...ids, ...end]),
        types: new Int32Array(ids.length + end.length),
        words: Int32Array.from([...words, ...end.map(() => -1)]),
        targets: Int32Array.from([...targets, ...end.map(() => NOT_LEARNED)]),
        source,
      };
    },
    buffer: (input, size) => withTargets(base.buffer(input, size), size),
  };
}

function withWords(sample: Text): { readonly text: readonly string[]; readonly source: Text } {
  const words = sample.words ?? sample.text.match(/[\p{L}\p{M}\p{N}]+|[^\s\p{L}\p{M}\p{N}]/gu) ?? [];
  return { text: words, source: { ...sample, words } };
}

/**
 * The pieces of a word in a sentence. A tokenizer that writes the space before a word into its pieces is given that
 * space, unless it puts one there itself; which of these it is, two words tell.
 */
function pieces({ content }: Tokenizer): (word: string, at: number) => number[] {
  const [first, second] = ["ab", "cd"];
  const whole = content(`${first} ${second}`).join();
  const isPlain = whole === [...content(first), ...content(second)].join();
  return (word, at) => content(isPlain || at === 0 ? word : ` ${word}`);
}
