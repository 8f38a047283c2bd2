import { allProblems, UnsupportedOpError } from "../errors.ts";
import type { Value } from "../onnx/value.ts";

/** Values of the source model that cannot be computed in a graph of static shapes, with every reason. No error until one is needed. */
export class Refusals {
  private readonly reasons = new Map<Value, readonly UnsupportedOpError[]>();

  add(values: readonly (Value | null)[], reasons: readonly UnsupportedOpError[]): void {
    for (const v of values) if (v !== null) this.reasons.set(v, reasons);
  }

  has(value: Value): boolean {
    return this.reasons.has(value);
  }

  /** Why some of the values cannot be computed, each reason once; empty if all of them can. */
  of(values: readonly (Value | null)[]): readonly UnsupportedOpError[] {
    return [...new Set(values.flatMap((v) => (v === null ? [] : (this.reasons.get(v) ?? []))))];
  }

  /** @throws UnsupportedOpError with every reason if the value cannot be computed */
  check(value: Value): void {
    const reasons = this.reasons.get(value);
    if (reasons) throw allProblems(reasons);
  }

  get map(): ReadonlyMap<Value, readonly UnsupportedOpError[]> {
    return this.reasons;
  }
}

/** Why a sequence cannot be an output. */
export function sequenceOutput(output: Value): UnsupportedOpError {
  return new UnsupportedOpError(
    `model output "${output.name}" is a sequence of tensors, and a training graph gives tensors. ` +
      "Export the model with its elements as outputs, or cut it before with --head.from.",
    { details: { output: output.name } },
  );
}
