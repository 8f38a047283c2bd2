import { describe, expect, test } from "vitest";
import { ConfigError, DataError, ModelError } from "../errors.ts";
import type { Sequence } from "./beams.ts";
import { type Decoder, openDecoder } from "./decoder.ts";
import { generate } from "./generate.ts";
import { type Goldens, openGolden, readGoldens } from "./generation.fixtures.ts";
import { likelihoods } from "./likelihood.ts";

const goldens = await readGoldens();
/** Float32 logits of two runtimes: what their rounding adds up to over fourteen tokens. */
const TOLERANCE = 2e-4;

const files = [
  ["llama", "llama-cache-positions"],
  ["llama", "llama-cache"],
  ["gpt2", "gpt2-merged"],
  ["gpt2", "gpt2-plain"],
  ["gemma", "gemma-plain"],
] as const;

const decoders = new Map<string, Decoder>();
for (const [, file] of files) decoders.set(file, await openGolden(file));

const prompts = goldens.prompts.map((ids) => ({ ids }));
const withEnd = ({ ids, ended }: Sequence) => (ended === "eos" ? [...ids, goldens.eos] : ids);

type Run = Goldens["models"][string]["runs"][number];
const optionsOf = ({ settings }: Run) => ({
  eos: [goldens.eos],
  maxNewTokens: goldens.maxNewTokens,
  beams: settings.num_beams,
  minNewTokens: settings.min_new_tokens ?? 0,
  lengthPenalty: settings.length_penalty ?? 1,
  earlyStopping: settings.early_stopping ?? false,
});

describe.each(files)("%s from %s.onnx", (model, file) => {
  const { runs, likelihoods: expected } = goldens.models[model]!;
  const decoder = decoders.get(file)!;

  test.each(runs.map((run) => [run.name, run] as const))(
    "%s gives what transformers gives",
    async (_, run) => {
      const answers = await generate(decoder, prompts, optionsOf(run));
      for (const [i, sequences] of answers.entries()) {
        expect(sequences.map(withEnd), `prompt ${i}`).toEqual(run.sequences[i]!.map((s) => s.ids));
        for (const [k, { score }] of sequences.entries())
          expect(Math.abs(score - run.sequences[i]![k]!.score), `prompt ${i}, ${k}`).toBeLessThan(TOLERANCE);
      }
    },
  );

  test("continuations are as likely as PyTorch says", async () => {
    const given = goldens.continuations.map((ids, i) => ({ prompt: prompts[i]!, ids }));
    const found = await likelihoods(decoder, given, { batchSize: 3 });
    for (const [i, { logProbabilities, sum, mean }] of found.entries()) {
      for (const [t, value] of logProbabilities.entries())
        expect(Math.abs(value - expected[i]![t]!)).toBeLessThan(TOLERANCE);
      expect(sum).toBeCloseTo(
        expected[i]!.reduce((a, b) => a + b),
        3,
      );
      expect(mean).toBeCloseTo(sum / given[i]!.ids.length, 9);
    }
  });

  test("the batch size does not change what is written", async () => {
    const options = {
      eos: [goldens.eos],
      maxNewTokens: 10,
      sampling: { seed: 3, temperature: 0.8, topK: 12, topP: 0.9 },
    };
    const together = await generate(decoder, prompts, options);
    const alone = await generate(decoder, prompts, { ...options, batchSize: 1 });
    expect(alone.map((s) => s[0]!.ids)).toEqual(together.map((s) => s[0]!.ids));
    const later = await generate(decoder, prompts.slice(1), { ...options, first: 1 });
    expect(later.map((s) => s[0]!.ids)).toEqual(together.slice(1).map((s) => s[0]!.ids));
  });
});

test("a prompt is answered in the room that the context leaves, and refused where it leaves none", async () => {
  const decoder = await openGolden("llama-cache-positions", { contextLength: 10 });
  const [first] = await generate(decoder, prompts.slice(0, 1), { eos: [goldens.eos], maxNewTokens: 14 });
  expect(first![0]!.ids).toHaveLength(3);
  const run = generate(decoder, prompts, { eos: [goldens.eos], maxNewTokens: 14 });
  await expect(run).rejects.toThrow(DataError);
  await expect(run).rejects.toThrow(/prompt 3 has 10 tokens, llama-cache-positions takes 10/u);
});

test("settings out of range are refused by name", async () => {
  const decoder = decoders.get("gemma-plain")!;
  const run = (settings: object) => generate(decoder, prompts, { eos: [], maxNewTokens: 2, ...settings });
  await expect(run({ beams: 0 })).rejects.toThrow(ConfigError);
  await expect(run({ maxNewTokens: 1.5 })).rejects.toThrow(/maxNewTokens is 1.5/u);
  await expect(run({ sampling: { seed: 1, topP: 0 } })).rejects.toThrow(/topP is 0/u);
  await expect(run({ beams: 2, sampling: { seed: 1 } })).rejects.toThrow(/exclude each other/u);
});

test("a model without logits, or without tokens, is refused with what it has", async () => {
  const { session } = decoders.get("gemma-plain")!;
  const hidden = { name: "last_hidden_state", dtype: "float32", dims: ["batch", "sequence", 16] } as const;
  expect(() => openDecoder({ ...session, outputs: [hidden] })).toThrow(ModelError);
  expect(() => openDecoder({ ...session, outputs: [hidden] })).toThrow(
    /no output of logits.*last_hidden_state/u,
  );
  const embeds = { name: "inputs_embeds", dtype: "float32", dims: ["batch", "sequence", 16] } as const;
  expect(() => openDecoder({ ...session, inputs: [embeds] })).toThrow(/no input "input_ids".*inputs_embeds/u);
});
