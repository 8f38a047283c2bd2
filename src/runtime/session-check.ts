import { RunError } from "../errors.ts";
import type { DataType } from "../tensor/data-type.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** An input or output of a session. */
export interface ValueInfo {
  readonly name: string;
  /** Null if the value is not a tensor (a sequence, map or optional), which a session cannot carry. */
  readonly dtype: DataType | null;
  /** A number where known, a name where symbolic, null where unnamed. */
  readonly dims: readonly (number | string | null)[];
}

/** `float32 [batch, 3, ?]`: how messages print what a session expects. */
export function formatValueInfo({ dtype, dims }: ValueInfo): string {
  return `${dtype ?? "not a tensor"} [${dims.map((d) => d ?? "?").join(", ")}]`;
}

/**
 * Compares the tensors of one run with what the session declares, before ONNX Runtime sees them.
 *
 * @throws RunError that lists every missing, unknown or misfit tensor
 */
export function checkRun(
  model: string,
  declared: { readonly inputs: readonly ValueInfo[]; readonly outputs: readonly ValueInfo[] },
  given: {
    readonly feeds: ReadonlyMap<string, Tensor>;
    readonly outputs: readonly string[];
    readonly into: ReadonlyMap<string, Tensor>;
  },
): void {
  const problems: string[] = [];
  for (const input of declared.inputs) {
    const feed = given.feeds.get(input.name);
    if (feed === undefined) {
      problems.push(`input "${input.name}": missing, expected ${formatValueInfo(input)}`);
    } else if (!fits(input, feed)) {
      problems.push(`input "${input.name}": ${misfit(input, feed)}`);
    }
  }
  if (given.feeds.size > declared.inputs.length || problems.length > 0) {
    problems.push(...unknown("input", given.feeds.keys(), declared.inputs));
  }
  problems.push(...unknown("output", given.outputs, declared.outputs));
  for (const [name, target] of given.into) {
    const output = declared.outputs.find((o) => o.name === name);
    if (output === undefined || !given.outputs.includes(name)) {
      problems.push(`output "${name}": given a tensor to fill, but not among the outputs of this run`);
    } else if (output.dtype === "string") {
      problems.push(`output "${name}": strings cannot be filled in place`);
    } else if (!fits(output, target)) {
      problems.push(`output "${name}": ${misfit(output, target)}`);
    }
  }
  if (problems.length === 0) return;
  throw new RunError(`${model}: the tensors do not fit the model.\n  ${problems.join("\n  ")}`, {
    details: { model, problems },
  });
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

function unknown(kind: string, names: Iterable<string>, declared: readonly ValueInfo[]): string[] {
  const known = declared.map((d) => d.name);
  return [...names]
    .filter((name) => !known.includes(name))
    .map((name) => `${kind} "${name}": not in the model, which has ${known.join(", ") || "none"}`);
}
