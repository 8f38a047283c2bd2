/** Means over the batches since the last record. */
export class StepMeter {
  lastLoss = 0;
  lastExamples = 0;
  private loss = 0;
  private examples = 0;
  private since = performance.now();

  add(loss: number, examples: number): void {
    this.lastLoss = loss;
    this.lastExamples = examples;
    this.loss += loss * examples;
    this.examples += examples;
  }

  take(): { loss: number; examplesPerSecond: number } {
    const now = performance.now();
    const means = {
      loss: this.loss / this.examples,
      examplesPerSecond: (1000 * this.examples) / (now - this.since),
    };
    this.loss = 0;
    this.examples = 0;
    this.since = now;
    return means;
  }
}
