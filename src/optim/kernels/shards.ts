import { ConfigError } from "../../errors.ts";
import { type Address, allocationSize, Kernel } from "./kernel.ts";

/** A module addresses 4 GiB; what is left above this holds its own data and rounding. */
const SHARD_BYTES: number = 3.9 * 2 ** 30;

/** One parameter's wish: so many float32 arrays of its length, and some of other lengths, side by side in one memory. */
export interface ShardRequest {
  readonly name: string;
  readonly length: number;
  readonly arrays: number;
  /** Lengths of further arrays. */
  readonly extra: readonly number[];
}

export interface Placement {
  readonly kernel: Kernel;
  /** Those of the parameter's length, then the further ones. */
  readonly arrays: readonly Address[];
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
  const sizes: number[] = [];
  const chosen = requests.map(({ name, length, arrays, extra }) => {
    const bytes = extra.reduce((sum, n) => sum + allocationSize(n), arrays * allocationSize(length));
    if (bytes > shardBytes) {
      throw new ConfigError(
        `parameter "${name}" has ${length} elements and needs ${arrays} float32 arrays of them, ${gib(bytes)} in all; ` +
          `one kernel holds ${gib(shardBytes)}. Freeze it, or take an optimizer with fewer states.`,
      );
    }
    const shard = sizes.findIndex((size) => size + bytes <= shardBytes);
    if (shard === -1) return sizes.push(bytes) - 1;
    sizes[shard]! += bytes;
    return shard;
  });
  const kernels = sizes.map((size) => new Kernel(module, size));
  return requests.map(({ length, arrays, extra }, i) => {
    const kernel = kernels[chosen[i]!]!;
    const own = Array.from({ length: arrays }, () => kernel.allocate(length));
    return { kernel, arrays: [...own, ...extra.map((n) => kernel.allocate(n))] };
  });
}

function gib(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(2)} GiB`;
}
