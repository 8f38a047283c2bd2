import { ConfigError } from "../errors.ts";
import type { Model } from "../onnx/model.ts";
import type { Value } from "../onnx/value.ts";
import { floatToBfloat16, floatToHalf } from "../tensor/half.ts";
import { type Tensor, zeros } from "../tensor/tensor.ts";

/**
 * Gives inputs of a model one value for good, so that what they decide (a branch, a number of turns) is decided when a
 * training graph is built. The model in memory knows the value; a file that it is saved to does not.
 *
 * @param values by input name; the number fills the input
 * @param dims sizes of free dimensions, by their symbols
 * @throws ConfigError if there is no such input, or a dimension of it has no size
 */
export function fixInputs(
  model: Model,
  values: ReadonlyMap<string, number>,
  dims: ReadonlyMap<string, number> = new Map(),
): void {
  for (const [name, value] of values) {
    const input = model.graph.inputs.find((v) => v.name === name);
    if (!input) {
      const names = model.graph.inputs.map((v) => v.name).join(", ");
      throw new ConfigError(`--fix ${name}: the model has no such input; its inputs are ${names}`, {
        details: { input: name },
      });
    }
    input.constant = filled(input, value, dims);
  }
}

/** The values of a model's inputs that `fixInputs` gave one, by name: what its file must still be fed. */
export function fixedInputs(model: Model): Map<string, Tensor> {
  const stored = new Set(model.graph.initializers);
  return new Map(
    model.graph.inputs.flatMap((v) => (v.constant === null || stored.has(v) ? [] : [[v.name, v.constant]])),
  );
}

function filled(input: Value, value: number, sizes: ReadonlyMap<string, number>): Tensor {
  const { name, declared } = input;
  const dims = declared?.dims
    ?.map((d, axis) =>
      typeof d === "string" ? (sizes.get(d) ?? (axis === 0 ? sizes.get("batch") : undefined)) : d,
    )
    .filter((d): d is number => typeof d === "number" && d >= 0);
  if (!declared || declared.dtype === "string" || dims?.length !== declared.dims?.length || !dims) {
    const shape = declared?.dims?.map((d) => d ?? "?").join(", ");
    throw new ConfigError(
      `--fix ${name}: the input is ${declared?.dtype ?? "no tensor"}${shape === undefined ? " of unknown shape" : `[${shape}]`}; ` +
        "a number fills an input whose every dimension has a size; give those of free ones by --dim NAME=SIZE",
      { details: { input: name } },
    );
  }
  const tensor = zeros(declared.dtype, dims);
  if (tensor.data instanceof BigInt64Array || tensor.data instanceof BigUint64Array)
    tensor.data.fill(BigInt(value));
  else (tensor.data as Float32Array).fill(bitsOf(declared.dtype, value)); // strings were refused above
  return tensor;
}

/** What the typed array of a dtype holds for a number. */
function bitsOf(dtype: Tensor["dtype"], value: number): number {
  if (dtype === "float16") return floatToHalf(value);
  return dtype === "bfloat16" ? floatToBfloat16(value) : value;
}
