import { addLanes, BLOCK, COUPLED, PROPOSED, scalar, SCALARS, SUMS, workspace } from "./block";

/**
 * An update rule over one block of `bytes`, entry `propose` of the function table: reads the gradient times `scale`,
 * updates its states, writes the proposed step u to `step`. formula-compiler.ts writes it from the rule's formula.
 * Zeros must give a zero step, because the padding passes through it.
 */
// @ts-ignore: decorator
@inline
function proposeBlock(
  propose: u32, gradient: usize, scale: f32, s0: usize, s1: usize, s2: usize, step: usize, bytes: usize,
): void {
  call_indirect<void>(propose, gradient, scale, s0, s1, s2, step, bytes);
}

// What the anchor does in the pass; kernel.ts knows the same numbers.
// @ts-ignore: decorator
@inline
const PLAIN: i32 = 0; // no anchor is read
// @ts-ignore: decorator
@inline
const WATCHED: i32 = 1; // the deviation is summed
// @ts-ignore: decorator
@inline
const PULLED: i32 = 2; // it is summed, and acts on gradient and step
// @ts-ignore: decorator
@inline
const CAUTIOUS: i32 = 3; // it is summed, and acts on the elements whose step and deviation share a sign

/**
 * One step of one range of a tensor, block by block, and its sums into SUMS:
 *
 *     d = θ − θ0      u = propose(scale · g + coupling · d)      θ ← θ − u − pull · d
 *     cautious:       u = propose(scale · g)                     θ ← θ − u − pull · d where u · d ≥ 0
 *
 * The sums take g as scale · g, and the step as float32 made it: old θ − new θ. They are float32 over the 128 vectors
 * of a block and float64 over blocks; float64 throughout would take 1.4 times as long. `anchor` 0 is an anchor of
 * zeros; a state that the rule lacks is 0. Rule and anchor pass over a block in turn while it lies in the first cache.
 */
export function drive(
  propose: u32, parameter: usize, gradient: usize, s0: usize, s1: usize, s2: usize, anchor: usize, n: usize, mode: i32,
): void {
  const scale = load<f32>(workspace + SCALARS);
  const proposed = workspace + PROPOSED, coupled = workspace + COUPLED;
  const end = parameter + (n << 2);
  memory.fill(workspace + SUMS, 0, 80);
  while (parameter < end) {
    const bytes = min(BLOCK, end - parameter);
    if (mode == PULLED) {
      couple(parameter, gradient, anchor, bytes);
      proposeBlock(propose, coupled, 1, s0, s1, s2, proposed, bytes);
      if (anchor) hold(PULLED, false, parameter, gradient, anchor, bytes);
      else hold(PULLED, true, parameter, gradient, anchor, bytes);
    } else {
      proposeBlock(propose, gradient, scale, s0, s1, s2, proposed, bytes);
      if (mode == PLAIN) hold(PLAIN, true, parameter, gradient, anchor, bytes);
      else if (mode == CAUTIOUS) {
        if (anchor) hold(CAUTIOUS, false, parameter, gradient, anchor, bytes);
        else hold(CAUTIOUS, true, parameter, gradient, anchor, bytes);
      }
      else if (anchor) hold(WATCHED, false, parameter, gradient, anchor, bytes);
      else hold(WATCHED, true, parameter, gradient, anchor, bytes);
    }
    parameter += bytes;
    gradient += bytes;
    if (s0) s0 += bytes;
    if (s1) s1 += bytes;
    if (s2) s2 += bytes;
    if (anchor) anchor += bytes;
  }
}

/** coupled ← scale · g + coupling · d. */
function couple(parameter: usize, gradient: usize, anchor: usize, bytes: usize): void {
  const scale = scalar(0), coupling = scalar(1), coupled = workspace + COUPLED;
  for (let i: usize = 0; i < bytes; i += 16) {
    let d = v128.load(parameter + i);
    if (anchor) d = f32x4.sub(d, v128.load(anchor + i));
    const g = f32x4.mul(scale, v128.load(gradient + i));
    v128.store(coupled + i, f32x4.add(g, f32x4.mul(coupling, d)));
  }
}

/** θ ← θ − proposed − pull · d over one block. `mode` and `zero` are constants that inlining folds away. */
// @ts-ignore: decorator
@inline
function hold(mode: i32, zero: bool, parameter: usize, gradient: usize, anchor: usize, bytes: usize): void {
  const scale = scalar(0), pull = scalar(2);
  const proposed = workspace + PROPOSED, sums = workspace + SUMS;
  let gd = f32x4.splat(0), dd = gd, ud = gd, uu = gd, gg = gd;
  for (let i: usize = 0; i < bytes; i += 16) {
    const p = v128.load(parameter + i);
    const g = f32x4.mul(scale, v128.load(gradient + i));
    const d = mode == PLAIN || zero ? p : f32x4.sub(p, v128.load(anchor + i));
    const step = v128.load(proposed + i);
    let next = f32x4.sub(p, step);
    if (mode == PULLED) next = f32x4.sub(next, f32x4.mul(pull, d));
    if (mode == CAUTIOUS) {
      const agrees = f32x4.ge(f32x4.mul(step, d), f32x4.splat(0));
      next = f32x4.sub(next, v128.and(agrees, f32x4.mul(pull, d)));
    }
    v128.store(parameter + i, next);
    const u = f32x4.sub(p, next);
    if (mode != PLAIN) {
      gd = f32x4.add(gd, f32x4.mul(g, d));
      dd = f32x4.add(dd, f32x4.mul(d, d));
      ud = f32x4.add(ud, f32x4.mul(u, d));
    }
    uu = f32x4.add(uu, f32x4.mul(u, u));
    gg = f32x4.add(gg, f32x4.mul(g, g));
  }
  if (mode != PLAIN) {
    v128.store(sums, addLanes(v128.load(sums), gd));
    v128.store(sums, addLanes(v128.load(sums, 16), dd), 16);
    v128.store(sums, addLanes(v128.load(sums, 32), ud), 32);
  }
  v128.store(sums, addLanes(v128.load(sums, 48), uu), 48);
  v128.store(sums, addLanes(v128.load(sums, 64), gg), 64);
}

/** θ ← θ − share · (θ − θ0) for a range of one tensor. */
export function shrink(parameter: usize, anchor: usize, n: usize, share: f32): void {
  const end = parameter + (n << 2);
  const s = f32x4.splat(share);
  if (anchor) {
    for (; parameter < end; parameter += 16, anchor += 16) {
      const p = v128.load(parameter);
      v128.store(parameter, f32x4.sub(p, f32x4.mul(s, f32x4.sub(p, v128.load(anchor)))));
    }
  } else {
    for (; parameter < end; parameter += 16) {
      const p = v128.load(parameter);
      v128.store(parameter, f32x4.sub(p, f32x4.mul(s, p)));
    }
  }
}
