import { ConfigError } from "../errors.ts";
import type { Model } from "../onnx/model.ts";
import type { Value } from "../onnx/value.ts";
import { findBlocks } from "../passes/blocks.ts";
import { canBeTrained } from "../passes/half-precision.ts";
import { type StoredTensor, storedTensors } from "../passes/parameters.ts";

/** What `chooseTrainable` knows of the model beside its weights. */
export interface TrainableOptions {
  /** Weights of the classifier: trained whatever is chosen. */
  readonly head?: ReadonlySet<Value>;
  /** The output that blocks are counted toward; the model's first if left out. */
  readonly output?: Value;
}

/**
 * The weights that `wanted` names, and the head's with them:
 *
 *     all         every weight
 *     head        the classifier alone
 *     bias        what is only added: biases, and the β of normalisations (BitFit)
 *     bias+norm   those, and the gains of normalisations
 *     blocks:2-5  blocks 2 to 5 of the network (`findBlocks`), from the input on; blocks:2- to the last, blocks:-5 from the first
 *     but:words   every weight whose name the regular expression does not fit
 *     …           anything else is a regular expression on names; what looks like a constant must be fitted whole, or alone
 *
 * @throws ConfigError if it is no regular expression, fits no weight, or a weight is not float32
 */
export function chooseTrainable(
  model: Model,
  wanted: string,
  { head = new Set(), output }: TrainableOptions = {},
): StoredTensor[] {
  const all = storedTensors(model);
  const weights = all.filter((t) => t.constantBecause === null);
  const withHead = (take: (t: StoredTensor) => boolean) =>
    weights.filter((t) => head.has(t.value) || take(t));
  switch (wanted) {
    case "all":
      return float32Only(weights);
    case "head":
      return float32Only(all.filter((t) => head.has(t.value)));
    case "bias":
      return someOf(
        withHead((t) => t.isAdded),
        wanted,
      );
    case "bias+norm":
      return someOf(
        withHead((t) => t.isAdded || t.role === "norm"),
        wanted,
      );
  }
  if (wanted.startsWith("blocks:")) {
    const inRange = blockRange(model, wanted, weights, output);
    return someOf(
      withHead((t) => inRange(t.value)),
      wanted,
    );
  }
  if (wanted.startsWith(BUT)) {
    const left = patternOf(wanted.slice(BUT.length), wanted);
    return someOf(
      withHead((t) => !left.test(t.name)),
      wanted,
    );
  }
  const pattern = patternOf(wanted, wanted);
  const fitting = all.filter((t) => pattern.test(t.name));
  // What looks like a constant is trained where it is asked for itself, and not because others are.
  const isMeant = fitting.some((t) => t.constantBecause === null)
    ? (t: StoredTensor) => t.constantBecause === null || isSpelt(t, pattern)
    : () => true;
  return someOf(
    all.filter((t) => head.has(t.value) || (pattern.test(t.name) && isMeant(t))),
    wanted,
  );
}

/** Whether a pattern fits the whole name of a tensor that the file keeps among its weights, not of a literal. */
function isSpelt({ name, value }: StoredTensor, pattern: RegExp): boolean {
  return value.producer === null && pattern.exec(name)?.[0] === name;
}

/** How a choice begins that names what stays as it is. */
const BUT = "but:";

function patternOf(text: string, wanted: string): RegExp {
  try {
    return new RegExp(text, "u");
  } catch (cause) {
    throw new ConfigError(
      `trainable "${wanted}" is no regular expression; expected all, head, bias, bias+norm, blocks:FROM-TO, but:NAMES or one`,
      { cause },
    );
  }
}

function blockRange(
  model: Model,
  wanted: string,
  weights: readonly StoredTensor[],
  output = model.graph.outputs[0],
): (weight: Value) => boolean {
  const { count, blockOf } = output
    ? findBlocks(model.graph, output, new Set(weights.map((t) => t.value)))
    : { count: 0, blockOf: new Map<Value, number>() };
  const [, from = "", to = ""] = /^blocks:(\d*)-(\d*)$/u.exec(wanted) ?? [];
  const first = from === "" ? 0 : Number(from);
  const last = to === "" ? count - 1 : Number(to);
  if ((from === "" && to === "") || first > last || last >= count) {
    throw new ConfigError(
      `trainable "${wanted}": expected blocks:FROM-TO with blocks 0 to ${count - 1}, which this network has from input to output; such as blocks:${Math.floor(count / 2)}-`,
    );
  }
  return (weight) => {
    const block = blockOf.get(weight);
    return block !== undefined && block >= first && block <= last;
  };
}

function someOf(chosen: readonly StoredTensor[], wanted: string): StoredTensor[] {
  if (chosen.length > 0) return float32Only(chosen);
  throw new ConfigError(`trainable "${wanted}" fits no weight; holdfast inspect lists their names`);
}

/** Weights that training can update; half floats are trained in float32 and written back as they were stored. */
function float32Only(tensors: readonly StoredTensor[]): StoredTensor[] {
  const other = tensors.filter((t) => !canBeTrained(t.value));
  if (other.length > 0) {
    throw new ConfigError(
      `${other.length} of the weights to train are ${other[0]!.value.constant?.dtype} ("${other[0]!.name}"), expected float32, float16 or bfloat16; export the model in float32, or choose others by --trainable`,
    );
  }
  return [...tensors];
}
