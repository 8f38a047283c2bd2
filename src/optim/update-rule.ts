import { ConfigError } from "../errors.ts";

/** float32 for training; float64 when the scalar form serves as the oracle. */
export type FloatArray = Float32Array | Float64Array;

export type HyperparameterValue = number | boolean | readonly number[];
export type Hyperparameters = Readonly<Record<string, HyperparameterValue>>;

/** Where a step stands: the learning rate of the parameter's group, and the step's number, 1 at the first. */
export interface StepPosition {
  readonly lr: number;
  readonly step: number;
}

/**
 * How a step is proposed from a gradient and the rule's own states. One file in `updates/` defines one, with its SIMD
 * twin in `kernels/assembly/updates/` under the same name.
 */
export interface UpdateRule {
  readonly name: string;
  /** Learning rate that configurations start from. */
  readonly defaultLr: number;
  readonly defaults: Hyperparameters;
  /** @throws ConfigError for a hyperparameter that the rule does not know, or one out of range */
  readonly bind: (given: Hyperparameters) => BoundUpdate;
}

/** An update rule with its hyperparameters settled. */
export interface BoundUpdate {
  readonly rule: string;
  readonly hyperparameters: Hyperparameters;
  /** Names of the rule's states, each an array of the parameter's size that starts at zero. */
  readonly states: readonly string[];
  /** The numbers that one step needs, computed in float64, the same for every element; at most 12. */
  readonly coefficients: (at: StepPosition) => readonly number[];
  /**
   * The scalar form: updates the states of element `i` and gives its step u, to be subtracted from the parameter.
   * A zero gradient over zero states must give a zero step.
   */
  readonly propose: (
    states: readonly FloatArray[],
    i: number,
    gradient: number,
    c: readonly number[],
  ) => number;
}

interface UpdateRuleDefinition<H extends Hyperparameters> {
  readonly name: string;
  readonly defaultLr: number;
  readonly defaults: H;
  /** What is wrong with the hyperparameters, one sentence each. */
  readonly problems: (h: H) => readonly string[];
  readonly states: (h: H) => readonly string[];
  readonly coefficients: (h: H, at: StepPosition) => readonly number[];
  readonly propose: BoundUpdate["propose"];
}

export function defineUpdateRule<H extends Hyperparameters>(rule: UpdateRuleDefinition<H>): UpdateRule {
  return {
    name: rule.name,
    defaultLr: rule.defaultLr,
    defaults: rule.defaults,
    bind(given) {
      const hyperparameters = settle(rule.name, rule.defaults, given);
      const problems = rule.problems(hyperparameters);
      if (problems.length > 0) throw new ConfigError(`optimizer "${rule.name}": ${problems.join(" ")}`);
      return {
        rule: rule.name,
        hyperparameters,
        states: rule.states(hyperparameters),
        coefficients: (at) => rule.coefficients(hyperparameters, at),
        propose: rule.propose,
      };
    },
  };
}

function settle<H extends Hyperparameters>(name: string, defaults: H, given: Hyperparameters): H {
  for (const [key, value] of Object.entries(given)) {
    const expected = defaults[key];
    if (expected === undefined) {
      throw new ConfigError(
        `optimizer "${name}" has no hyperparameter "${key}"; it has ${Object.keys(defaults).join(", ") || "none"}.`,
      );
    }
    if (kindOf(value) !== kindOf(expected)) {
      throw new ConfigError(
        `optimizer "${name}": ${key} is ${JSON.stringify(value)}, expected ${kindOf(expected)}.`,
      );
    }
  }
  return { ...defaults, ...given };
}

function kindOf(value: HyperparameterValue): string {
  if (typeof value === "object") return `a list of ${value.length} numbers`;
  return typeof value === "number" ? "a number" : "true or false";
}
