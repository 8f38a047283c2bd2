import { ConfigError } from "../../errors.ts";
import { type Address, allocationSize, Kernel } from "./kernel.ts";

/** A module addresses 4 GiB; what is left above this holds its own data and rounding. */
const SHARD_BYTES: number = 3.9 * 2 ** 30;

/** One parameter's wish: float32 arrays side by side in one memory. */
export interface ShardRequest {
  readonly name: string;
  /** The number of elements of each array. */
  readonly lengths: readonly number[];
  /** Elements of scratch, which the parameters of an instance share. */
  readonly scratch: number;
}

export interface Placement {
  readonly kernel: Kernel;
  /** In the order of the request's lengths. */
  readonly arrays: readonly Address[];
  readonly scratch: Address;
}

/**
 * Spreads parameters over as few kernel instances as their order allows: each parameter goes, with all its arrays, to
 * the first instance that has room. Placements come in the order of the requests.
 *
 * @throws ConfigError if one parameter alone needs more than an instance holds
 */
export function placeInShards(
  module: WebAssembly.Module,
  requests: readonly ShardRequest[],
  shardBytes: number = SHARD_BYTES,
): readonly Placement[] {
  const shards: { bytes: number; scratch: number }[] = [];
  const chosen = requests.map(({ name, lengths, scratch }) => {
    const bytes = lengths.reduce((sum, n) => sum + allocationSize(n), 0);
    const fits = (held: number, roomier: number) =>
      held + bytes + allocationSize(Math.max(scratch, roomier)) <= shardBytes;
    if (!fits(0, 0)) {
      throw new ConfigError(
        `parameter "${name}" has ${lengths[0]} elements and needs ${lengths.length} float32 arrays, ` +
          `${gib(bytes + allocationSize(scratch))} in all; one kernel holds ${gib(shardBytes)}. ` +
          "Freeze it, or take an optimizer with fewer states.",
      );
    }
    let shard = shards.find((s) => fits(s.bytes, s.scratch));
    if (!shard) {
      shard = { bytes: 0, scratch: 0 };
      shards.push(shard);
    }
    shard.bytes += bytes;
    shard.scratch = Math.max(shard.scratch, scratch);
    return shard;
  });
  const kernels = new Map(
    shards.map((s) => [s, new Kernel(module, s.bytes + allocationSize(s.scratch))] as const),
  );
  const placed = requests.map(({ lengths }, i) => {
    const kernel = kernels.get(chosen[i]!)!; // every request chose a shard
    return { kernel, arrays: lengths.map((n) => kernel.allocate(n)) };
  });
  // Scratch comes last, so that a pass that reads a little behind an array stays inside the memory.
  const scratches = new Map(shards.map((s) => [kernels.get(s)!, kernels.get(s)!.allocate(s.scratch)]));
  return placed.map((p) => ({ ...p, scratch: scratches.get(p.kernel)! }));
}

function gib(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(2)} GiB`;
}
