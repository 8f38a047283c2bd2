import type { GradientCase, StringInput } from "../support/gradient-check.ts";

function texts(...data: string[]): StringInput {
  return { dtype: "string", dims: [data.length], data };
}

export const stringCases: readonly GradientCase[] = [
  { opType: "StringConcat", inputs: [texts("a", "b"), { dtype: "string", dims: [], data: ["c"] }] },
  { opType: "RegexFullMatch", inputs: [texts("dog", "cat")], attributes: { pattern: "d.g" } },
  {
    opType: "StringNormalizer",
    inputs: [texts("The", "cat", "sat")],
    attributes: { case_change_action: "LOWER", is_case_sensitive: 0, stopwords: ["the"], locale: "C" },
  },
  { opType: "StringSplit", inputs: [texts("a b", "c")], outputs: 2 },
  {
    opType: "TfIdfVectorizer",
    inputs: [{ dtype: "int32", dims: [2, 4], data: [1, 1, 3, 3, 2, 8, 6, 7], fed: true }],
    attributes: {
      mode: "TF",
      min_gram_length: 1,
      max_gram_length: 2,
      max_skip_count: 0,
      ngram_counts: [0, 4],
      ngram_indexes: [0, 1, 2, 3, 4, 5, 6],
      pool_int64s: [2, 3, 5, 4, 5, 6, 7, 8, 6, 7],
    },
  },
];
