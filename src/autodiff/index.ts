/**
 * `holdfast/autodiff`: derivatives of any ONNX model, as plain ONNX models: gradients, Hessian–vector and Jacobian–vector
 * products; and the walks over a graph that they are made with.
 */
export type { Evaluate } from "../passes/constant-region.ts";
export { type Lowered, type LowerOptions, lower } from "../passes/lower.ts";
export type { GraphOptions } from "./derivative-graph.ts";
export {
  type GradientOptions,
  gradientModel,
  hessianVectorModel,
  type JvpModelOptions,
  jvpModel,
} from "./derivative-models.ts";
export { hessianVectorProduct } from "./hessian.ts";
export { type JvpOptions, jvp } from "./jvp.ts";
export type { LossOptions } from "./losses/loss.ts";
export type { LossName } from "./losses/registry.ts";
export { type VjpOptions, vjp } from "./vjp.ts";
