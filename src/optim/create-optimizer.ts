import { ConfigError } from "../errors.ts";
import { formatShape, type Shape, sizeOf } from "../tensor/shape.ts";
import { compileKernels } from "./kernels/kernel.ts";
import { placeInShards } from "./kernels/shards.ts";
import type { TensorMemory } from "./kernels/simd-tensor.ts";
import { createUpdater } from "./kernels/updater.ts";
import { Optimizer, type Slot } from "./optimizer.ts";
import {
  type AnchorOptions,
  type ParameterInfo,
  type ParameterSettings,
  type ParamGroup,
  resolveSettings,
} from "./param-groups.ts";
import { rowCount, rowLayout, type UnitAxis, wholeTensor } from "./row-layout.ts";
import type { Hyperparameters } from "./update-rule.ts";
import { findUpdateRule } from "./updates/registry.ts";

/** A parameter to be trained, or kept frozen, with the values that it starts from. */
export interface ParameterSpec extends ParameterInfo {
  readonly shape: Shape;
  /** Where its output units lie, for anchor rules that look at each; axis 0 if left out. */
  readonly units?: UnitAxis;
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
  const updater = createUpdater(bound);
  const updates = parameters.map(({ shape, role, units }) => updater.forParameter({ shape, role, units }));
  const placements = placeInShards(
    await compileKernels(),
    parameters.map(({ name, shape, units }, i) => {
      const [s, { states, scratchLength }] = [settings[i]!, updates[i]!];
      const length = sizeOf(shape);
      if (s.frozen) return { name, lengths: [length], scratch: 0 };
      const rows = usesRows(s) ? rowCount(rowLayout(shape, units)) : 0;
      const lengths = [
        ...[length, length],
        ...states.map((state) => sizeOf(state.shape)),
        ...new Array<number>((accumulate ? 1 : 0) + ownedArrays(s).length).fill(length),
        ...(rows > 0 ? [2 * rows, rows] : []),
        ...(s.anchor === "zero" || s.anchor === "none" ? [] : [length]),
      ];
      return { name, lengths, scratch: scratchLength };
    }),
    shardBytes,
  );
  const slots = parameters.map((p, i): Slot => {
    // The lists were made from `parameters`, in its order; the arrays below were counted above.
    const [s, { kernel, arrays, scratch }, update] = [settings[i]!, placements[i]!, updates[i]!];
    const length = sizeOf(p.shape);
    const rest = [...arrays];
    const take = () => rest.shift()!;
    const parameter = take();
    kernel.view(parameter, length).set(p.initial);
    const base = { settings: s, kernel, length, parameter, update, scratch };
    if (s.frozen) return { ...base, gradient: 0, states: [], sum: 0, anchor: null, memory: noMemory };
    const gradient = take();
    const states = update.states.map(take);
    const sum = accumulate ? take() : 0;
    const isByRow = usesRows(s);
    const memory: TensorMemory = {
      arrays: ownedArrays(s).map(() => kernel.view(take(), length)),
      numbers: new Float32Array(s.strength > 0 ? (s.rule.memory?.numbers.length ?? 0) : 0),
      layout: isByRow ? rowLayout(p.shape, p.units) : wholeTensor(length),
      sums: isByRow ? take() : 0,
      shares: isByRow ? take() : 0,
    };
    const trained = { ...base, gradient, states, sum, memory };
    if (s.anchor === "none") return { ...trained, anchor: null };
    if (s.anchor === "zero") return { ...trained, anchor: 0 };
    const anchorAddress = take();
    kernel.view(anchorAddress, length).set(s.anchorValues ?? p.initial);
    return { ...trained, anchor: anchorAddress };
  });
  return new Optimizer(bound.rule, slots);
}

const noMemory: TensorMemory = {
  arrays: [],
  numbers: new Float32Array(0),
  layout: wholeTensor(0),
  sums: 0,
  shares: 0,
};

/** Arrays of the parameter's size that its anchor rule asks for; none where the rule does nothing. */
function ownedArrays({ strength, rule }: ParameterSettings): readonly string[] {
  if (strength === 0) return [];
  return [...[rule.memory?.array ?? []].flat(), ...(rule.projection ? ["unprojected"] : [])];
}

/** Whether the anchor rule looks at output units, or at arrays of its own by the same kernels. */
function usesRows({ strength, rule }: ParameterSettings): boolean {
  const { rowRatio, projection, memory } = rule;
  return strength > 0 && [rowRatio, projection, memory].some((moment) => moment !== undefined);
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
