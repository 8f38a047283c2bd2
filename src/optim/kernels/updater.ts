import { numbers } from "../arithmetic.ts";
import type { StepSums } from "../motion.ts";
import type {
  BoundUpdate,
  ElementForm,
  ParameterUpdate,
  StateSpec,
  StepPosition,
  TensorForm,
  UpdatedParameter,
} from "../update-rule.ts";
import { type CompiledFormula, compilePropose } from "./formula-compiler.ts";
import type { Address, Kernel, KernelStep } from "./kernel.ts";
import { planTensor } from "./tensor-plan.ts";

/** One step of one tensor, but what its update rule says. */
export interface UpdaterStep extends Omit<KernelStep, "formula" | "coefficients"> {
  readonly at: StepPosition;
  /** Room for `scratchLength` numbers. */
  readonly scratch: Address;
}

/** An update rule for one parameter, compiled. */
export interface Updater {
  readonly states: readonly StateSpec[];
  /** float32 numbers of scratch that a step needs. */
  readonly scratchLength: number;
  step(kernel: Kernel, step: UpdaterStep): StepSums;
}

/** Compiles what a rule asks for; parameters that are treated alike share what is compiled. */
export function createUpdater(update: BoundUpdate): {
  readonly forParameter: (parameter: UpdatedParameter) => Updater;
} {
  const elements = new Map<ElementForm, CompiledFormula>();
  const known = new Map<string, Updater>();
  return {
    forParameter(parameter) {
      const { role, shape, units } = parameter;
      const key = `${role} ${shape.join()} ${units?.axis ?? 0}`;
      let updater = known.get(key);
      if (!updater) {
        const one = update.forParameter(parameter);
        updater =
          one.form.kind === "element"
            ? elementUpdater(one, one.form, elements)
            : tensorUpdater(one, one.form);
        known.set(key, updater);
      }
      return updater;
    },
  };
}

function elementUpdater(
  { states, coefficients }: ParameterUpdate,
  form: ElementForm,
  compiled: Map<ElementForm, CompiledFormula>,
): Updater {
  let formula = compiled.get(form);
  if (!formula) {
    formula = compilePropose(
      form,
      states.map((s) => s.name),
      namesOf(coefficients),
    );
    compiled.set(form, formula);
  }
  const own = formula;
  return {
    states,
    scratchLength: 0,
    step: (kernel, { at, ...step }) =>
      kernel.step({
        ...step,
        formula: kernel.load(own),
        coefficients: Object.values(coefficients(numbers, at)),
      }),
  };
}

/** The step along a direction that was computed before. */
const along: ElementForm = {
  kind: "element",
  propose: (a, { states: { direction }, c: { factor } }) => ({
    step: a.mul(factor!, direction!), // the names that it is compiled with
    states: { direction: direction! },
  }),
};

function tensorUpdater(update: ParameterUpdate, form: TensorForm): Updater {
  const { states, coefficients } = update;
  const plan = planTensor(update, form, namesOf(coefficients));
  const formula = compilePropose(along, ["direction"], ["factor"]);
  return {
    states,
    scratchLength: plan.scratchLength,
    step(kernel, { at, ...step }) {
      const values = Object.values(coefficients(numbers, at));
      const { direction, factor } = plan.run(kernel, { ...step, coefficients: values });
      return kernel.step({
        ...step,
        formula: kernel.load(formula),
        states: [direction],
        coefficients: [factor],
      });
    },
  };
}

function namesOf(coefficients: ParameterUpdate["coefficients"]): readonly string[] {
  return Object.keys(coefficients(numbers, { lr: 1, step: 1 }));
}
