import type { Config } from "../config/schema.ts";
import type { Model } from "../onnx/model.ts";
import { fixInputs } from "../passes/fix-inputs.ts";
import type { Session } from "../runtime/session.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Gives the inputs that settings fix their value, for batches of a size. @throws ConfigError as `fixInputs` does */
export function fixBySettings(model: Model, fix: Config["fix"], batchSize: number): void {
  fixInputs(model, new Map(Object.entries(fix)), new Map([["batch", batchSize]]));
}

/** A session that is fed some of its inputs by itself, always the same; to others it looks as if it had none of them. */
export function fixedSession(session: Session, values: ReadonlyMap<string, Tensor>): Session {
  if (values.size === 0) return session;
  return {
    inputs: session.inputs.filter(({ name }) => !values.has(name)),
    outputs: session.outputs,
    run: (feeds, options) => session.run(new Map([...feeds, ...values]), options),
    release: () => session.release(),
  };
}
