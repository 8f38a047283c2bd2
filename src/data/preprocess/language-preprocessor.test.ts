import { expect, test } from "vitest";
import { DataError } from "../../errors.ts";
import { datasetOf, letters } from "../data.fixtures.ts";
import type { Dialogue } from "../dataset.ts";
import { checkExamples, prepared } from "../prepared.ts";
import { subset } from "../views.ts";
import type { TextPreprocessing } from "./config.ts";
import { dialogueForms, languagePreprocessor } from "./language-preprocessor.ts";
import { createPreprocessor } from "./preprocessor.ts";

const config: TextPreprocessing = {
  kind: "text",
  maxLength: 8,
  lengthStep: 1,
  ids: { name: "ids", dtype: "int64" },
  mask: { name: "mask", dtype: "int64" },
  types: null,
  positions: null,
};

const dialogue = (asked: string, said: string): Dialogue => ({
  kind: "dialogue",
  messages: [
    { role: "user", content: asked },
    { role: "assistant", content: said },
  ],
});

/** Of 5, 8, 9 and 12 letters, and so of as many tokens. */
const dialogues = [
  dialogue("abc", "de"),
  dialogue("abcde", "fgh"),
  dialogue("abcde", "fghi"),
  dialogue("abc", "defghijkl"),
];
const preparedWith = (tooLong: "error" | "cut-response") =>
  prepared(
    datasetOf([0, 0, 0, 0], (i) => dialogues[i]!),
    languagePreprocessor(createPreprocessor(config, letters), {
      tokenizer: letters,
      formOf: dialogueForms("plain", letters, null),
      trainOn: "response",
      tooLong,
    }),
  );

test("a prepared set knows of each dialogue how many tokens it lost, once it was loaded", async () => {
  const set = preparedWith("cut-response");
  expect(set.cut?.(3)).toBeUndefined();
  await checkExamples(set, { onBroken: "error" });
  expect(dialogues.map((_, i) => set.cut?.(i))).toEqual([0, 0, 1, 4]);
  expect([0, 1].map((i) => subset(set, [3, 2]).cut?.(i))).toEqual([4, 1]);
});

test("every dialogue that the context has no room for is named, with its size and the remedy", async () => {
  const check = checkExamples(preparedWith("error"), { onBroken: "error" });
  await expect(check).rejects.toThrow(DataError);
  await expect(check).rejects.toThrow(
    /2 of 4 examples.*example 2: the dialogue takes 9 tokens, the model 8.*example 3: the dialogue takes 12.*tooLong cut-prompt/su,
  );
});
