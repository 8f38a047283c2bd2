import type { Optimizer } from "../optim/optimizer.ts";
import type { StepReport } from "../optim/report.ts";
import type { LayerRecord } from "../run/records.ts";
import type { TrainableParameter } from "./training-graph.ts";

interface Tally {
  condition: number;
  fired: number;
  ratio: number;
}

/** Sums up, parameter by parameter, what the anchor rule did since the last record, and over the whole run. */
export class LayerLog {
  private readonly parameters: readonly TrainableParameter[];
  private readonly optimizer: Optimizer;
  /** Parameters that an anchor rule of nonzero strength acts on. */
  private readonly anchored: ReadonlySet<string>;
  /** Where each parameter's tally stands. */
  private readonly place: ReadonlyMap<string, number>;
  private tallies: Tally[];
  private steps = 0;
  /** Over the whole run: tensor-steps of anchored parameters, and how many of them fired. */
  private totals: { fired: number; tensorSteps: number };

  constructor(
    parameters: readonly TrainableParameter[],
    optimizer: Optimizer,
    totals: { readonly fired: number; readonly tensorSteps: number } = { fired: 0, tensorSteps: 0 },
  ) {
    this.parameters = parameters;
    this.optimizer = optimizer;
    this.anchored = new Set(
      optimizer.settings
        .filter((s) => s.strength > 0 && s.rule.toward !== "nothing" && !s.frozen)
        .map((s) => s.name),
    );
    this.place = new Map(parameters.map((p, i) => [p.name, i]));
    this.tallies = emptyTallies(parameters.length);
    this.totals = { ...totals };
  }

  add(report: StepReport): void {
    this.steps++;
    const { anchored } = this;
    for (const t of report.tensors) {
      const i = this.place.get(t.name);
      const tally = i === undefined ? undefined : this.tallies[i];
      if (!tally) continue;
      if (t.condition !== null && t.condition < 0) tally.condition++;
      if (t.fired) {
        tally.fired++;
        tally.ratio += t.ratio;
      }
      if (anchored.has(t.name)) {
        this.totals.tensorSteps++;
        if (t.fired) this.totals.fired++;
      }
    }
  }

  /** Records of the interval that ends at `step`, and a fresh interval after it; none if no step was added. */
  take(step: number): LayerRecord[] {
    if (this.steps === 0) return [];
    const deviations = this.optimizer.deviations();
    const { anchored } = this;
    const { steps } = this;
    const roles = new Map(this.optimizer.settings.map((s) => [s.name, s.role]));
    const records = this.parameters.map((p, i): LayerRecord => {
      const t = this.tallies[i]!; // one tally for each parameter
      const values = this.optimizer.parameters.get(p.name)!; // the optimizer was made from these parameters
      const role = roles.get(p.name);
      return {
        step,
        steps,
        name: p.name,
        depth: p.depth,
        role: role === undefined || role === "other" ? p.role : role,
        elements: values.length,
        anchored: anchored.has(p.name),
        condition: t.condition / steps,
        fired: t.fired / steps,
        ratio: t.fired === 0 ? 0 : t.ratio / t.fired,
        deviation: deviations.get(p.name) ?? 0,
        norm: Math.sqrt(sumOfSquares(values)),
      };
    });
    this.tallies = emptyTallies(this.parameters.length);
    this.steps = 0;
    return records;
  }

  /** ‖θ − θ0‖ over all anchored tensors together; over all that have an anchor, if no rule acts on any. */
  deviation(): number {
    const { anchored } = this;
    const all = [...this.optimizer.deviations()];
    const counted = anchored.size > 0 ? all.filter(([name]) => anchored.has(name)) : all;
    return Math.sqrt(counted.reduce((sum, [, d]) => sum + d * d, 0));
  }

  /** For a checkpoint. */
  get runTotals(): { readonly fired: number; readonly tensorSteps: number } {
    return { ...this.totals };
  }

  /** Share of the tensor-steps of anchored parameters in which the rule moved something; undefined if none is anchored. */
  get firingRate(): number | undefined {
    return this.totals.tensorSteps === 0 ? undefined : this.totals.fired / this.totals.tensorSteps;
  }
}

function emptyTallies(n: number): Tally[] {
  return Array.from({ length: n }, () => ({ condition: 0, fired: 0, ratio: 0 }));
}

function sumOfSquares(values: Float32Array): number {
  let sum = 0;
  for (const v of values) sum += v * v;
  return sum;
}
