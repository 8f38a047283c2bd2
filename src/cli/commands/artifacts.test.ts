import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { runInMemory } from "../command-line.fixtures.ts";

const zipped = readFileSync(new URL("../../generation/goldens/llama-cache.onnx.gz", import.meta.url));

test("a decoder with a cache is trained with an empty one, which nobody feeds", async () => {
  const dims = "--dim batch=2 --dim sequence_length=5 --dim total_sequence_length=5".split(" ");
  const { code, err, files } = await runInMemory(["artifacts", "m.onnx", "--out", "a", ...dims], {
    "m.onnx": gunzipSync(zipped),
  });
  expect(code, err).toBe(0);
  const { inputs } = JSON.parse(await files.readText("a/artifacts.json")) as {
    inputs: { name: string; shape: number[] }[];
  };
  expect(inputs.map(({ name, shape }) => [name, shape])).toEqual([
    ["input_ids", [2, 5]],
    ["attention_mask", [2, 5]],
  ]);
});
