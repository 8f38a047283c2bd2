/** `holdfast/optim`: any update rule held by any anchor rule, in place in SIMD memory, with what happened at each step. */
export type { AnchorOption, AnchorOptionValue, AnchorOptionValues } from "./anchor-options.ts";
export type {
  AnchorMemory,
  AnchorMoments,
  AnchorRule,
  BoundAnchor,
  Glance,
  Memories,
  RowMemory,
} from "./anchor-rule.ts";
export { anchorRules } from "./anchors/registry.ts";
export { createOptimizer, type OptimizerOptions, type ParameterSpec } from "./create-optimizer.ts";
export type { HeldTensor } from "./held-tensor.ts";
export type { Motion, RowMotion } from "./motion.ts";
export type { NonFiniteGradient, Optimizer } from "./optimizer.ts";
export { stepTensor, type TensorStep, type TensorStepResult } from "./oracle.ts";
export type { AnchorOptions, AnchorPlace, ParameterInfo, ParamGroup } from "./param-groups.ts";
export type { Projection } from "./projection.ts";
export type { StepReport, TensorReport } from "./report.ts";
export { type Role, roles } from "./role.ts";
export { type RowLayout, rowLayout, type UnitAxis } from "./row-layout.ts";
export { createSchedule, type Schedule, type ScheduleOptions, scheduleNames } from "./schedules.ts";
export type { OptimizerState } from "./state.ts";
export type { StepOptions } from "./step-options.ts";
export type { Hyperparameters, UpdateRule } from "./update-rule.ts";
export { updateRules } from "./updates/registry.ts";
