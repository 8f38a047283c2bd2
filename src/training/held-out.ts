import type { Batch, Loader } from "../data/loader.ts";
import { RunError } from "../errors.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { StepReport } from "../optim/report.ts";
import type { EvaluationSet } from "./evaluate.ts";
import type { TrainingSessions } from "./sessions.ts";

/**
 * Batches of a held-out set by number, over and over again. Which batch a number stands for follows from the number alone,
 * so that a resumed run sees what the unbroken one saw; numbers in a row are read ahead.
 */
class HeldOutBatches {
  private readonly loader: Loader;
  private walk: AsyncGenerator<Batch, void, void> | null = null;
  /** Number of the batch that `walk` gives next. */
  private next = 0;

  constructor(loader: Loader) {
    this.loader = loader;
  }

  /** Valid until the next call. */
  async at(number: number): Promise<Batch> {
    const { batchesPerEpoch } = this.loader;
    if (this.walk === null || number !== this.next) {
      await this.walk?.return();
      const [epoch, batch] = [Math.floor(number / batchesPerEpoch), number % batchesPerEpoch];
      this.walk = this.loader.from({ epoch, batch });
    }
    this.next = number + 1;
    const { value } = await this.walk.next();
    if (!value) throw new Error("internal: a walk over batches without end has ended");
    return value;
  }
}

/**
 * What anchor rules with a projection need of a run: gradients of the training graph on the validation set. They are those
 * of the loss that training has, with whatever a run adds to it, and dropout of adapters stays on.
 */
export class HeldOutProjection {
  private readonly sessions: TrainingSessions;
  private readonly sets: readonly EvaluationSet[];
  private batches: HeldOutBatches | null = null;

  constructor(sessions: TrainingSessions, sets: readonly EvaluationSet[]) {
    this.sessions = sessions;
    this.sets = sets;
  }

  /** Projects the parameters after a step. @returns its report with what the projection did */
  async project(optimizer: Optimizer, report: StepReport, isLast: boolean): Promise<StepReport> {
    const validation = this.sets.find((s) => s.kind === "validation");
    if (!validation) throw new RunError("internal: a run without a validation set has nothing to project on");
    this.batches ??= new HeldOutBatches(validation.loader);
    const { batches, sessions } = this;
    // Batches go round from where the steps before left them, whether or not the run was resumed in between.
    let number = report.step * optimizer.projectionRounds;
    const gradients = async () => {
      await sessions.step(await batches.at(number++));
    };
    return optimizer.project(report, { isLast, gradients });
  }
}
