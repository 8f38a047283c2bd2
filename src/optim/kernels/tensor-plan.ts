import {
  broadcastDims,
  type ElementFormula,
  type MatrixDims,
  type MeanOver,
  meanDims,
  productDims,
  sizeOfDims,
  type TensorArithmetic,
} from "../tensor-arithmetic.ts";
import type { ParameterUpdate, TensorForm } from "../update-rule.ts";
import { compileMap, type Source } from "./formula-compiler.ts";
import { type Address, allocationSize, type Kernel } from "./kernel.ts";

/** A tensor of a plan: so many bytes behind one of the arrays that a run is given. */
interface Handle {
  readonly dims: MatrixDims;
  /** Index among `Bases`. */
  readonly base: number;
  readonly offset: number;
}

// The arrays of a run: scratch, parameter, gradient, anchor, then states.
const [SCRATCH, PARAMETER, GRADIENT, ANCHOR, FIRST_STATE] = [0, 1, 2, 3, 4];
type Bases = readonly Address[];
type Operation = (kernel: Kernel, bases: Bases) => void;

/** Addresses of operands and result with their steps; see assembly/matrices.ts. */
const LIST_BYTES = 256;
/** What a formula may write behind the last row, rounded up to keep arrays aligned. */
const SLACK_BYTES = 64;
const ONE: MatrixDims = [1, 1, 1];

/** What a run of a plan works on. */
export interface PlanRun {
  readonly parameter: Address;
  readonly gradient: Address;
  readonly gradientScale: number;
  /** θ0, or 0 for zeros; read where there is a coupling. */
  readonly anchor: Address;
  /** What an anchor rule adds to the gradient: so much of θ − θ0. */
  readonly coupling: number;
  readonly states: readonly Address[];
  readonly coefficients: readonly number[];
  /** Room for `scratchLength` numbers. */
  readonly scratch: Address;
}

/** A rule's formula over tensors of one shape, as the passes that compute it. */
export interface TensorPlan {
  /** float32 numbers of scratch that a run needs; they mean nothing afterwards. */
  readonly scratchLength: number;
  /** Updates the states, and says where the direction lies (until the next run) and by which factor to step along it. */
  run(kernel: Kernel, run: PlanRun): { readonly direction: Address; readonly factor: number };
}

/**
 * Reads a formula over tensors once and keeps what is to be done at each step. Every element-wise part is one compiled
 * pass; products run on a blocked kernel; scratch is laid out once.
 *
 * @param coefficients their names, in the order in which a run is given them
 */
export function planTensor(
  update: ParameterUpdate,
  form: TensorForm,
  coefficients: readonly string[],
): TensorPlan {
  const recorder = new Recorder();
  const scalars = recorder.allocate([1, 1, coefficients.length + 2]);
  const scalarAt = (k: number): Handle => ({ dims: ONE, base: SCRATCH, offset: scalars.offset + 4 * k });
  const whole = (base: number): Handle => ({ dims: form.dims, base, offset: 0 });
  const see = recordSeeing(recorder, whole, [scalarAt(0), scalarAt(1)]);
  const { direction, factor, states } = form.propose(recorder, {
    p: whole(PARAMETER),
    g: whole(GRADIENT),
    states: Object.fromEntries(
      update.states.map(({ name }, k) => [
        name,
        { dims: form.stateDims[name]!, base: FIRST_STATE + k, offset: 0 }, // a form sizes every state
      ]),
    ),
    c: Object.fromEntries(coefficients.map((name, k) => [name, scalarAt(2 + k)])),
  });
  for (const [k, { name }] of update.states.entries()) {
    const next = states[name];
    if (!next) throw new Error(`internal: an update rule gives no state "${name}"`);
    recorder.copy(next, { dims: next.dims, base: FIRST_STATE + k, offset: 0 });
  }
  const length = sizeOfDims(form.dims);
  return {
    scratchLength: recorder.peak / 4,
    run(kernel, r) {
      const { scratch, gradientScale, coupling } = r;
      kernel
        .view(scratch + scalars.offset, 2 + r.coefficients.length)
        .set([gradientScale, coupling, ...r.coefficients]);
      const given: Bases = [scratch, r.parameter, r.gradient, r.anchor, ...r.states];
      const bases = given.with(GRADIENT, see(kernel, given, r));
      for (const operation of recorder.operations) operation(kernel, bases);
      const at = addressOf(direction, bases);
      // The padding of a tensor passes through the step: it must be zero.
      kernel.view(at + 4 * length, -length & 3).fill(0);
      return { direction: at, factor: kernel.view(addressOf(factor, bases), 1)[0]! }; // one number
    },
  };
}

