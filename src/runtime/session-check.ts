import { RunError } from "../errors.ts";
import type { DataType } from "../tensor/data-type.ts";
import type { Tensor } from "../tensor/tensor.ts";

// More lines than this push the first ones off a terminal.
const SHOWN = 12;

/** An input or output of a session. */
export interface ValueInfo {
  readonly name: string;
  /** Null if the value is not a tensor (a sequence, map or optional), which a session cannot carry. */
  readonly dtype: DataType | null;
  /** A number where known, a name where symbolic, null where unnamed. */
  readonly dims: readonly (number | string | null)[];
}

/** `float32 [batch, 3, ?]`: how messages print what a session expects. */
function formatValueInfo({ dtype, dims }: ValueInfo): string {
  return `${dtype ?? "not a tensor"} [${dims.map((d) => d ?? "?").join(", ")}]`;
}

/** The tensors of one run. */
export interface GivenTensors {
  readonly feeds: ReadonlyMap<string, Tensor>;
  readonly outputs: readonly string[];
  readonly into: ReadonlyMap<string, Tensor>;
}

/**
 * A function that compares the tensors of a run with what the model declares, before ONNX Runtime sees them, and throws
 * a RunError that lists every missing, unknown or misfit tensor. It is called at every training step with hundreds of
 * tensors, so it looks names up in maps made once.
 */
export function createRunCheck(
  model: string,
  inputs: readonly ValueInfo[],
  outputs: readonly ValueInfo[],
): (given: GivenTensors) => void {
  const inputsByName = new Map(inputs.map((info) => [info.name, info]));
  const outputsByName = new Map(outputs.map((info) => [info.name, info]));

  return ({ feeds, outputs: wanted, into }) => {
    const problems: string[] = [];
    for (const input of inputs) {
      const feed = feeds.get(input.name);
      if (feed === undefined) {
        problems.push(`input "${input.name}": missing, expected ${formatValueInfo(input)}`);
      } else if (!fits(input, feed)) {
        problems.push(`input "${input.name}": ${misfit(input, feed)}`);
      }
    }
    for (const name of feeds.keys()) {
      if (!inputsByName.has(name)) problems.push(unknown("input", name, inputs));
    }
    for (const name of wanted) {
      if (!outputsByName.has(name)) problems.push(unknown("output", name, outputs));
    }
    const computed = into.size > 0 ? new Set(wanted) : null;
    for (const [name, target] of into) {
      const output = outputsByName.get(name);
      if (output === undefined) {
        problems.push(unknown("output", name, outputs));
      } else if (computed?.has(name) !== true) {
        problems.push(`output "${name}": given a tensor to fill, but not among the outputs of this run`);
      } else if (output.dtype === "string") {
        problems.push(`output "${name}": strings cannot be filled in place`);
      } else if (!fits(output, target)) {
        problems.push(`output "${name}": ${misfit(output, target)}`);
      }
    }
    if (problems.length === 0) return;
    throw new RunError(`${model}: the tensors do not fit the model.\n  ${some(problems, "\n  ")}`, {
      details: { model, problems },
    });
  };
}

function fits(info: ValueInfo, t: Tensor): boolean {
  if (t.dtype !== info.dtype || t.dims.length !== info.dims.length) return false;
  for (let i = 0; i < t.dims.length; i++) {
    const d = info.dims[i];
    if (typeof d === "number" && d !== t.dims[i]) return false;
  }
  return true;
}

function misfit(info: ValueInfo, t: Tensor): string {
  return `expected ${formatValueInfo(info)}, got ${t.dtype} [${t.dims.join(", ")}]`;
}

function unknown(kind: string, name: string, declared: readonly ValueInfo[]): string {
  const known = declared.map((d) => d.name);
  return `${kind} "${name}": not in the model, which has ${some(known, ", ") || "none"}`;
}

/** The first of a list that may have a line for each of hundreds of parameters. */
function some(items: readonly string[], separator: string): string {
  if (items.length <= SHOWN) return items.join(separator);
  return [...items.slice(0, SHOWN), `… and ${items.length - SHOWN} more`].join(separator);
}
