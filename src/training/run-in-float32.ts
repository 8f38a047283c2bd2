import type { Session } from "../runtime/session.ts";
import { inFloat32, narrowed } from "../tensor/half-tensor.ts";
import type { Tensor } from "../tensor/tensor.ts";

/**
 * Runs a model that may take and give half floats with float32 tensors: what it takes is rounded, what it gives widened.
 *
 * @returns output name → tensor
 * @throws RunError as `Session.run` does
 */
export async function runInFloat32(
  session: Session,
  feeds: ReadonlyMap<string, Tensor>,
  outputs: readonly string[],
): Promise<Map<string, Tensor>> {
  const dtypes = new Map(session.inputs.map((i) => [i.name, i.dtype]));
  const given = new Map<string, Tensor>();
  for (const [name, t] of feeds) given.set(name, narrowed(t, dtypes.get(name) ?? t.dtype));
  const results = await session.run(given, { outputs });
  return new Map([...results].map(([name, t]) => [name, inFloat32(t)]));
}
