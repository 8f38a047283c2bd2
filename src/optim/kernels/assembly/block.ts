/**
 * The workspace that a kernel shares with its caller, and what every kernel uses.
 *
 * Arrays are float32, start on 16 bytes, and are padded with zeros to a multiple of 4 elements, so no loop has a
 * scalar tail. Lengths `n` count elements with the padding.
 */

/** Bytes of one block: 512 elements. Its six streams fit the first cache level; shorter blocks pay more calls. */
// @ts-ignore: decorator
@inline
export const BLOCK: usize = 2048;

/**
 * Where this instance meets its caller and keeps what one block needs; `useWorkspace` says so before any step.
 * Instances over one memory, one for each thread, have a workspace each.
 */
export let workspace: usize = 0;

export function useWorkspace(address: usize): void {
  workspace = address;
}

// Offsets in the workspace.
/** float32 [16]: gradient scale, coupling, pull, one unused, then the update rule's coefficients. */
export const SCALARS: usize = 0;
/** float64 pairs [5, 2], to be added by the caller: ⟨g,d⟩, ‖d‖², ⟨u,d⟩, ‖u‖², ‖g‖². */
export const SUMS: usize = 64;
/** float32 [512]: the step that an update rule proposes for one block. */
// @ts-ignore: decorator
@inline
export const PROPOSED: usize = 192;
/** float32 [512]: the gradient of one block with the anchor's coupling added. */
// @ts-ignore: decorator
@inline
export const COUPLED: usize = PROPOSED + BLOCK;

/** Bytes of a workspace. */
export const WORKSPACE: usize = COUPLED + BLOCK;
/** The first byte of the memory that the caller may use. */
export const FREE: usize = __heap_base;

/** One of the SCALARS in all four lanes. */
// @ts-ignore: decorator
@inline
export function scalar(index: usize): v128 {
  return v128.load32_splat(workspace + SCALARS + (index << 2));
}

/** Adds four float32 lanes to a float64 pair. */
// @ts-ignore: decorator
@inline
export function addLanes(pair: v128, lanes: v128): v128 {
  const high = v128.shuffle<f32>(lanes, lanes, 2, 3, 0, 1);
  return f64x2.add(pair, f64x2.add(f64x2.promote_low_f32x4(lanes), f64x2.promote_low_f32x4(high)));
}

// @ts-ignore: decorator
@inline
export function total(pair: v128): f64 {
  return f64x2.extract_lane(pair, 0) + f64x2.extract_lane(pair, 1);
}
