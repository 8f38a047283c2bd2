import { ConfigError } from "../../errors.ts";
import type { Tokenizer } from "./tokenizer.ts";

/**
 * A tokenizer that gives only tokens which the model has embeddings of.
 *
 * @param vocabulary how many tokens the model has embeddings of; null where nobody knows, and all are let through
 * @throws ConfigError from `content` and `encode`, for the first text with a token beyond them
 */
export function fittingTokenizer(tokenizer: Tokenizer, vocabulary: number | null): Tokenizer {
  if (vocabulary === null || tokenizer.size <= vocabulary) return tokenizer;
  const check = (ids: Iterable<number>) => {
    for (const token of ids) {
      if (token < vocabulary) continue;
      throw new ConfigError(
        `the tokenizer does not fit the model: it gives token ${token}, and the model has embeddings of ${vocabulary} tokens; put the tokenizer.json of this very model beside it`,
        { details: { token, vocabulary } },
      );
    }
  };
  return {
    ...tokenizer,
    // What fills a batch up is masked; a pad token that was added without an embedding cannot be fed at all.
    padId: tokenizer.padId < vocabulary ? tokenizer.padId : 0,
    content(text) {
      const ids = tokenizer.content(text);
      check(ids);
      return ids;
    },
    encode(text, pair, maxLength) {
      const encoded = tokenizer.encode(text, pair, maxLength);
      check(encoded.ids);
      return encoded;
    },
  };
}
