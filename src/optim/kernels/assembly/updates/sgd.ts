import { scalar } from "../block";
import { drive } from "../drive";

/** The arithmetic of src/optim/updates/sgd.ts. s0 momentumBuffer, or 0 without momentum. */
function propose(gradient: usize, scale: f32, s0: usize, s1: usize, s2: usize, step: usize, bytes: usize): void {
  const gradientScale = f32x4.splat(scale);
  const lr = scalar(4), momentum = scalar(5), ahead = scalar(6), own = scalar(7);
  for (let i: usize = 0; i < bytes; i += 16) {
    const g = f32x4.mul(gradientScale, v128.load(gradient + i));
    if (!s0) {
      v128.store(step + i, f32x4.mul(lr, g));
      continue;
    }
    const buffer = f32x4.add(f32x4.mul(momentum, v128.load(s0 + i)), g);
    v128.store(s0 + i, buffer);
    v128.store(step + i, f32x4.mul(lr, f32x4.add(f32x4.mul(own, g), f32x4.mul(ahead, buffer))));
  }
}

export function sgd(
  parameter: usize, gradient: usize, s0: usize, s1: usize, s2: usize, anchor: usize, n: usize, mode: i32,
): void {
  drive(propose, parameter, gradient, s0, s1, s2, anchor, n, mode);
}
