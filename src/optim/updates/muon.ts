import { mix, square } from "../arithmetic.ts";
import type { MatrixDims, TensorArithmetic } from "../tensor-arithmetic.ts";
import {
  defineParameterRule,
  type ParameterUpdate,
  type TensorForm,
  type UpdatedParameter,
  type UpdateRule,
} from "../update-rule.ts";
import { type AdamHyperparameters, adam, adamDefaults, adamProblems } from "./adam.ts";

interface MuonHyperparameters extends AdamHyperparameters {
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly nsSteps: number;
  readonly matchRms: boolean;
}

const muonDefaults: MuonHyperparameters = {
  ...{ momentum: 0.95, nesterov: true, nsSteps: 5, matchRms: true },
  ...adamDefaults,
};

/** The quintic that drives all singular values toward 1 fastest; Jordan's numbers. */
const [LINEAR, CUBIC, QUINTIC] = [3.4445, -4.775, 2.0315];
/** The least norm that a matrix is divided by. */
const TINY = 1e-7;

/**
 * Muon: momentum whose singular values are all brought near 1, for matrices inside the network and filters of
 * convolutions; Adam, with `betas` and `eps`, for embeddings, heads, vectors and everything else.
 *
 *     b ← b + (1 − momentum) (g − b)      x = g + momentum (b − g),   without nesterov x = b
 *     X ← x / ‖x‖, then nsSteps times  X ← 3.4445 X − 4.775 (XXᵀ) X + 2.0315 (XXᵀ)² X
 *     u = lr · 0.2 √max(rows, columns) · X,   without matchRms u = lr · √max(1, outputs / inputs) · X
 *
 * With `matchRms` the learning rate is that of Adam (Liu et al., 2025, arXiv 2502.16982); without it the one of Jordan.
 * Jordan et al., 2024, https://kellerjordan.github.io/posts/muon/, as PyTorch has it, but in float32 throughout.
 */
export const muon: UpdateRule = defineParameterRule({
  name: "muon",
  title: "Muon",
  summary:
    "momentum with its singular values brought near 1, for inner matrices and filters; Adam for the rest",
  source: {
    ...{ authors: "Jordan et al.", venue: "blog post", year: 2024 },
    url: "https://kellerjordan.github.io/posts/muon/",
  },
  defaultLr: 1e-3,
  defaults: muonDefaults,
  problems: (h) => [
    ...(h.momentum >= 0 && h.momentum < 1 ? [] : [`momentum is ${h.momentum}, expected a number in [0, 1).`]),
    ...(Number.isInteger(h.nsSteps) && h.nsSteps >= 1 && h.nsSteps < 100
      ? []
      : [`nsSteps is ${h.nsSteps}, expected a whole number from 1 to 99.`]),
    ...adamProblems(h),
  ],
  bindTo(h) {
    const rest = adam.bind({ betas: h.betas, eps: h.eps });
    return (parameter) => {
      const dims = dimsOfMatrix(parameter);
      if (dims === null) return rest.forParameter(parameter);
      const form = muonForm(h, dims);
      return {
        states: [{ name: "momentumBuffer", shape: parameter.shape }],
        coefficients: muonCoefficients(h, dims, parameter.units?.axis ?? 0),
        form,
      };
    };
  },
});

/** A matrix either way round, or filters with a row for each; null where Adam steps. */
function dimsOfMatrix({ shape, role, units = { axis: 0 } }: UpdatedParameter): MatrixDims | null {
  const [rows = 0, ...others] = shape;
  const columns = others.reduce((product, n) => product * n, 1);
  const isMap = shape.length === 2 || (shape.length === 4 && units.axis === 0);
  return isMap && rows > 1 && columns > 1 && role === "other" ? [1, rows, columns] : null;
}

function muonCoefficients(
  { momentum, matchRms }: MuonHyperparameters,
  [, rows, columns]: MatrixDims,
  unitAxis: number,
): ParameterUpdate["coefficients"] {
  const growth = unitAxis === 0 ? rows / columns : columns / rows;
  const scale = matchRms ? 0.2 * Math.sqrt(Math.max(rows, columns)) : Math.sqrt(Math.max(1, growth));
  return (a, { lr }) => ({
    size: a.mul(lr, a.constant(scale)),
    momentum: a.constant(momentum),
    fresh: a.constant(1 - momentum),
  });
}

function muonForm({ nesterov, nsSteps }: MuonHyperparameters, dims: MatrixDims): TensorForm {
  return {
    kind: "tensor",
    dims,
    stateDims: { momentumBuffer: dims },
    propose(a, { g, states, c }) {
      // The state and the coefficients that this rule lists.
      const momentumBuffer = a.map([states.momentumBuffer!, g, c.fresh!], mix);
      const ahead = nesterov ? a.map([g, momentumBuffer, c.momentum!], mix) : momentumBuffer;
      const direction = orthogonalize(a, ahead, { dims, nsSteps });
      return { direction, factor: c.size!, states: { momentumBuffer } };
    },
  };
}

/** Newton–Schulz on the smaller of XXᵀ and XᵀX: both give the same polynomial of X. */
function orthogonalize<T>(
  a: TensorArithmetic<T>,
  x: T,
  { dims: [, rows, columns], nsSteps }: { readonly dims: MatrixDims; readonly nsSteps: number },
): T {
  const isTall = rows > columns;
  const norm = a.map([a.mean("all", [x], square)], (e, mean) =>
    e.max(e.sqrt(e.mul(mean, e.constant(rows * columns))), e.constant(TINY)),
  );
  const unit = a.map([x, norm], (e, element, n) => e.div(element, n));
  return a.repeat(nsSteps, unit, (now) => {
    const gram = isTall ? a.product(now, now, { x: true }) : a.product(now, now, { y: true });
    const polynomial = a.map([gram, a.product(gram, gram)], (e, first, second) =>
      e.add(e.mul(e.constant(CUBIC), first), e.mul(e.constant(QUINTIC), second)),
    );
    const turned = isTall ? a.product(now, polynomial) : a.product(polynomial, now);
    return a.map([now, turned], (e, old, change) => e.add(e.mul(e.constant(LINEAR), old), change));
  });
}
