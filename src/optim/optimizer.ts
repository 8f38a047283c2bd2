import { ConfigError, RunError } from "../errors.ts";
import { sizeOf } from "../tensor/shape.ts";
import { numbers } from "./arithmetic.ts";
import { clipFactor } from "./clipping.ts";
import type { HeldTensor } from "./held-tensor.ts";
import { forcesOf, holdBack } from "./hold.ts";
import type { Address, AnchorMode, Kernel } from "./kernels/kernel.ts";
import { simdTensor, type TensorMemory } from "./kernels/simd-tensor.ts";
import type { Updater } from "./kernels/updater.ts";
import { motionOf } from "./motion.ts";
import type { ParameterSettings } from "./param-groups.ts";
import { type Projected, projectTensors } from "./projection.ts";
import type { StepReport, TensorReport } from "./report.ts";
import { type OptimizerState, restore } from "./state.ts";
import { checkStep, type StepOptions } from "./step-options.ts";

/** A gradient element that no step can use. */
export interface NonFiniteGradient {
  readonly name: string;
  /** Position in the flattened tensor. */
  readonly index: number;
  readonly value: number;
}

/** One parameter's arrays in a kernel's memory. */
export interface Slot {
  readonly settings: ParameterSettings;
  readonly kernel: Kernel;
  readonly length: number;
  readonly update: Updater;
  /** Scratch of the kernel, as much as the update needs. */
  readonly scratch: Address;
  readonly parameter: Address;
  readonly gradient: Address;
  readonly states: readonly Address[];
  readonly sum: Address;
  /** θ0 of the parameter, whether or not its rule holds it there; 0 is zeros, null is none. */
  readonly anchor: Address | null;
  /** What the anchor rule owns. */
  readonly memory: TensorMemory;
}

/**
 * Parameters, their gradients and all that a step needs, in memory that ONNX Runtime reads and writes in place.
 * Each step: fill `gradients`, call `step`. The views stay valid for the optimizer's life.
 */
export class Optimizer {
  /** Every parameter's values, flattened; frozen ones too. */
  readonly parameters: ReadonlyMap<string, Float32Array<ArrayBuffer>>;
  /** Where to write each trainable parameter's gradient, flattened. */
  readonly gradients: ReadonlyMap<string, Float32Array<ArrayBuffer>>;
  /** θ0 of each trainable parameter whose anchor is neither zero nor none. */
  readonly anchors: ReadonlyMap<string, Float32Array<ArrayBuffer>>;
  readonly settings: readonly ParameterSettings[];
  readonly #rule: string;
  readonly #trained: readonly Slot[];
  #steps = 0;
  #accumulated = 0;

  /** For `createOptimizer`. */
  constructor(rule: string, slots: readonly Slot[]) {
    const trained = slots.filter((s) => !s.settings.frozen);
    const views = (some: readonly Slot[], address: (s: Slot) => Address) =>
      new Map(some.map((s) => [s.settings.name, s.kernel.view(address(s), s.length)]));
    this.#rule = rule;
    this.#trained = trained;
    this.settings = slots.map((s) => s.settings);
    this.parameters = views(slots, (s) => s.parameter);
    this.gradients = views(trained, (s) => s.gradient);
    // The filter leaves slots whose anchor has an address.
    this.anchors = views(
      trained.filter((s) => s.anchor),
      (s) => s.anchor!,
    );
  }

  /** Steps done. */
  get steps(): number {
    return this.#steps;
  }

