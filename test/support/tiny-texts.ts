import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeModel } from "../../src/onnx/encode.ts";
import { createRandom } from "../../src/tensor/random.ts";
import { normals } from "./gradients-of.ts";
import { graphOf, modelOf } from "./graph-of.ts";

const WIDTH = 16;

/** Writes an encoder of token ids [batch, sequence] to features [batch, sequence, 16], and the tokenizer beside it. */
export async function writeTinyEncoder(folder: string): Promise<void> {
  const goldens = JSON.parse(
    readFileSync(new URL("../../src/data/goldens/tokenizers.json", import.meta.url), "utf8"),
  ) as Record<string, { definition: { model: { vocab: Record<string, number> } }; config: object }>;
  const { definition, config } = goldens["WordPiece as BERT has it"]!;
  const ids = { dtype: "int64", dims: ["batch", "sequence"] } as const;
  const graph = graphOf({
    inputs: { input_ids: ids, attention_mask: ids },
    constants: {
      table: normals([Object.keys(definition.model.vocab).length, WIDTH], 11, 0.5),
      w: normals([WIDTH, WIDTH], 12, 0.5),
    },
    nodes: [
      ["Gather", ["table", "input_ids"], ["embedded"]],
      ["MatMul", ["embedded", "w"], ["mixed"]],
      ["Tanh", ["mixed"], ["features"]],
    ],
    outputs: ["features"],
    declared: { features: { dtype: "float32", dims: ["batch", "sequence", WIDTH] } },
  });
  await mkdir(join(folder, "onnx"), { recursive: true });
  await writeFile(join(folder, "onnx/model.onnx"), encodeModel(modelOf(graph)));
  await writeFile(join(folder, "tokenizer.json"), JSON.stringify(definition));
  await writeFile(join(folder, "tokenizer_config.json"), JSON.stringify(config));
}

export interface SentenceOptions {
  readonly seed: number;
  /** Words of the longest sentence. Default 11. */
  readonly longest?: number;
  /** The word that tells a drink, and the one that tells an animal. */
  readonly words?: readonly [string, string];
}

/** A table of sentences that hold one of two words, among words of both kinds. */
export function sentences(count: number, options: SentenceOptions): string {
  const { seed, longest = 11, words: telling = ["cafe", "fox"] } = options;
  const random = createRandom(seed);
  const filler = ["the", "quick", "and", "over", "lazy", "numbers", "such", "again"];
  const rows = Array.from({ length: count }, (_, i) => {
    const length = 2 + random.integer(longest - 2);
    const words = Array.from({ length }, () => filler[random.integer(filler.length)]!);
    words.splice(random.integer(words.length), 0, telling[i % 2]!);
    return `${words.join(" ")}\t${i % 2 ? "animal" : "drink"}`;
  });
  return `text\tlabel\n${rows.join("\n")}\n`;
}
