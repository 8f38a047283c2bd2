import { DataError } from "../../errors.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import type { Sample, Tokens } from "../dataset.ts";
import type { BatchBuffer } from "./batch-buffer.ts";
import type { TextPreprocessing, TokenInput } from "./config.ts";
import type { Preprocessor } from "./preprocessor.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** Texts to token ids [B, T] with mask, segments and positions, as the model has inputs for them. */
export function textPreprocessor(config: TextPreprocessing, tokenizer: Tokenizer): Preprocessor {
  const { maxLength } = config;
  return {
    config,
    dims: [maxLength],
    prepare(sample): Tokens {
      if (sample.kind !== "text")
        throw new DataError(`the model takes texts, got an ${sample.kind === "image" ? "image" : "array"}`);
      const { ids, types } = tokenizer.encode(sample.text, sample.pair, maxLength);
      return { kind: "tokens", data: ids, types, source: sample };
    },
    buffer: (_, size) => tokenBuffer(config, tokenizer.padId, size),
  };
}

function tokenBuffer(config: TextPreprocessing, padId: number, size: number): BatchBuffer {
  const { maxLength, lengthStep, lengths } = config;
  const filledTo = (longest: number) =>
    lengths?.find((length) => length >= longest) ??
    Math.min(maxLength, Math.ceil(longest / lengthStep) * lengthStep);
  const rows: (Tokens | null)[] = new Array<Tokens | null>(size).fill(null);
  return {
    isUsable: true,
    write(sample: Sample, row) {
      if (sample.kind !== "tokens" || sample.data.length > maxLength)
        throw new TypeError("internal: a sample that was not prepared for this model");
      rows[row] = sample;
    },
    inputs(count) {
      rows.fill(null, count);
      const length = filledTo(Math.max(1, ...rows.map((row) => row?.data.length ?? 0)));
      const fill = (input: TokenInput | null, pad: number, at: (row: Tokens, t: number) => number) => {
        if (input === null) return [];
        const values = new Int32Array(size * length).fill(pad);
        for (const [r, row] of rows.entries()) {
          if (row === null) continue;
          for (let t = 0; t < row.data.length; t++) values[r * length + t] = at(row, t);
        }
        return [[input.name, integers(input, [size, length], values)] as const];
      };
      return new Map<string, Tensor>([
        ...fill(config.ids, padId, (row, t) => row.data[t]!),
        ...fill(config.mask, 0, () => 1),
        ...fill(config.types, 0, (row, t) => row.types[t]!),
        ...fill(config.positions, 0, (_, t) => t),
      ]);
    },
  };
}

function integers({ dtype }: TokenInput, dims: readonly number[], values: Int32Array): Tensor {
  if (dtype === "int32") return tensor("int32", dims, values as Int32Array<ArrayBuffer>);
  return tensor("int64", dims, BigInt64Array.from(values, BigInt));
}
