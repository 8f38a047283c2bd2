import { expect, test } from "vitest";
import { createMemoryFiles } from "../../platform/memory-files.ts";
import { golden } from "../data.fixtures.ts";
import { fittingTokenizer } from "./fitting-tokenizer.ts";
import { openTokenizer } from "./tokenizer.ts";

interface Case {
  readonly definition: object;
  readonly config: object;
  readonly encodings: readonly { readonly text: string; readonly ids: readonly number[] }[];
}

test.each(Object.entries(await golden<Record<string, Case>>("tokenizers.json")))(
  "%s: a token without an embedding is refused, and others are as they were",
  async (_, { definition, config, encodings }) => {
    const files = createMemoryFiles();
    await files.write("m/tokenizer.json", JSON.stringify(definition));
    await files.write("m/tokenizer_config.json", JSON.stringify(config));
    const tokenizer = (await openTokenizer(files, "m"))!;
    const { text } = encodings[0]!;
    const { ids } = tokenizer.encode(text, undefined, 64);
    const largest = Math.max(...ids);

    expect(fittingTokenizer(tokenizer, null)).toBe(tokenizer);
    expect(fittingTokenizer(tokenizer, tokenizer.size)).toBe(tokenizer);
    expect(fittingTokenizer(tokenizer, largest + 1).encode(text, undefined, 64).ids).toEqual(ids);
    const small = fittingTokenizer(tokenizer, largest);
    const refusal = `gives token ${largest}, and the model has embeddings of ${largest} tokens`;
    expect(() => small.encode(text, undefined, 64)).toThrow(refusal);
    if (tokenizer.content(text).includes(largest)) expect(() => small.content(text)).toThrow(refusal);
    expect(fittingTokenizer(tokenizer, 1).padId).toBe(0);
  },
);