/** The gradient as a rule sees it: scaled, and with an anchor's coupling where there is one. Gives where it lies. */
function recordSeeing(
  recorder: Recorder,
  whole: (base: number) => Handle,
  [scale, coupling]: readonly [Handle, Handle],
): (kernel: Kernel, bases: Bases, run: PlanRun) => Address {
  const [p, g, anchor] = [whole(PARAMETER), whole(GRADIENT), whole(ANCHOR)];
  const seen = recorder.allocate(g.dims);
  const record = (operands: readonly Handle[], formula: ElementFormula) =>
    recorder.record(() => recorder.mapTo(seen, operands, formula));
  const scaled = record([g, scale], (a, x, s) => a.mul(s!, x!));
  const toZero = record([g, scale, p, coupling], (a, x, s, d, c) => a.add(a.mul(s!, x!), a.mul(c!, d!)));
  const toAnchor = record([g, scale, p, coupling, anchor], (a, x, s, y, c, y0) =>
    a.add(a.mul(s!, x!), a.mul(c!, a.sub(y!, y0!))),
  );
  return (kernel, bases, run) => {
    if (run.coupling === 0 && run.gradientScale === 1) return run.gradient;
    const operations = run.coupling === 0 ? scaled : run.anchor === 0 ? toZero : toAnchor;
    for (const operation of operations) operation(kernel, bases);
    return addressOf(seen, bases);
  };
}

class Recorder implements TensorArithmetic<Handle> {
  operations: Operation[] = [];
  /** Bytes of scratch in use at most. */
  peak = LIST_BYTES;
  #top = LIST_BYTES;

  map(operands: readonly Handle[], formula: ElementFormula): Handle {
    const out = this.allocate(broadcastDims(operands.map((x) => x.dims)));
    this.mapTo(out, operands, formula);
    return out;
  }

  mapTo(out: Handle, operands: readonly Handle[], formula: ElementFormula): void {
    const isFlat = operands.every(({ dims }) => sizeOfDims(dims) === 1 || isSame(dims, out.dims));
    // Operands without rows of their own make one long row.
    const view: MatrixDims = isFlat ? [1, 1, sizeOfDims(out.dims)] : out.dims;
    const sources = operands.map((x) => sourceOf(x, view, isFlat));
    const compiled = compileMap(formula, sources);
    const list = [...operands, out].map((x) => steppedBy(x, view));
    this.operations.push((kernel, bases) =>
      kernel.mapRows(kernel.load(compiled), writeList(kernel, bases, list), list.length, view),
    );
  }

  mean(over: MeanOver, operands: readonly Handle[], formula: ElementFormula): Handle {
    const dims = broadcastDims(operands.map((x) => x.dims));
    const out = this.allocate(meanDims(over, dims));
    const mark = this.#top;
    const row = this.allocate([1, 1, dims[2]]);
    this.#top = mark;
    const sources = operands.map((x) => sourceOf(x, dims, false));
    const compiled = compileMap(formula, sources);
    const list = [...operands.map((x) => steppedBy(x, dims)), { handle: row, row: 0, matrix: 0 }];
    this.operations.push((kernel, bases) =>
      kernel.meanRows(kernel.load(compiled), writeList(kernel, bases, list), list.length, {
        dims,
        over,
        out: addressOf(out, bases),
      }),
    );
    return out;
  }