  /**
   * Adds `weight` times the present gradients to a sum, which the next step takes in their place.
   * For a mean over k micro-batches, step with `gradientScale` 1 / k.
   */
  accumulate(weight = 1): void {
    for (const { kernel, sum, gradient, length } of this.#trained) {
      if (sum === 0) throw new ConfigError("accumulate(): create the optimizer with `accumulate: true`.");
      kernel.accumulate(sum, gradient, length, { weight, starts: this.#accumulated === 0 });
    }
    this.#accumulated++;
  }

  /** The first gradient element that is NaN or infinite, in the order of parameters; null if all are finite. */
  findNonFinite(): NonFiniteGradient | null {
    for (const s of this.#trained) {
      const index = s.kernel.firstNonFinite(this.#gradientOf(s), s.length);
      if (index === -1) continue;
      const value = s.kernel.view(this.#gradientOf(s), s.length)[index]!;
      return { name: s.settings.name, index, value };
    }
    return null;
  }

  /**
   * One step of every trainable parameter.
   *
   * @throws RunError if the gradient is not finite and the step is guarded or clipped; nothing has changed then
   */
  step({ lr, gradientScale = 1, clipNorm, guard = true }: StepOptions): StepReport {
    checkStep({ lr, gradientScale, clipNorm });
    let factor = 1;
    let norm: number | undefined;
    if (guard || clipNorm !== undefined) {
      norm = gradientScale * this.#gradientNorm();
      if (!Number.isFinite(norm)) this.#refuse(norm);
      if (clipNorm !== undefined) factor = clipFactor(norm, clipNorm);
    }
    this.#checkPulls(lr);
    this.#steps++;
    const tensors = this.#trained.map((s) => this.#stepTensor(s, lr, gradientScale * factor));
    this.#accumulated = 0;
    norm ??= Math.sqrt(tensors.reduce((sum, t) => sum + t.gradientNorm ** 2, 0));
    return { step: this.#steps, lr, gradientNorm: norm, clipFactor: factor, tensors };
  }

  /**
   * Whether a projection is due after the step just made, for which `project` needs gradients on held-out data.
   *
   * @param isLast whether that was the last step of the run
   */
  projectionDue(isLast: boolean): boolean {
    return this.#trained.some((s) => this.#isDue(s, isLast));
  }

  /** The most rounds that a projection takes; each asks for gradients once. */
  get projectionRounds(): number {
    const due = this.#trained.filter((s) => s.settings.strength > 0);
    return Math.max(0, ...due.map((s) => s.settings.rule.projection?.iterations ?? 0));
  }

  /**
   * Projects the parameters whose anchor rule is due, and learns their radii from gradients on held-out data.
   *
   * @param gradients fills `gradients` with those of held-out data at the present parameters; called once a round
   * @returns the step's report with what the projection did
   * @throws RunError if such a gradient is not finite
   */
  async project(
    report: StepReport,
    { isLast, gradients }: { readonly isLast: boolean; readonly gradients: () => Promise<void> },
  ): Promise<StepReport> {
    const due = this.#trained.flatMap((s): Projected[] => {
      const { name, strength, rule } = s.settings;
      if (!rule.projection || !this.#isDue(s, isLast)) return [];
      const anchor = rule.toward === "zero" ? 0 : (s.anchor ?? 0);
      return [{ name, strength, projection: rule.projection, tensor: this.#held(s, anchor, 1) }];
    });
    const held = await projectTensors(due, gradients);
    return { ...report, tensors: report.tensors.map((t) => ({ ...t, ...held.get(t.name) })) };
  }

  #isDue({ settings: { strength, rule } }: Slot, isLast: boolean): boolean {
    if (strength === 0 || !rule.projection) return false;
    const { every } = rule.projection;
    return every === 0 ? isLast : this.#steps % every === 0;
  }

  /** ‖θ − θ0‖ of every trainable parameter that has an anchor, whether or not its rule pulls toward it. */
  deviations(): ReadonlyMap<string, number> {
    const out = new Map<string, number>();
    for (const { settings, kernel, parameter, anchor, length } of this.#trained) {
      if (anchor === null) continue;
      out.set(settings.name, Math.sqrt(kernel.sumSquaredDifferences(parameter, anchor, length)));
    }
    return out;
  }

  /**
   * The present state. Its arrays are views: write or copy them before the next step.
   *
   * @throws RunError between `accumulate` and `step`, since the sum of gradients is no part of a state
   */
  saveState(): OptimizerState {
    if (this.#accumulated > 0) {
      throw new RunError(
        "an optimizer's state is saved after a step, not between two accumulated micro-batches.",
      );
    }
    return { update: this.#rule, step: this.#steps, tensors: this.#stateViews() };
  }

  /** @throws ConfigError if the state is that of other parameters or another update rule; nothing has changed then */
  loadState(state: OptimizerState): void {
    restore(this.#rule, this.#stateViews(), state);
    this.#steps = state.step;
    this.#accumulated = 0;
  }

  #stepTensor(s: Slot, lr: number, gradientScale: number): TensorReport {
    const { settings, kernel, parameter, length } = s;
    const { rule, strength } = settings;
    const ownLr = lr * settings.lrScale;
    const anchor = rule.toward === "zero" ? 0 : rule.toward === "anchor" ? s.anchor : null;
    const tensor = this.#held(s, anchor ?? 0, gradientScale);
    const forces = forcesOf(rule, strength, ownLr, tensor);
    const { coupling, pull } = forces;
    const sums = s.update.step(kernel, {
      parameter,
      gradient: this.#gradientOf(s),
      states: s.states,
      anchor: anchor ?? 0,
      length,
      mode: anchor === null ? "plain" : modeOf(coupling, pull, rule.cautious),
      gradientScale,
      coupling,
      pull,
      scratch: s.scratch,
      at: { lr: ownLr, step: this.#steps },
    });
    const motion = motionOf(numbers, sums);
    const watched = anchor !== null && rule.toward === "anchor";
    const held = holdBack(rule, strength, tensor, { motion, forces });
    return {
      name: settings.name,
      gradientNorm: Math.sqrt(sums.gg),
      stepNorm: Math.sqrt(sums.uu),
      condition: watched ? -sums.gd : null,
      ratio: held.ratio,
      fired: held.fired,
      deviation: watched ? held.deviation : null,
    };
  }

  #held(s: Slot, anchor: Address, gradientScale: number): HeldTensor {
    const { kernel, length, parameter, memory } = s;
    const gradient = this.#gradientOf(s);
    return simdTensor({
      kernel,
      length,
      parameter,
      gradient,
      gradientScale,
      anchor,
      memory,
      step: this.#steps,
    });
  }

  #gradientOf(s: Slot): Address {
    return this.#accumulated > 0 ? s.sum : s.gradient;
  }

  #gradientNorm(): number {
    let sum = 0;
    for (const s of this.#trained) sum += s.kernel.sumSquares(this.#gradientOf(s), s.length);
    return Math.sqrt(sum);
  }

  /** A pull of more than the whole deviation would put a parameter on the far side of its anchor, and farther each step. */
  #checkPulls(lr: number): void {
    for (const { settings } of this.#trained) {
      const { name, rule, strength, lrScale } = settings;
      const pull = rule.pull?.(numbers, strength, lr * lrScale) ?? 0;
      if (pull <= 1) continue;
      throw new ConfigError(
        `anchor rule "${rule.name}" would subtract ${pull} times the deviation of "${name}" in one step (lr × strength), ` +
          "expected at most 1: lower the learning rate or the strength.",
        { details: { name, pull } },
      );
    }
  }

  #refuse(norm: number): never {
    const found = this.findNonFinite();
    const where = found
      ? `gradient of "${found.name}" is ${found.value} at element ${found.index}`
      : `the gradient's global norm is ${norm}, though its elements are finite`;
    throw new RunError(
      `step ${this.#steps + 1}: ${where}; the parameters are untouched. Lower the learning rate, or look at this batch.`,
      { details: { step: this.#steps + 1, ...found } },
    );
  }

  #stateViews(): Map<string, Float32Array> {
    const out = new Map<string, Float32Array>();
    for (const { settings, kernel, parameter, update, states, length, memory } of this.#trained) {
      const { name, rule, strength } = settings;
      out.set(`parameter/${name}`, kernel.view(parameter, length));
      for (const [k, state] of update.states.entries()) {
        out.set(`${state.name}/${name}`, kernel.view(states[k]!, sizeOf(state.shape))); // one address a state
      }
      if (strength === 0) continue;
      // Memory was laid out for every array that the rule names.
      const array = rule.memory?.array;
      if (array !== undefined) out.set(`${rule.name}.${array}/${name}`, memory.arrays[0]!);
      if (memory.numbers.length > 0) out.set(`${rule.name}.numbers/${name}`, memory.numbers);
    }
    return out;
  }
}

function modeOf(coupling: number, pull: number, cautious: true | undefined): AnchorMode {
  if (coupling === 0 && pull === 0) return "watched";
  return cautious === true ? "cautious" : "pulled";
}
