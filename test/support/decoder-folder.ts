import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** With the three special tokens these are the tokens of the tiny decoders. */
export const LETTERS = "abcdefghijklmnopqrstuvwxyz .:";

/** Writes a decoder as a model folder, with a tokenizer whose tokens are letters and that takes 32 of them. */
export function writeDecoder(folder: string, model: Uint8Array, letters: string = LETTERS): void {
  mkdirSync(join(folder, "onnx"), { recursive: true });
  writeFileSync(join(folder, "onnx/model.onnx"), model);
  const tokens = ["<pad>", "</s>", "<s>", ...letters];
  const special = tokens.slice(0, 3).map((content, id) => ({
    id,
    content,
    special: true,
    normalized: false,
    single_word: false,
    lstrip: false,
    rstrip: false,
  }));
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  const start = { "<s>": { id: "<s>", ids: [2], tokens: ["<s>"] } };
  const single = [{ SpecialToken: { id: "<s>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }];
  const tokenizer = {
    added_tokens: special,
    normalizer: null,
    pre_tokenizer: null,
    post_processor: { type: "TemplateProcessing", single, pair: single, special_tokens: start },
    decoder: { type: "Fuse" },
    model: { type: "BPE", vocab, merges: [] },
  };
  writeFileSync(join(folder, "tokenizer.json"), JSON.stringify(tokenizer));
  const config = { eos_token: "</s>", bos_token: "<s>", pad_token: "<pad>", model_max_length: 32 };
  writeFileSync(join(folder, "tokenizer_config.json"), JSON.stringify(config));
  writeFileSync(join(folder, "config.json"), JSON.stringify({ model_type: "llama", eos_token_id: 1 }));
}
