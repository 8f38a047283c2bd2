import { isPastInput } from "../generation/signature.ts";
import type { Model } from "../onnx/model.ts";
import type { Value } from "../onnx/value.ts";
import type { ValueInfo } from "../runtime/session-check.ts";
import { type Tensor, zeros } from "../tensor/tensor.ts";

/** Inputs of exported decoders that say how to run them, for which 0 means: as if there were no cache, all tokens judged. */
const SWITCHES: ReadonlySet<string> = new Set(["use_cache_branch", "num_logits_to_keep", "logits_to_keep"]);

/**
 * Fixes the inputs of a decoder's key–value cache to a cache of no tokens, [batch, heads, 0, size]: what it is trained
 * and judged with. Joined to what a batch gives, nothing of them is left in the training graph; the exported model has
 * them as before.
 */
export function fixEmptyPast(model: Model, batchSize: number): void {
  const stored = new Set(model.graph.initializers);
  for (const input of model.graph.inputs) {
    const { declared } = input;
    if (stored.has(input) || !declared || !(isPastInput(input.name) || SWITCHES.has(input.name))) continue;
    const dims = emptyDims(declared.dims ?? [], batchSize);
    if (dims && declared.dtype !== "string") input.constant = zeros(declared.dtype, dims);
  }
}

/** What a session of a decoder must be fed beside a batch: a cache of no tokens, and switches set to 0. */
export function emptyPastFeeds(inputs: readonly ValueInfo[], batchSize: number): Map<string, Tensor> {
  const feeds = new Map<string, Tensor>();
  for (const { name, dtype, dims } of inputs) {
    if (dtype === null || !(isPastInput(name) || SWITCHES.has(name))) continue;
    const sizes = emptyDims(dims, batchSize);
    if (sizes) feeds.set(name, zeros(dtype, sizes));
  }
  return feeds;
}

/** A free first dimension is the batch, any other the tokens seen before: none. Null for what is no cache of rank 4. */
function emptyDims(dims: readonly (number | string | null)[], batchSize: number): number[] | null {
  if (dims.length !== 4 && dims.length > 1) return null;
  return dims.map((d, axis) =>
    typeof d === "number" ? d : axis === 0 && dims.length === 4 ? batchSize : dims.length === 4 ? 0 : 1,
  );
}

/** What stands between token ids and the table, and leaves each as it is. */
const SAME_IDS: ReadonlySet<string> = new Set([
  "Cast",
  "Reshape",
  "Flatten",
  "Squeeze",
  "Unsqueeze",
  "Identity",
]);

/** How many tokens a model has embeddings of: rows of the table that its token ids are looked up in; null if none is found. */
export function vocabularyOf(model: Model): number | null {
  const isIds = (value: Value | null | undefined): boolean => {
    if (!value) return false;
    if (value.producer && SAME_IDS.has(value.producer.opType)) return isIds(value.producer.inputs[0]);
    return (
      model.graph.inputs.includes(value) &&
      /ids|tokens/u.test(value.name) &&
      !/type|position/u.test(value.name)
    );
  };
  for (const node of model.graph.nodes) {
    const [table, index] = node.inputs;
    const dims = table?.constant?.dims;
    if (node.opType === "Gather" && dims?.length === 2 && isIds(index)) return dims[0]!; // of rank 2
  }
  return null;
}
