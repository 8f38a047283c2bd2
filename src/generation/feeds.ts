import { ModelError, RunError } from "../errors.ts";
import type { ValueInfo } from "../runtime/session-check.ts";
import { inFloat32 } from "../tensor/half-tensor.ts";
import { type Tensor, tensor, zeros } from "../tensor/tensor.ts";
import type { Prompt } from "./decoder.ts";
import type { DecoderSession, DecoderSignature } from "./signature.ts";

/** What both ways of decoding work with. */
export interface DecoderSource {
  readonly session: DecoderSession;
  readonly signature: DecoderSignature;
  readonly name: string;
  readonly padId: number;
}

/** Integers as a tensor of the dtype that an input declares. */
export function integersFor(input: ValueInfo, dims: readonly number[], values: readonly number[]): Tensor {
  const { name, dtype } = input;
  if (dtype === "int64") return tensor("int64", dims, BigInt64Array.from(values, BigInt));
  if (dtype === "int32") return tensor("int32", dims, Int32Array.from(values));
  if (dtype === "float32") return tensor("float32", dims, Float32Array.from(values));
  throw new ModelError(`input "${name}" is ${dtype ?? "no tensor"}, expected int64, int32 or float32`);
}

/**
 * What a decoder is fed beside tokens, mask and positions.
 *
 * @param columns the places of the tokens that are fed
 * @param keep how many of the last tokens logits are wanted of; 0 is all
 */
export function stateFeeds(
  { cachePositions, logitsToKeep, useCache }: DecoderSignature,
  {
    columns,
    keep,
    hasCache,
  }: { readonly columns: readonly number[]; readonly keep: 0 | 1; readonly hasCache: boolean },
): Map<string, Tensor> {
  const feeds = new Map<string, Tensor>();
  if (cachePositions) feeds.set(cachePositions.name, integersFor(cachePositions, [columns.length], columns));
  if (logitsToKeep) {
    const one = logitsToKeep.dims.map(() => 1);
    feeds.set(logitsToKeep.name, integersFor(logitsToKeep, one, [keep]));
  }
  if (useCache) feeds.set(useCache.name, tensor("bool", [1], Uint8Array.of(hasCache ? 1 : 0)));
  return feeds;
}

/** A key–value cache of no tokens, for so many rows. */
export function emptyCache({ cache }: DecoderSignature, rows: number): Map<string, Tensor> {
  return new Map(
    cache.map(({ past, heads, size }) => [past.name, zeros(past.dtype ?? "float32", [rows, heads, 0, size])]),
  );
}

/** Further inputs of all prompts, joined along their first axis. @throws ModelError if a prompt lacks one */
export function furtherFeeds(
  { signature, name }: DecoderSource,
  prompts: readonly Prompt[],
): Map<string, Tensor> {
  return new Map(
    signature.others.map((input) => {
      const parts = prompts.map((prompt) => {
        const part = prompt.feeds?.get(input.name);
        if (part) return part;
        throw new ModelError(
          `${name} takes an input "${input.name}" beside tokens, and nothing was given for it`,
        );
      });
      return [input.name, joined(input.name, parts)];
    }),
  );
}

type Numbers = Exclude<Tensor["data"], readonly string[]>;

function joined(name: string, parts: readonly Tensor[]): Tensor {
  const first = parts[0]!; // a batch has a prompt at least
  if (parts.some((p) => p.dtype !== first.dtype || String(p.dims) !== String(first.dims)))
    throw new ModelError(`input "${name}": the prompts of a batch must give equal shapes`);
  const data = numbersOf(first);
  const out = emptyLike(data, data.length * parts.length);
  for (const [i, part] of parts.entries()) copyRange(numbersOf(part), 0, data.length, out, i * data.length);
  return { ...first, dims: [parts.length, ...first.dims.slice(1)], data: out } as Tensor; // of the first's dtype
}

/** The rows `rows` of a tensor, in that order; one may come more than once. */
export function pickRows(t: Tensor, rows: readonly number[]): Tensor {
  const [count = 0, ...rest] = t.dims;
  if (rows.length === count && rows.every((row, i) => row === i)) return t;
  const data = numbersOf(t);
  const each = count === 0 ? 0 : data.length / count;
  const out = emptyLike(data, each * rows.length);
  for (const [to, from] of rows.entries()) copyRange(data, from * each, each, out, to * each);
  return { ...t, dims: [rows.length, ...rest], data: out } as Tensor; // of the same dtype
}

function numbersOf(t: Tensor): Numbers {
  if (t.dtype === "string") throw new ModelError("a decoder takes no strings");
  return t.data as Numbers; // strings were refused just above
}

function emptyLike(data: Numbers, length: number): Numbers {
  const Make = data.constructor as new (length: number) => Numbers; // every typed array is made from a length
  return new Make(length);
}

// Both are of one class, by construction; the union of all classes does not say so.
function copyRange(from: Numbers, start: number, length: number, to: Numbers, at: number): void {
  (to as Float32Array).set((from as Float32Array).subarray(start, start + length), at);
}

/** Logits out of a run, float32 [rows, T, vocabulary]. @throws RunError if they are something else */
export function logitsFrom(source: DecoderSource, outputs: ReadonlyMap<string, Tensor>): Tensor<"float32"> {
  const { name, signature } = source;
  const found = outputs.get(signature.logits);
  const logits = found && inFloat32(found);
  if (logits?.dtype === "float32" && logits.dims.length === 3) return logits as Tensor<"float32">; // checked here
  throw new RunError(
    `${name}: output "${signature.logits}" is ${found?.dtype ?? "missing"} [${found?.dims.join(", ") ?? ""}], ` +
      "expected logits of floats [batch, sequence, vocabulary]",
  );
}
