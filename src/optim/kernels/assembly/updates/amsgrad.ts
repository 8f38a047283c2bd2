import { scalar } from "../block";
import { drive } from "../drive";

/** The arithmetic of src/optim/updates/amsgrad.ts. s0 expAvg, s1 expAvgSq, s2 maxExpAvgSq. */
function propose(gradient: usize, scale: f32, s0: usize, s1: usize, s2: usize, step: usize, bytes: usize): void {
  const gradientScale = f32x4.splat(scale);
  const beta1 = scalar(4), rest1 = scalar(5), beta2 = scalar(6), rest2 = scalar(7);
  const stepSize = scalar(8), eps = scalar(9);
  for (let i: usize = 0; i < bytes; i += 16) {
    const g = f32x4.mul(gradientScale, v128.load(gradient + i));
    const m = f32x4.add(f32x4.mul(beta1, v128.load(s0 + i)), f32x4.mul(rest1, g));
    const v = f32x4.add(f32x4.mul(beta2, v128.load(s1 + i)), f32x4.mul(rest2, f32x4.mul(g, g)));
    const largest = f32x4.max(v128.load(s2 + i), v);
    v128.store(s0 + i, m);
    v128.store(s1 + i, v);
    v128.store(s2 + i, largest);
    v128.store(step + i, f32x4.div(f32x4.mul(stepSize, m), f32x4.add(f32x4.sqrt(largest), eps)));
  }
}

export function amsgrad(
  parameter: usize, gradient: usize, s0: usize, s1: usize, s2: usize, anchor: usize, n: usize, mode: i32,
): void {
  drive(propose, parameter, gradient, s0, s1, s2, anchor, n, mode);
}