  product(x: Handle, y: Handle, transposed: { readonly x?: boolean; readonly y?: boolean } = {}): Handle {
    const dims = productDims(x.dims, y.dims, transposed);
    const inner = transposed.x ? x.dims[1] : x.dims[2];
    const out = this.allocate(dims);
    this.operations.push((kernel, bases) => {
      for (let m = 0; m < dims[0]; m++) {
        const matrix = (of: Handle) => addressOf(of, bases) + 4 * m * of.dims[1] * of.dims[2];
        const left = { address: matrix(x), columns: x.dims[2], transposed: transposed.x ?? false };
        const right = { address: matrix(y), columns: y.dims[2], transposed: transposed.y ?? false };
        kernel.product(left, right, { out: matrix(out), rows: dims[1], inner, columns: dims[2] });
      }
    });
    return out;
  }

  repeat(times: number, x: Handle, body: (x: Handle) => Handle): Handle {
    const now = this.allocate(x.dims);
    this.copy(x, now);
    const mark = this.#top;
    const inner = this.record(() => this.copy(body(now), now));
    // What the body computed means nothing to the next turn.
    this.#top = mark;
    this.operations.push((kernel, bases) => {
      for (let t = 0; t < times; t++) for (const operation of inner) operation(kernel, bases);
    });
    return now;
  }

  /** What `body` records, apart from the rest. */
  record(body: () => void): readonly Operation[] {
    const outer = this.operations;
    this.operations = [];
    body();
    const recorded = this.operations;
    this.operations = outer;
    return recorded;
  }

  copy(from: Handle, to: Handle): void {
    if (from.base === to.base && from.offset === to.offset) return;
    const length = sizeOfDims(from.dims);
    this.operations.push((kernel, bases) =>
      kernel.view(addressOf(to, bases), length).set(kernel.view(addressOf(from, bases), length)),
    );
  }

  allocate(dims: MatrixDims): Handle {
    const offset = this.#top;
    this.#top += allocationSize(sizeOfDims(dims)) + SLACK_BYTES;
    this.peak = Math.max(this.peak, this.#top);
    return { dims, base: SCRATCH, offset };
  }
}

function addressOf({ base, offset }: Handle, bases: Bases): Address {
  return bases[base]! + offset; // a handle's base is one of the run's arrays
}

function isSame(a: MatrixDims, b: MatrixDims): boolean {
  return a.every((n, axis) => n === b[axis]);
}

/** Whether an operand is one number to a row of the view, or a row of its own. */
function sourceOf({ dims }: Handle, view: MatrixDims, isFlat: boolean): Source {
  const isOne = isFlat ? sizeOfDims(dims) === 1 : dims[2] === 1;
  return isOne && view[2] > 1 ? "splat" : "stream";
}

/** An operand and by how many bytes it goes on from row to row, and more from matrix to matrix. */
interface Stepped {
  readonly handle: Handle;
  readonly row: number;
  readonly matrix: number;
}

function steppedBy(handle: Handle, [, rows]: MatrixDims): Stepped {
  const [matrices, ownRows, columns] = handle.dims;
  const row = ownRows === 1 ? 0 : 4 * columns;
  const matrix = (matrices === 1 ? 0 : 4 * ownRows * columns) - rows * row;
  return { handle, row, matrix };
}

function writeList(kernel: Kernel, bases: Bases, list: readonly Stepped[]): Address {
  if (12 * list.length > LIST_BYTES)
    throw new Error("internal: a formula has more operands than a list holds");
  const at = bases[SCRATCH]!;
  kernel
    .integers(at, 3 * list.length)
    .set([
      ...list.map(({ handle }) => addressOf(handle, bases)),
      ...list.map(({ row }) => row),
      ...list.map(({ matrix }) => matrix),
    ]);
  return at;
}
