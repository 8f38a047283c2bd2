import type { JudgedBatch, Judgement, Meter } from "../evaluation/meter.ts";
import { RegressionMeter } from "../evaluation/regression-meter.ts";
import { type Tensor, toNumbers } from "../tensor/tensor.ts";
import type { Task } from "./task.ts";

/** Significant digits of a number that is shown. */
const DIGITS = 4;

/** One number, or several, for each example: outputs [B, K] against numbers [B, K]. */
export const regression: Task = {
  name: "regression",
  summary: "one number or several for each image, text, pair, sound or array",
  samples: ["image", "text", "array", "audio"],
  labelling: "numbers",
  hasClasses: false,
  metrics: ["rmse", "mae", "r2", "pearson", "spearman", "loss"],
  head: "vector",
  architectures: { image: "ForImageClassification", text: "ForSequenceClassification" },
  problemType: "regression",
  width: (train) => train.labels?.(0).length ?? 1,
  loss: "mse",
  meter: () => new NumbersMeter(),
  answer({ output }) {
    const numbers = Array.from(output.data);
    const [only] = numbers;
    if (numbers.length === 1) return { fields: { value: only! }, columns: [["value", only!]] }; // it has this one
    return { fields: { values: numbers }, columns: numbers.map((v, k) => [`value_${k + 1}`, v] as const) };
  },
  show: (said, target) => ({ expected: listed(target), answer: listed(said.output) }),
};

function listed(numbers: Tensor): string {
  return toNumbers(numbers)
    .map((v) => String(Number(v.toPrecision(DIGITS))))
    .join(", ");
}

/** A meter of as many numbers as the first batch has. */
class NumbersMeter implements Meter {
  private meter: RegressionMeter | null = null;

  add(batch: JudgedBatch): void {
    const outputs = batch.output.dims[1] ?? 1;
    this.meter ??= new RegressionMeter(
      outputs === 1 ? [""] : Array.from({ length: outputs }, (_, k) => `number ${k + 1}`),
    );
    this.meter.add(batch);
  }

  result(): Judgement {
    return (this.meter ?? new RegressionMeter()).result();
  }
}
