import { ConfigError } from "../errors.ts";

export interface StepOptions {
  /** Learning rate of the step; groups scale it. */
  readonly lr: number;
  /** Factor that the gradients are taken with: 1 / loss scale, or 1 / number of accumulated micro-batches. */
  readonly gradientScale?: number;
  /** Largest global norm of the scaled gradient; longer ones are scaled down to it. */
  readonly clipNorm?: number;
  /** Whether a NaN or infinite gradient stops the step before anything changes. One more read of the gradients unless
   * they are clipped. True if left out. */
  readonly guard?: boolean;
}

/** @throws ConfigError for numbers that would poison the parameters */
export function checkStep(o: { lr: number; gradientScale: number; clipNorm: number | undefined }): void {
  const positive = (x: number) => x > 0 && Number.isFinite(x);
  const problems = [
    ...(o.lr >= 0 && Number.isFinite(o.lr) ? [] : [`lr is ${o.lr}, expected a finite number of at least 0.`]),
    ...(positive(o.gradientScale)
      ? []
      : [`gradientScale is ${o.gradientScale}, expected a positive number.`]),
    ...(o.clipNorm === undefined || positive(o.clipNorm)
      ? []
      : [`clipNorm is ${o.clipNorm}, expected a positive number.`]),
  ];
  if (problems.length > 0) throw new ConfigError(`step: ${problems.join(" ")}`);
}
