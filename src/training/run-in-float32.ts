import type { Session } from "../runtime/session.ts";
import { inFloat32, narrowed } from "../tensor/half-tensor.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { emptyPastFeeds } from "./language-graph.ts";

/**
 * Runs a model that may take and give half floats with float32 tensors: what it takes is rounded, what it gives widened.
 * A decoder with a key–value cache gets an empty one.
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
  const [first] = feeds.values();
  for (const [name, t] of emptyPastFeeds(session.inputs, first?.dims[0] ?? 1)) given.set(name, t);
  for (const [name, t] of feeds) given.set(name, narrowed(t, dtypes.get(name) ?? t.dtype));
  const results = await session.run(given, { outputs });
  return new Map([...results].map(([name, t]) => [name, inFloat32(t)]));
}
