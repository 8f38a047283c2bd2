/** Keeps a norm of zero from dividing by zero; the value is PyTorch's. */
const EPSILON = 1e-6;

/**
 * The factor that brings a gradient of this global norm down to `clipNorm`, and 1 where it is small enough:
 * min(1, clipNorm / (norm + 1e-6)), as `torch.nn.utils.clip_grad_norm_`.
 */
export function clipFactor(norm: number, clipNorm: number): number {
  return Math.min(1, clipNorm / (norm + EPSILON));
}
