import { expect, test } from "vitest";
import type { Tokens } from "../dataset.ts";
import { createPreprocessor } from "./preprocessor.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { wordPreprocessor } from "./word-preprocessor.ts";

const CLASSES = ["B-PER", "I-PER", "O"];

/** One token for each letter between 101 and 102; `spaced` writes the space before a word into its first piece. */
function letters(spaced: boolean): Tokenizer {
  const content = (text: string) =>
    [...(spaced ? text : text.replaceAll(" ", ""))].map((c) => c.codePointAt(0)!); // a letter has one
  return {
    padId: 0,
    maxLength: null,
    start: [101],
    eosId: null,
    maskId: null,
    specialIds: new Set(),
    size: 256,
    special: {},
    content,
    decode: (ids) => String.fromCodePoint(...ids),
    idOf: () => undefined,
    encode: (text, _, maxLength) => ({
      ids: Int32Array.from([101, ...content(text).slice(0, maxLength - 2), 102]),
      types: new Int32Array(Math.min(maxLength, content(text).length + 2)),
    }),
  };
}

function prepare(options: { spaced: boolean; labelled: "first" | "all"; maxLength?: number }) {
  const tokenizer = letters(options.spaced);
  const input = (name: string) => ({ name, dtype: "int64" }) as const;
  const base = createPreprocessor(
    {
      kind: "text",
      maxLength: options.maxLength ?? 20,
      lengthStep: 1,
      ids: input("input_ids"),
      mask: input("attention_mask"),
      types: null,
      positions: null,
    },
    tokenizer,
  );
  const own = wordPreprocessor(base, { tokenizer, classes: CLASSES, labelled: options.labelled });
  const sample = { kind: "text", text: "Ada is", words: ["Ada", "is"], tags: [0, 2] } as const;
  return { own, tokens: own.prepare(sample) as Tokens }; // of texts
}

test("the first piece of a word bears its class, and nothing else is judged", () => {
  const { tokens } = prepare({ spaced: false, labelled: "first" });
  expect(String.fromCodePoint(...tokens.data.slice(1, -1))).toBe("Adais");
  expect([...tokens.targets!]).toEqual([-100, 0, -100, -100, 2, -100, -100]);
  expect([...tokens.words!]).toEqual([-1, 0, -1, -1, 1, -1, -1]);
});

test("all pieces bear it where that is asked for, and only the first begins what it names", () => {
  const { tokens } = prepare({ spaced: false, labelled: "all" });
  expect([...tokens.targets!]).toEqual([-100, 0, 1, 1, 2, 2, -100]);
});

test("a tokenizer that keeps spaces sees each word behind its space, as in the whole text", () => {
  const { tokens } = prepare({ spaced: true, labelled: "first" });
  expect(String.fromCodePoint(...tokens.data.slice(1, -1))).toBe("Ada is");
  expect([...tokens.targets!]).toEqual([-100, 0, -100, -100, 2, -100, -100, -100]);
});

test("words beyond the model's length have no token, and the special tokens stay", () => {
  const { tokens } = prepare({ spaced: false, labelled: "first", maxLength: 5 });
  expect([...tokens.data]).toEqual([101, ..."Ada".split("").map((c) => c.codePointAt(0)), 102]);
  expect([...tokens.words!]).toEqual([-1, 0, -1, -1, -1]);
});

test("a text without words is split at spaces and signs; a batch gives targets of its length, none for padding", () => {
  const { own, tokens } = prepare({ spaced: false, labelled: "first" });
  const plain = own.prepare({ kind: "text", text: "Ada, no." }) as Tokens; // of texts
  expect(plain.source.words).toEqual(["Ada", ",", "no", "."]);
  expect([...plain.targets!].every((t) => t === -100)).toBe(true);
  const buffer = own.buffer("", 2);
  buffer.write(tokens, 0);
  expect(buffer.inputs(1).get("input_ids")!.dims).toEqual([2, 7]);
  const targets = buffer.targets!(1);
  expect(targets.dims).toEqual([2, 7]);
  expect(Array.from(targets.data, Number)).toEqual([...tokens.targets!, ...new Array<number>(7).fill(-100)]);
});
