/**
 * The memory that a call shares with its caller, and the reductions that every kernel uses.
 *
 * Arrays are float32, start on 16 bytes, and are padded with zeros to a multiple of 4 elements, so no loop has a
 * scalar tail. Lengths `n` count elements with the padding.
 */

/** Bytes of one block: 512 elements. Its six streams fit the first cache level; shorter blocks pay more calls. */
// @ts-ignore: decorator
@inline
export const BLOCK: usize = 2048;

/** float32 [16]: gradient scale, coupling, pull, one unused, then the update rule's coefficients. */
export const SCALARS: usize = memory.data(64, 16);
/** float64 pairs [5, 2], to be added by the caller: ⟨g,d⟩, ‖d‖², ⟨u,d⟩, ‖u‖², ‖g‖². */
export const SUMS: usize = memory.data(80, 16);
/** The step that an update rule proposes for one block. */
export const PROPOSED: usize = memory.data(2048, 16);
/** The gradient of one block with the anchor's coupling added. */
export const COUPLED: usize = memory.data(2048, 16);
/** The first byte that the caller may use. */
export const FREE: usize = __heap_base;

/** A float32 of SCALARS in all four lanes. */
// @ts-ignore: decorator
@inline
export function scalar(index: usize): v128 {
  return v128.load32_splat(SCALARS + (index << 2));
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
