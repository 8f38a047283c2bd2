/**
 * Sums over pairs of a predicted and a true number, from which errors and Pearson's correlation follow, without keeping
 * the pairs. Means and squares are updated together, so that large numbers with little spread lose nothing.
 * Welford, Technometrics 1962.
 */
export class PairMoments {
  private count = 0;
  private meanP = 0;
  private meanT = 0;
  private squaresP = 0;
  private squaresT = 0;
  private products = 0;
  private absoluteErrors = 0;
  private squaredErrors = 0;

  add(predicted: number, truth: number): void {
    this.count++;
    const dp = predicted - this.meanP;
    const dt = truth - this.meanT;
    this.meanP += dp / this.count;
    this.meanT += dt / this.count;
    this.squaresP += dp * (predicted - this.meanP);
    this.squaresT += dt * (truth - this.meanT);
    this.products += dp * (truth - this.meanT);
    this.absoluteErrors += Math.abs(predicted - truth);
    this.squaredErrors += (predicted - truth) ** 2;
  }

  get rootMeanSquaredError(): number {
    return Math.sqrt(this.squaredErrors / this.count);
  }

  get meanAbsoluteError(): number {
    return this.absoluteErrors / this.count;
  }

  /** R²; NaN where all true numbers are the same. */
  get determination(): number {
    return this.squaresT === 0 ? Number.NaN : 1 - this.squaredErrors / this.squaresT;
  }

  /** NaN where either side is constant. */
  get pearson(): number {
    const spread = Math.sqrt(this.squaresP * this.squaresT);
    return spread === 0 ? Number.NaN : this.products / spread;
  }
}
