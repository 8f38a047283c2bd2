import { ConfigError } from "../errors.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Arithmetic, ScalarArithmetic } from "./arithmetic.ts";
import type { Role } from "./role.ts";
import type { UnitAxis } from "./row-layout.ts";
import type { Source } from "./source.ts";
import type { MatrixDims, TensorArithmetic } from "./tensor-arithmetic.ts";

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
  /** How the rule treats a parameter. */
  readonly forParameter: (parameter: UpdatedParameter) => ParameterUpdate;
}

/** What an update rule may look at to treat a parameter in its own way. */
export interface UpdatedParameter {
  readonly shape: Shape;
  readonly role: Role;
  /** Where its output units lie; axis 0 if left out. */
  readonly units?: UnitAxis | undefined;
}

/** What a rule remembers of a parameter, zeros at first. */
export interface StateSpec {
  readonly name: string;
  readonly shape: Shape;
}

/** An update rule for one parameter. */
export interface ParameterUpdate {
  readonly states: readonly StateSpec[];
  /** The numbers that one step needs, in float64, the same for every element; at most 12, in a fixed order. */
  readonly coefficients: <T>(a: ScalarArithmetic<T>, at: StepPosition<T>) => Readonly<Record<string, T>>;
  readonly form: ElementForm | TensorForm;
}

/** A step that looks at one element alone. Its states have the parameter's shape. */
export interface ElementForm {
  readonly kind: "element";
  /** A zero gradient over zero states must give a zero step. */
  readonly propose: <T>(a: Arithmetic<T>, element: ElementStep<T>) => Proposal<T>;
}

/** A step that looks at the whole tensor, as matrices. */
export interface TensorForm {
  readonly kind: "tensor";
  readonly dims: MatrixDims;
  readonly stateDims: Readonly<Record<string, MatrixDims>>;
  readonly propose: <T>(a: TensorArithmetic<T>, tensor: WholeTensor<T>) => TensorProposal<T>;
}

/** `g` with whatever an anchor rule added to it; coefficients as [1, 1, 1]. */
export interface WholeTensor<T> extends ElementStep<T> {
  readonly p: T;
}

/** The step is `factor` [1, 1, 1] times `direction`. */
export interface TensorProposal<T> {
  readonly direction: T;
  readonly factor: T;
  readonly states: Readonly<Record<string, T>>;
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

interface RuleDefinition<H extends Hyperparameters> extends UpdateFacts {
  readonly defaultLr: number;
  readonly defaults: H;
  /** What is wrong with the hyperparameters, one sentence each. */
  readonly problems: (h: H) => readonly string[];
}

interface ElementRuleDefinition<H extends Hyperparameters, S extends string, C extends string>
  extends RuleDefinition<H> {
  readonly states: (h: H) => readonly S[];
  readonly coefficients: <T>(a: ScalarArithmetic<T>, h: H, at: StepPosition<T>) => Readonly<Record<C, T>>;
  readonly propose: <T>(a: Arithmetic<T>, element: ElementStep<T, S, C>, h: H) => Proposal<T, S>;
}

/** A rule that treats every element of every parameter alike. */
export function defineUpdateRule<H extends Hyperparameters, S extends string, C extends string>(
  rule: ElementRuleDefinition<H, S, C>,
): UpdateRule {
  return defineParameterRule({
    ...rule,
    bindTo(h) {
      const names = rule.states(h);
      const coefficients: ParameterUpdate["coefficients"] = (a, at) => rule.coefficients(a, h, at);
      const form: ElementForm = {
        kind: "element",
        // Whoever steps gives the states and coefficients that the two members above name.
        propose: (a, element) => rule.propose(a, element as ElementStep<typeof element.g, S, C>, h),
      };
      return ({ shape }) => ({ states: names.map((name) => ({ name, shape })), coefficients, form });
    },
  });
}

/** A rule whose treatment of a parameter depends on its shape or role. */
export function defineParameterRule<H extends Hyperparameters>(
  rule: RuleDefinition<H> & { readonly bindTo: (h: H) => BoundUpdate["forParameter"] },
): UpdateRule {
  return {
    name: rule.name,
    title: rule.title,
    summary: rule.summary,
    source: rule.source,
    defaultLr: rule.defaultLr,
    defaults: rule.defaults,
    bind(given) {
      const hyperparameters = settle(rule.name, rule.defaults, given);
      const problems = rule.problems(hyperparameters);
      if (problems.length > 0) throw new ConfigError(`optimizer "${rule.name}": ${problems.join(" ")}`);
      return { rule: rule.name, hyperparameters, forParameter: rule.bindTo(hyperparameters) };
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
