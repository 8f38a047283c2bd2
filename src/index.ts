export { type CompareResult, compare } from "./compare/compare.ts";
export type { CompareEvent } from "./compare/events.ts";
export type { CompareOptions, Train, Trained, Walk } from "./compare/run-methods.ts";
export type { CompareInput } from "./compare/schema.ts";
export type { Config, ConfigInput } from "./config/schema.ts";
export { type FinetuneOptions, type FinetuneResult, finetune, resume } from "./finetune.ts";
export { loadModel } from "./onnx/load.ts";
export { saveModel } from "./onnx/save.ts";
export { createOptimizer, type OptimizerOptions, type ParameterSpec } from "./optim/create-optimizer.ts";
export { createMemoryFiles } from "./platform/memory-files.ts";
export { nodeFiles } from "./platform/node-files.ts";
export { openRuntime, type Runtime, type RuntimeOptions } from "./runtime/runtime.ts";
export { type Artifacts, type ArtifactsOptions, writeArtifacts } from "./training/artifacts.ts";
export { createEvaluator } from "./training/constant-evaluator.ts";
export { DeployedModel, type DeployedModelOptions } from "./training/deployed-model.ts";
export { type EvaluateModelOptions, evaluateModel, type ModelEvaluation } from "./training/evaluate-model.ts";
export { type Inspection, type InspectOptions, inspectModel } from "./training/inspect.ts";
export { type Prediction, type PredictOptions, predict } from "./training/predict.ts";
export {
  buildTrainingGraph,
  type TrainingGraph,
  type TrainingGraphOptions,
} from "./training/training-graph.ts";
export { VERSION } from "./version.ts";
