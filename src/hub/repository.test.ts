import { expect, test } from "vitest";
import { parseRepository } from "./repository.ts";

test.each([
  ["user/name", "model", "user/name"],
  ["gpt2", "model", "gpt2"],
  ["datasets/user/name", "dataset", "user/name"],
  ["hf://datasets/user/name", "dataset", "user/name"],
  ["https://huggingface.co/user/name.v2/", "model", "user/name.v2"],
  ["https://huggingface.co/datasets/user/name/tree/main/data", "dataset", "user/name"],
  ["https://hub.example/user/name", "model", "user/name"],
] as const)("%s is a %s", (text, type, id) => {
  expect(parseRepository(text, "model", "https://hub.example")).toEqual({ type, id });
});

test("a name alone is of the kind that was asked for", () => {
  expect(parseRepository("user/flowers", "dataset")).toEqual({ type: "dataset", id: "user/flowers" });
});

test.each([
  "",
  "a/b/c",
  "../etc",

  "-user/name",
  "user/na--me",
  "spaces/user/app",
  "user name",
  "https://example.com/x",
])("%j is refused with an example", (text) => {
  expect(() => parseRepository(text, "model")).toThrow(/holdfast pull --help/);
});
