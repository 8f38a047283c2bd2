import type { EnvironmentRecord } from "../run/records.ts";
import { describeMachine } from "../runtime/describe.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { VERSION } from "../version.ts";

/** Where, with what and how a run is started. */
export async function describeEnvironment(
  runtime: Runtime,
  run: { readonly command: string; readonly seeds: Readonly<Record<string, number>> },
): Promise<EnvironmentRecord> {
  const machine = await describeMachine();
  const versions = machine.packages.flatMap((p) =>
    p.version === null ? [] : [[p.name, p.version] as const],
  );
  return {
    holdfast: VERSION,
    node: machine.node,
    platform: machine.platform,
    cpu: machine.cpu.model,
    threads: machine.cpu.threads,
    memoryBytes: machine.memory.total,
    runtime: runtime.label,
    packages: Object.fromEntries(versions),
    seeds: run.seeds,
    command: run.command,
    startedAt: new Date().toISOString(),
  };
}
