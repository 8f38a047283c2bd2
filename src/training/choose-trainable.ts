import { ConfigError } from "../errors.ts";
import type { Model } from "../onnx/model.ts";
import type { Value } from "../onnx/value.ts";
import { type StoredTensor, storedTensors } from "../passes/parameters.ts";

/**
 * The weights that `wanted` names: `all`, those of the `head`, or those whose name fits a regular expression (and the
 * head's with them).
 *
 * @throws ConfigError if it is no regular expression, fits no weight, or a weight is not float32
 */
export function chooseTrainable(
  model: Model,
  wanted: string,
  head: ReadonlySet<Value> = new Set(),
): StoredTensor[] {
  const all = storedTensors(model);
  if (wanted === "all") return float32Only(all.filter((t) => t.constantBecause === null));
  if (wanted === "head") return float32Only(all.filter((t) => head.has(t.value)));
  let pattern: RegExp;
  try {
    pattern = new RegExp(wanted, "u");
  } catch (cause) {
    throw new ConfigError(`trainable "${wanted}" is no regular expression; expected all, head or one`, {
      cause,
    });
  }
  // A name that is asked for is trained even if it looks like a constant.
  const chosen = all.filter((t) => pattern.test(t.name) || head.has(t.value));
  if (chosen.length === 0) {
    throw new ConfigError(`trainable "${wanted}" fits no weight; holdfast inspect lists their names`);
  }
  return float32Only(chosen);
}

function float32Only(tensors: readonly StoredTensor[]): StoredTensor[] {
  const other = tensors.filter((t) => t.value.constant?.dtype !== "float32");
  if (other.length > 0) {
    throw new ConfigError(
      `${other.length} of the weights to train are not float32 ("${other[0]!.name}" is ${other[0]!.value.constant?.dtype}); start from the float32 export of the model`,
    );
  }
  return [...tensors];
}
