/** `holdfast/evaluation`: metrics as plain functions of numbers, meters that gather them batch by batch, what is known of each. */
export { brierScore, expectedCalibrationError, Reliability, type ReliabilityBin } from "./calibration.ts";
export { ClassificationMeter } from "./classification-meter.ts";
export { meanOfKnown } from "./columns.ts";
export { COMMONSENSE_SETS, type CommonsenseSet, commonsenseAnswer, firstMatch } from "./commonsense.ts";
export {
  accuracyOf,
  balancedAccuracy,
  type Confusion,
  countsOf,
  intersectionOverUnion,
  occurring,
} from "./confusion.ts";
export { type CorruptionErrors, meanCorruptionError, relativeCorruptionError } from "./corruption-error.ts";
export { type Entity, EntityCounts, entitiesOf } from "./entities.ts";
export { estimateOf, intervalsOf, type JudgedFigures } from "./estimates.ts";
export {
  differenceInterval,
  drawnInterval,
  type Estimate,
  type Hits,
  type Interval,
  type MeanPart,
  meanInterval,
  shareInterval,
} from "./intervals.ts";
export type { JudgedBatch, JudgedPairs, JudgedPart, Judgement, JudgementDetails, Meter } from "./meter.ts";
export { inOrder, METRICS, type MetricFacts, metricFacts } from "./metric-facts.ts";
export { MultiLabelMeter } from "./multi-label-meter.ts";
export { NextTokenMeter } from "./next-token-meter.ts";
export { type Average, averageScores, type Counts, type Scores, scoresOf } from "./precision-recall.ts";
export { auroc, averagePrecision, Ranking, type WeighedScore } from "./ranking.ts";
export { midranks, placeOf } from "./ranks.ts";
export {
  determination,
  meanAbsoluteError,
  pearson,
  rootMeanSquaredError,
  spearman,
} from "./regression.ts";
export { RegressionMeter } from "./regression-meter.ts";
export { recallAtK } from "./retrieval.ts";
export { effectiveRobustness, fitRobustnessLine, type IdOod, type RobustnessLine } from "./robustness.ts";
export { SegmentationMeter, type SegmentationMeterOptions } from "./segmentation-meter.ts";
export { TaggingMeter } from "./tagging-meter.ts";
export { type Drawn, type Sums, Tally } from "./tally.ts";
export { normaliseVqaAnswer, vqaAccuracy } from "./vqa.ts";
