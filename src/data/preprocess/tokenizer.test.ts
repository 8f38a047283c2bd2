import { describe, expect, test } from "vitest";
import { createMemoryFiles } from "../../platform/memory-files.ts";
import { golden } from "../data.fixtures.ts";
import { openTokenizer } from "./tokenizer.ts";

interface Case {
  readonly definition: object;
  readonly config: object;
  readonly encodings: readonly {
    readonly text: string;
    readonly pair: string | null;
    readonly length: number;
    readonly ids: readonly number[];
    readonly types: readonly number[];
  }[];
}
const cases = Object.entries(await golden<Record<string, Case>>("tokenizers.json"));

async function open({ definition, config }: Case) {
  const files = createMemoryFiles();
  await files.write("m/tokenizer.json", JSON.stringify(definition));
  await files.write("m/tokenizer_config.json", JSON.stringify(config));
  return (await openTokenizer(files, "m"))!;
}

describe.each(cases)("%s", (_, data) => {
  test("gives the ids and segments of Python's tokenizers, cut to every length", async () => {
    const tokenizer = await open(data);
    expect(data.encodings.length).toBeGreaterThan(30);
    for (const { text, pair, length, ids, types } of data.encodings) {
      const encoded = tokenizer.encode(text, pair ?? undefined, length);
      const what = `${JSON.stringify(text)}, ${JSON.stringify(pair)} to ${length}`;
      expect([...encoded.ids], what).toEqual(ids);
      expect([...encoded.types], what).toEqual(types);
    }
  });
});

test("padding and the longest length come from the files", async () => {
  const opened = await Promise.all(cases.map(([, data]) => open(data)));
  expect(opened.map((t) => [t.padId, t.maxLength])).toEqual([
    [0, 64],
    [1, null],
    [0, null],
  ]);
});

test("a folder without a tokenizer has none, and a damaged file is named", async () => {
  const files = createMemoryFiles();
  expect(await openTokenizer(files, "m")).toBeNull();
  await files.write("m/tokenizer.json", "{");
  await expect(openTokenizer(files, "m")).rejects.toThrow(
    /m\/tokenizer.json: not a tokenizer that can be used/,
  );
});
