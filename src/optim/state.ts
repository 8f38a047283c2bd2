import { ConfigError } from "../errors.ts";

/**
 * Everything that a later step depends on, but anchors and settings, which come from where they came at creation.
 * Keys are `parameter/<name>` and `<state>/<name>` (for example `expAvg/encoder.weight`), for trainable parameters.
 */
export interface OptimizerState {
  /** Name of the update rule that the states belong to. */
  readonly update: string;
  /** Steps done. */
  readonly step: number;
  readonly tensors: ReadonlyMap<string, Float32Array>;
}

/**
 * Copies saved arrays into the arrays of the same names.
 *
 * @throws ConfigError listing every array that is missing, unknown or of another length; nothing is copied then
 */
export function restore(
  update: string,
  target: ReadonlyMap<string, Float32Array>,
  saved: OptimizerState,
): void {
  const problems: string[] = [];
  if (saved.update !== update) {
    problems.push(`it belongs to update rule "${saved.update}", and this optimizer is "${update}".`);
  }
  if (!Number.isSafeInteger(saved.step) || saved.step < 0) {
    problems.push(`its step is ${saved.step}, expected a count of steps.`);
  }
  for (const [key, array] of target) {
    const data = saved.tensors.get(key);
    if (!data) problems.push(`"${key}" is missing.`);
    else if (data.length !== array.length) {
      problems.push(`"${key}" has ${data.length} elements, expected ${array.length}.`);
    }
  }
  for (const key of saved.tensors.keys()) {
    if (!target.has(key)) problems.push(`"${key}" belongs to no trainable parameter here.`);
  }
  if (problems.length > 0) {
    throw new ConfigError(`this optimizer state does not fit:\n${problems.join("\n")}`, {
      details: { problems },
    });
  }
  // Every key was found above.
  for (const [key, array] of target) array.set(saved.tensors.get(key)!);
}
