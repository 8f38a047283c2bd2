/** Error rates of one model under corruptions. */
export interface CorruptionErrors {
  /** Error on the same examples as they are. */
  readonly clean: number;
  /** By corruption, then by severity. */
  readonly corrupted: ReadonlyMap<string, ReadonlyMap<number, number>>;
}

/**
 * mCE: by how much a model errs under corruptions against a reference model.
 *
 *     CE_c = Σ_s E_{s,c} / Σ_s E^ref_{s,c},   mCE = mean over c
 *
 * Over corruptions and severities that both were judged under. 1 is as bad as the reference, less is better.
 * Hendrycks and Dietterich, ICLR 2019, whose reference is AlexNet.
 *
 * @returns NaN where nothing is common to both; infinite where the reference makes no error
 */
export function meanCorruptionError(model: CorruptionErrors, reference: CorruptionErrors): number {
  return meanRatio(model, reference, () => 0);
}

/**
 * Relative mCE: the same for what corruption adds to the error on clean examples.
 *
 *     Σ_s (E_{s,c} − E_clean) / Σ_s (E^ref_{s,c} − E^ref_clean),   mean over c
 */
export function relativeCorruptionError(model: CorruptionErrors, reference: CorruptionErrors): number {
  return meanRatio(model, reference, (errors) => errors.clean);
}

function meanRatio(
  model: CorruptionErrors,
  reference: CorruptionErrors,
  baseline: (errors: CorruptionErrors) => number,
): number {
  const ratios: number[] = [];
  for (const [name, own] of model.corrupted) {
    const other = reference.corrupted.get(name);
    const severities = [...own.keys()].filter((severity) => other?.has(severity));
    if (!other || severities.length === 0) continue;
    const sum = (of: ReadonlyMap<number, number>, errors: CorruptionErrors) =>
      severities.reduce((total, severity) => total + of.get(severity)! - baseline(errors), 0);
    ratios.push(sum(own, model) / sum(other, reference));
  }
  return ratios.reduce((a, b) => a + b, 0) / ratios.length;
}
