import { ConfigError } from "../errors.ts";
import type { Arithmetic, ScalarArithmetic } from "./arithmetic.ts";
import type { Source } from "./source.ts";

/** float32 for training; float64 when the scalar form serves as the oracle. */
export type FloatArray = Float32Array | Float64Array;

export type HyperparameterValue = number | boolean | readonly number[];
export type Hyperparameters = Readonly<Record<string, HyperparameterValue>>;

/** Where a step stands: the learning rate of the parameter's group, and the step's number, 1 at the first. */
export interface StepPosition<T = number> {
  readonly lr: T;
  readonly step: T;
}

/** What one element's step is made of, by name; `c` are the rule's coefficients. */
export interface ElementStep<T, State extends string = string, Coefficient extends string = string> {
  readonly g: T;
  readonly states: Readonly<Record<State, T>>;
  readonly c: Readonly<Record<Coefficient, T>>;
}

/** A step u, to be subtracted from the parameter, and the states after it. */
export interface Proposal<T, State extends string = string> {
  readonly step: T;
  readonly states: Readonly<Partial<Record<State, T>>>;
}

/**
 * How a step is proposed from a gradient and the rule's own states. One file in `updates/` defines one; its
 * kernel and its graph are made from the same formula.
 */
export interface UpdateRule extends UpdateFacts {
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
  /** The numbers that one step needs, in float64, the same for every element; at most 12, in a fixed order. */
  readonly coefficients: <T>(a: ScalarArithmetic<T>, at: StepPosition<T>) => Readonly<Record<string, T>>;
  /** The step of one element. A zero gradient over zero states must give a zero step. */
  readonly propose: <T>(a: Arithmetic<T>, element: ElementStep<T>) => Proposal<T>;
}

/** What an update rule is, whatever its hyperparameters. */
interface UpdateFacts {
  readonly name: string;
  /** What people call it, as in "Adam + SPD". */
  readonly title: string;
  /** What it does, in one line. */
  readonly summary: string;
  readonly source: Source;
}

interface UpdateRuleDefinition<H extends Hyperparameters, S extends string, C extends string>
  extends UpdateFacts {
  readonly defaultLr: number;
  readonly defaults: H;
  /** What is wrong with the hyperparameters, one sentence each. */
  readonly problems: (h: H) => readonly string[];
  readonly states: (h: H) => readonly S[];
  readonly coefficients: <T>(a: ScalarArithmetic<T>, h: H, at: StepPosition<T>) => Readonly<Record<C, T>>;
  readonly propose: <T>(a: Arithmetic<T>, element: ElementStep<T, S, C>, h: H) => Proposal<T, S>;
}

export function defineUpdateRule<H extends Hyperparameters, S extends string, C extends string>(
  rule: UpdateRuleDefinition<H, S, C>,
): UpdateRule {
  return {
    name: rule.name,
    title: rule.title,
    summary: rule.summary,
    source: rule.source,
    defaultLr: rule.defaultLr,
    defaults: rule.defaults,
    bind(given) {
      const h = settle(rule.name, rule.defaults, given);
      const problems = rule.problems(h);
      if (problems.length > 0) throw new ConfigError(`optimizer "${rule.name}": ${problems.join(" ")}`);
      return {
        rule: rule.name,
        hyperparameters: h,
        states: rule.states(h),
        coefficients: (a, at) => rule.coefficients(a, h, at),
        // Whoever steps gives the states and coefficients that the two members above name.
        propose: (a, element) => rule.propose(a, element as ElementStep<typeof element.g, S, C>, h),
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
