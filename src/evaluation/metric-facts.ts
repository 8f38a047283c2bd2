/** What tables, pages and the choice of the kept model need to know of a metric. */
export interface MetricFacts {
  /** As settings and records call it. */
  readonly name: string;
  /** For people, short enough for a column's head. */
  readonly label: string;
  readonly higherIsBetter: boolean;
  /** Whether it is the share of a set's examples that are right, one answer each, and so has a binomial interval. */
  readonly isShare: boolean;
  /** Whether it weighs probabilities of tokens or classes: good to choose by, and hard to read for people. */
  readonly isLikelihood: boolean;
  /** How it is written: a number between 0 and 1 as per cent, anything else as it is. */
  readonly unit: "percent" | "number";
  /** The least and the most that it can be. */
  readonly range: readonly [lowest: number, highest: number];
  /** One sentence: what it is, with the conventions that differ in the wild. */
  readonly summary: string;
}

type Better = "higher" | "lower";

/** A metric between 0 and 1 that is no plain share of examples. */
function rate(name: string, label: string, better: Better, summary: string): MetricFacts {
  return {
    ...{ name, label, higherIsBetter: better === "higher", unit: "percent", range: [0, 1], summary },
    ...{ isShare: false, isLikelihood: false },
  };
}

/** The share of examples that are right. */
function share(name: string, label: string, summary: string): MetricFacts {
  return { ...rate(name, label, "higher", summary), isShare: true };
}

/** A metric on a scale of its own. */
function plain(
  name: string,
  label: string,
  better: Better,
  range: MetricFacts["range"],
  summary: string,
): MetricFacts {
  return { ...rate(name, label, better, summary), unit: "number", range };
}

/** What training itself lowers. */
function likelihood(name: string, label: string, range: MetricFacts["range"], summary: string): MetricFacts {
  return { ...plain(name, label, "lower", range, summary), isLikelihood: true };
}

const ANYTHING = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;
const FROM_ZERO = [0, Number.POSITIVE_INFINITY] as const;

/** Every metric that a meter gives, of a set or of one of its parts; tables and pages show them in this order. */
export const METRICS: readonly MetricFacts[] = [
  share("accuracy", "Accuracy", "Share of examples whose answer is right."),
  share("top-5", "Top 5", "Share of examples whose class is among the five largest outputs."),
  share("subset-accuracy", "All labels right", "Share of examples of which every label is right."),
  rate("balanced-accuracy", "Balanced accuracy", "higher", "Mean recall over the classes of the set."),
  rate("macro-f1", "Macro F1", "higher", "Unweighted mean over classes of F1 = 2PR / (P + R)."),
  rate("micro-f1", "Micro F1", "higher", "F1 of all labels counted together."),
  rate("weighted-f1", "Weighted F1", "higher", "Mean over classes of F1, weighted by their examples."),
  rate(
    "auroc",
    "AUROC",
    "higher",
    "Area under the ROC curve; with several classes each against the rest, unweighted mean.",
  ),
  rate("map", "mAP", "higher", "Average precision of each label, not interpolated; unweighted mean."),
  rate(
    "entity-f1",
    "Entity F1",
    "higher",
    "F1 over entities whose type and both ends are right, all types together.",
  ),
  rate("entity-precision", "Entity precision", "higher", "Share of the predicted entities that are right."),
  rate("entity-recall", "Entity recall", "higher", "Share of the true entities that were found."),
  rate("token-accuracy", "Token accuracy", "higher", "Share of the judged tokens that are right."),
  rate(
    "miou",
    "Mean IoU",
    "higher",
    "Intersection over union of each class over all pixels of the set; mean over the classes that occur.",
  ),
  rate("pixel-accuracy", "Pixel accuracy", "higher", "Share of the judged pixels that are right."),
  rate(
    "vqa-accuracy",
    "VQA accuracy",
    "higher",
    "Mean over the annotators of min(1, others who said the same / 3), after VQA's normalisation.",
  ),
  rate("recall-1", "Recall at 1", "higher", "Share of queries whose partner is the nearest."),
  rate("recall-5", "Recall at 5", "higher", "Share of queries whose partner is among the five nearest."),
  rate("recall-10", "Recall at 10", "higher", "Share of queries whose partner is among the ten nearest."),
  rate("precision", "Precision", "higher", "Share of what was predicted that is right."),
  rate("recall", "Recall", "higher", "Share of what is there that was found."),
  rate("f1", "F1", "higher", "2PR / (P + R)."),
  rate(
    "average-precision",
    "Average precision",
    "higher",
    "Area under the precision–recall curve, not interpolated.",
  ),
  rate("iou", "IoU", "higher", "Intersection over union of one class over all pixels of the set."),
  plain("rmse", "RMSE", "lower", FROM_ZERO, "Root of the mean squared error, in the unit of the numbers."),
  plain("mae", "MAE", "lower", FROM_ZERO, "Mean absolute error, in the unit of the numbers."),
  plain(
    "r2",
    "R²",
    "higher",
    [Number.NEGATIVE_INFINITY, 1],
    "1 − squared error / variance; 0 for the mean as answer to everything.",
  ),
  plain("pearson", "Pearson", "higher", [-1, 1], "Linear correlation of predicted and true numbers."),
  plain("spearman", "Spearman", "higher", [-1, 1], "Correlation of the ranks of predicted and true numbers."),
  likelihood(
    "perplexity",
    "Perplexity",
    [1, Number.POSITIVE_INFINITY],
    "Exponential of the mean negative log-likelihood of the judged tokens.",
  ),
  rate(
    "ece",
    "ECE",
    "lower",
    "Expected calibration error: distance of confidence and accuracy over 15 bins of equal width.",
  ),
  plain(
    "brier",
    "Brier score",
    "lower",
    [0, 2],
    "Squared distance of the probabilities from the truth, summed over classes: 0 to 2.",
  ),
  likelihood(
    "loss",
    "Loss",
    FROM_ZERO,
    "Mean of the loss over examples, without terms that only training has.",
  ),
];

const BY_NAME: ReadonlyMap<string, MetricFacts> = new Map(METRICS.map((metric) => [metric.name, metric]));

/** The facts of a metric; one that the table does not know, in a record of another version, is a plain number. */
export function metricFacts(name: string): MetricFacts {
  return BY_NAME.get(name) ?? plain(name, name, "higher", ANYTHING, "");
}

/** Metrics of a record in the table's order, those that it does not know last. */
export function inOrder(names: Iterable<string>): MetricFacts[] {
  const place = ({ name }: MetricFacts) => {
    const at = METRICS.findIndex((metric) => metric.name === name);
    return at < 0 ? METRICS.length : at;
  };
  return [...new Set(names)].map(metricFacts).sort((a, b) => place(a) - place(b));
}
