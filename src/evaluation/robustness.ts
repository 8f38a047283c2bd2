import { logit } from "./intervals.ts";

/** A model on data like its training data and on shifted data, as shares of right answers. */
export interface IdOod {
  readonly id: number;
  readonly ood: number;
  /** Examples that each share is of: exact 0 and 1 are taken as half an example away. */
  readonly idCount: number;
  readonly oodCount: number;
}

/** logit(ood) = intercept + slope · logit(id), fitted on standard models. */
export interface RobustnessLine {
  readonly intercept: number;
  readonly slope: number;
  /** Models that it is fitted on. */
  readonly points: number;
  /** Share of the variance of logit(ood) that it explains. */
  readonly r2: number;
}

const FEWEST_POINTS = 3;
/** Points nearer together than this, in logits, tell no slope. */
const LEAST_SPREAD = 0.05;

/**
 * The line that ordinary training follows: least squares in logit space.
 * Taori et al., NeurIPS 2020; modestyachts/imagenet-testbed. Null where fewer than three models, or models that are all
 * alike, tell no line.
 */
export function fitRobustnessLine(models: readonly IdOod[]): RobustnessLine | null {
  if (models.length < FEWEST_POINTS) return null;
  const xs = models.map((m) => logit(m.id, m.idCount));
  const ys = models.map((m) => logit(m.ood, m.oodCount));
  if (Math.max(...xs) - Math.min(...xs) < LEAST_SPREAD) return null;
  const [mx, my] = [mean(xs), mean(ys)];
  let [sxx, sxy, syy] = [0, 0, 0];
  xs.forEach((x, i) => {
    const [dx, dy] = [x - mx, ys[i]! - my];
    sxx += dx * dx;
    sxy += dx * dy;
    syy += dy * dy;
  });
  const slope = sxy / sxx;
  return { intercept: my - slope * mx, slope, points: models.length, r2: syy > 0 ? (slope * sxy) / syy : 1 };
}

/** ρ = ood − β(id): how far a model lies above what the line expects of its share in distribution. */
export function effectiveRobustness(line: RobustnessLine, model: IdOod): number {
  return model.ood - expectedOod(line, logit(model.id, model.idCount));
}

/** β: the share on shifted data that the line expects at a logit in distribution. */
function expectedOod({ intercept, slope }: RobustnessLine, idLogit: number): number {
  return 1 / (1 + Math.exp(-(intercept + slope * idLogit)));
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
