import { type Arithmetic, mix, square } from "../arithmetic.ts";
import { type MatrixDims, matrixDims, type TensorArithmetic } from "../tensor-arithmetic.ts";
import {
  defineParameterRule,
  type Hyperparameters,
  type ParameterUpdate,
  type TensorForm,
  type UpdateRule,
  type WholeTensor,
} from "../update-rule.ts";

interface AdafactorHyperparameters extends Hyperparameters {
  /** ε1, whose square is the least second moment. */
  readonly eps: number;
  /** ε2, the least size of a parameter that steps are relative to. */
  readonly leastRms: number;
  readonly beta2Decay: number;
  readonly clip: number;
}

// PyTorch's, with the epsilon of float32 that it takes where none is given.
const adafactorDefaults: AdafactorHyperparameters = {
  eps: 2 ** -23,
  leastRms: 1e-3,
  beta2Decay: -0.8,
  clip: 1,
};

const same = <E>(_: Arithmetic<E>, x: E): E => x;
const rootMeanSquare = <T>(a: TensorArithmetic<T>, x: T): T =>
  a.map([a.mean("all", [x], square)], (e, mean) => e.sqrt(mean));

/**
 * Adafactor: Adam without momentum, whose second moment of a matrix is kept as the means of its rows and columns, so
 * that states are a small share of the weights. Steps are relative to the parameter's size.
 *
 *     R, C ← means of g² over rows and columns, averaged with β2 = 1 − t^d
 *     v = R C / mean(R)      u = g / √max(v, ε1²)      (a vector keeps v itself)
 *     step = min(lr, 1/√t) · max(ε2, rms(θ)) · u / max(1, rms(u) / clip)
 *
 * d is `beta2Decay`, ε1 `eps` and ε2 `leastRms`. Shazeer and Stern, ICML 2018, Algorithm 4, with the choices that PyTorch makes.
 * https://arxiv.org/abs/1804.04235
 */
export const adafactor: UpdateRule = defineParameterRule({
  name: "adafactor",
  title: "Adafactor",
  summary: "Adam without momentum, its second moment kept by rows and columns; steps relative to the weight",
  source: {
    ...{ authors: "Shazeer and Stern", venue: "ICML", year: 2018 },
    url: "https://arxiv.org/abs/1804.04235",
  },
  defaultLr: 1e-2,
  defaults: adafactorDefaults,
  problems: ({ eps, leastRms, beta2Decay, clip }) => [
    ...(eps >= 2 ** -63 ? [] : [`eps is ${eps}, expected a positive number whose square float32 can hold.`]),
    ...(leastRms > 0 ? [] : [`leastRms is ${leastRms}, expected a positive number.`]),
    ...(beta2Decay < 0 ? [] : [`beta2Decay is ${beta2Decay}, expected a negative number such as -0.8.`]),
    ...(clip >= 1 ? [] : [`clip is ${clip}, expected a number of at least 1.`]),
  ],
  bindTo(h) {
    const coefficients: ParameterUpdate["coefficients"] = (a, { lr, step }) => ({
      fresh: a.power(step, a.constant(h.beta2Decay)),
      rate: a.min(lr, a.div(a.constant(1), a.sqrt(step))),
    });
    return ({ shape }) => {
      const dims = matrixDims(shape);
      if (shape.length < 2) {
        const form = adafactorForm(h, { dims, stateDims: { expAvgSq: dims } }, keptWhole);
        return { states: [{ name: "expAvgSq", shape }], coefficients, form };
      }
      const [matrices, rows, columns] = dims;
      const stateDims: Record<string, MatrixDims> = {
        rowVar: [matrices, rows, 1],
        colVar: [matrices, 1, columns],
      };
      const states = [
        { name: "rowVar", shape: [...shape.slice(0, -1), 1] },
        { name: "colVar", shape: [...shape.slice(0, -2), 1, columns] },
      ];
      return { states, coefficients, form: adafactorForm(h, { dims, stateDims }, factored) };
    };
  },
});

/** g / √max(v, ε1²), and the states that v is made of. */
type Normalize = <T>(
  a: TensorArithmetic<T>,
  tensor: WholeTensor<T>,
  eps: number,
) => { readonly direction: T; readonly states: Readonly<Record<string, T>> };

const keptWhole: Normalize = (a, { g, states, c }, eps) => {
  // The state and the coefficient that this rule lists.
  const expAvgSq = a.map([states.expAvgSq!, g, c.fresh!], (e, old, x, share) =>
    mix(e, old, square(e, x), share),
  );
  const direction = a.map([g, expAvgSq], (e, x, v) => e.div(x, e.sqrt(e.max(v, e.constant(eps * eps)))));
  return { direction, states: { expAvgSq } };
};

const factored: Normalize = (a, { g, states, c }, eps) => {
  // The states and the coefficient that this rule lists.
  const rowVar = a.map([states.rowVar!, a.mean("row", [g], square), c.fresh!], mix);
  const colVar = a.map([states.colVar!, a.mean("column", [g], square), c.fresh!], mix);
  const mean = a.mean("column", [rowVar], same);
  const direction = a.map([g, rowVar, colVar, mean], (e, x, row, column, all) => {
    const v = e.mul(e.div(row, e.max(all, e.constant(eps))), column);
    return e.div(x, e.sqrt(e.max(v, e.constant(eps * eps))));
  });
  return { direction, states: { rowVar, colVar } };
};

function adafactorForm(
  { eps, leastRms, clip }: AdafactorHyperparameters,
  sizes: Pick<TensorForm, "dims" | "stateDims">,
  normalize: Normalize,
): TensorForm {
  return {
    kind: "tensor",
    ...sizes,
    propose(a, tensor) {
      const { direction, states } = normalize(a, tensor, eps);
      const sizesAndRate = [rootMeanSquare(a, tensor.p), rootMeanSquare(a, direction), tensor.c.rate!];
      const factor = a.map(sizesAndRate, (e, parameter, step, rate) => {
        const relative = e.mul(rate, e.max(e.constant(leastRms), parameter));
        return e.div(relative, e.max(e.constant(1), e.div(step, e.constant(clip))));
      });
      return { direction, factor, states };
    },
  };
}
