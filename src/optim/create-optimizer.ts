import { ConfigError } from "../errors.ts";
import { formatShape, type Shape, sizeOf } from "../tensor/shape.ts";
import { compileKernels } from "./kernels/kernel.ts";
import { placeInShards } from "./kernels/shards.ts";
import { Optimizer, type Slot } from "./optimizer.ts";
import { type AnchorOptions, type ParameterInfo, type ParamGroup, resolveSettings } from "./param-groups.ts";
import type { Hyperparameters } from "./update-rule.ts";
import { findUpdateRule } from "./updates/registry.ts";

/** A parameter to be trained, or kept frozen, with the values that it starts from. */
export interface ParameterSpec extends ParameterInfo {
  readonly shape: Shape;
  /** Pretrained (or fresh) values, row-major; copied. The anchor "init" is these, also after a resume. */
  readonly initial: Float32Array;
}

export interface OptimizerOptions {
  readonly parameters: readonly ParameterSpec[];
  /** Update rule by name, and hyperparameters that differ from its defaults. */
  readonly update: { readonly rule: string; readonly hyperparameters?: Hyperparameters };
  readonly anchor: AnchorOptions;
  readonly groups?: readonly ParamGroup[];
  /** Room for a sum of gradients over micro-batches: one more array for each trainable parameter. */
  readonly accumulate?: boolean;
  /** Bytes that one kernel instance may hold; for tests. */
  readonly shardBytes?: number;
}

/**
 * Lays out the memory, copies initial values and anchors into it, and compiles the kernels.
 *
 * @throws ConfigError for unknown rules and settings, and for a parameter that is to be held to an anchor it lacks
 */
export async function createOptimizer(options: OptimizerOptions): Promise<Optimizer> {
  const { parameters, update, anchor, groups, accumulate = false, shardBytes } = options;
  const bound = findUpdateRule(update.rule).bind(update.hyperparameters ?? {});
  const settings = resolveSettings(parameters, anchor, groups);
  checkSizes(parameters);
  const trainingArrays = 2 + bound.states.length + (accumulate ? 1 : 0);
  const placements = placeInShards(
    await compileKernels(),
    parameters.map(({ name, shape }, i) => {
      const s = settings[i]!;
      const arrays = s.frozen ? 1 : trainingArrays + (s.anchor === "zero" || s.anchor === "none" ? 0 : 1);
      return { name, length: sizeOf(shape), arrays };
    }),
    shardBytes,
  );
  const slots = parameters.map((p, i): Slot => {
    // Both lists were made from `parameters`, in its order; the arrays below were counted above.
    const [s, { kernel, arrays }] = [settings[i]!, placements[i]!];
    const length = sizeOf(p.shape);
    const rest = [...arrays];
    const take = () => rest.shift()!;
    const parameter = take();
    kernel.view(parameter, length).set(p.initial);
    const base = { settings: s, kernel, length, parameter };
    if (s.frozen) return { ...base, gradient: 0, states: [], sum: 0, anchor: null };
    const gradient = take();
    const states = bound.states.map(take);
    const sum = accumulate ? take() : 0;
    if (s.anchor === "none") return { ...base, gradient, states, sum, anchor: null };
    if (s.anchor === "zero") return { ...base, gradient, states, sum, anchor: 0 };
    const anchorAddress = take();
    // "value" is how settings name an anchor given as an array.
    const values = s.anchor === "value" ? (p.anchor as Float32Array) : p.initial;
    kernel.view(anchorAddress, length).set(values);
    return { ...base, gradient, states, sum, anchor: anchorAddress };
  });
  return new Optimizer(bound, slots);
}

function checkSizes(parameters: readonly ParameterSpec[]): void {
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const { name, shape, initial, anchor } of parameters) {
    const size = sizeOf(shape);
    const wrong = (what: string, data: Float32Array) =>
      `parameter "${name}" ${formatShape(shape)} has ${size} elements, and its ${what} ${data.length}.`;
    if (seen.has(name)) problems.push(`parameter "${name}" is given twice.`);
    seen.add(name);
    if (initial.length !== size) problems.push(wrong("initial values", initial));
    if (anchor instanceof Float32Array && anchor.length !== size) problems.push(wrong("anchor", anchor));
  }
  if (problems.length > 0) throw new ConfigError(problems.join("\n"), { details: { problems } });
}
