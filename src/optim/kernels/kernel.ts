import type { StepSums } from "../motion.ts";
import type { RowLayout } from "../row-layout.ts";
import type { MatrixDims, MeanOver } from "../tensor-arithmetic.ts";
import type { CompiledFormula } from "./formula-compiler.ts";
import { kernelBase64 } from "./kernel.wasm.ts";

/** Byte address in a kernel's memory; 0 stands for an array that is not there (an absent state, an anchor of zeros). */
export type Address = number;

/** Bytes of an SSE or NEON register. Arrays start on it and end, padded with zeros, on it. */
const VECTOR_BYTES = 16;
const PAGE_BYTES = 65536;
/** Numbers that SCALARS holds. */
const SCALAR_COUNT = 16;
/** Those that the step itself takes; an update rule's coefficients come behind them. */
const FIRST_COEFFICIENT = 4;

/** An update rule's formula in a kernel: its place in the kernel's function table. */
export type Formula = number;

/** What the anchor does within the pass. The numbers are those of assembly/drive.ts. */
export type AnchorMode = "plain" | "watched" | "pulled" | "cautious";
const modes: Readonly<Record<AnchorMode, number>> = { plain: 0, watched: 1, pulled: 2, cautious: 3 };

/** One step of one tensor, or of a range of one: addresses, elements, and the numbers that are equal for all elements. */
export interface KernelStep {
  readonly formula: Formula;
  readonly parameter: Address;
  readonly gradient: Address;
  readonly states: readonly Address[];
  readonly anchor: Address;
  readonly length: number;
  readonly mode: AnchorMode;
  readonly gradientScale: number;
  readonly coupling: number;
  readonly pull: number;
  readonly coefficients: readonly number[];
}

type Pointer = number;
type Drive = (
  formula: Formula,
  parameter: Pointer,
  gradient: Pointer,
  s0: Pointer,
  s1: Pointer,
  s2: Pointer,
  anchor: Pointer,
  n: number,
  mode: number,
) => void;

/** What the compiled module exports. */
interface KernelExports {
  readonly table: WebAssembly.Table;
  readonly FREE: WebAssembly.Global<"i32">;
  readonly SCALARS: WebAssembly.Global<"i32">;
  readonly SUMS: WebAssembly.Global<"i32">;
  readonly WORKSPACE: WebAssembly.Global<"i32">;
  readonly useWorkspace: (address: Pointer) => void;
  readonly drive: Drive;
  readonly mapRows: (formula: Formula, list: Pointer, count: number, ...dims: MatrixDims) => void;
  readonly meanRows: (
    formula: Formula,
    list: Pointer,
    count: number,
    ...rest: [...MatrixDims, number, Pointer]
  ) => void;
  readonly product: (
    ...operands: [...Operand, ...Operand, out: Pointer, ...MatrixDims, panel: Pointer]
  ) => void;
  readonly PANEL: WebAssembly.Global<"i32">;
  readonly shrink: (parameter: Pointer, anchor: Pointer, n: number, share: number) => void;
  readonly sumSquares: (x: Pointer, n: number) => number;
  readonly sumSquaredDifferences: (x: Pointer, y: Pointer, n: number) => number;
  readonly firstNonFinite: (x: Pointer, n: number) => number;
  readonly accumulate: (sum: Pointer, x: Pointer, n: number, weight: number, starts: boolean) => void;
  readonly dot: (x: Pointer, y: Pointer, n: number) => number;
  readonly agreement: (g: Pointer, x: Pointer, y: Pointer, n: number) => void;
  readonly rowDistances: (x: Pointer, y: Pointer, sums: Pointer, ...rows: Extent) => void;
  readonly rowDots: (g: Pointer, x: Pointer, y: Pointer, sums: Pointer, ...rows: Extent) => void;
  readonly shrinkRows: (x: Pointer, y: Pointer, shares: Pointer, ...rows: Extent) => number;
  readonly scaleRows: (out: Pointer, x: Pointer, y: Pointer, factors: Pointer, ...rows: Extent) => void;
}

/** A matrix with the bytes between its rows and between its columns. */
type Operand = [address: Pointer, row: number, column: number];

/** A matrix of a product; `columns` are those it is stored with. */
export interface Factor {
  readonly address: Address;
  readonly columns: number;
  readonly transposed: boolean;
}

// The numbers of assembly/matrices.ts.
const meanKinds: Readonly<Record<MeanOver, number>> = { row: 0, column: 1, all: 2 };

/** How one group of a tensor is seen: [outer, rows, inner]. */
type Extent = [outer: number, rows: number, inner: number];

/** Compiles the SIMD kernels. Needs WebAssembly SIMD, which Node 20 and every current browser have. */
export function compileKernels(): Promise<WebAssembly.Module> {
  return WebAssembly.compile(Uint8Array.from(atob(kernelBase64), (char) => char.charCodeAt(0)));
}

/**
 * One instance of the SIMD kernels with a memory of its own: unshared, sized once and never grown, so that views on it
 * stay valid and ONNX Runtime takes them as tensors in place.
 *
 * Every method works on a range of one tensor, and what it returns can be added over ranges: instances over one shared
 * memory, a workspace each, would be the threads of a step.
 */
export class Kernel {
  readonly #exports: KernelExports;
  readonly #memory: WebAssembly.Memory;
  readonly #workspace: Address;
  readonly #formulas = new Map<CompiledFormula, Formula>();
  readonly #scalars: Float32Array;
  readonly #sums: Float64Array;
  readonly #panel: Address;
  #next: Address;

  /** @param bytes what `allocate` is to hand out, by `allocationSize`, in all */
  constructor(module: WebAssembly.Module, bytes: number) {
    const pages = Math.ceil(bytes / PAGE_BYTES) + 1;
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    // The shapes of the exports are those of assembly/index.ts, compiled from the same commit.
    this.#exports = exports as unknown as KernelExports;
    this.#memory = memory;
    const { FREE, WORKSPACE, SCALARS, SUMS, useWorkspace } = this.#exports;
    const workspace = Math.ceil(FREE.value / ALIGNMENT) * ALIGNMENT;
    useWorkspace(workspace);
    this.#workspace = workspace;
    this.#scalars = new Float32Array(this.#buffer, workspace + SCALARS.value, SCALAR_COUNT);
    this.#sums = new Float64Array(this.#buffer, workspace + SUMS.value, 10);
    this.#panel = workspace + Math.ceil(WORKSPACE.value / ALIGNMENT) * ALIGNMENT;
    this.#next = this.#panel + this.#exports.PANEL.value;
    if (this.#next > PAGE_BYTES) throw new Error("internal: the kernels' own data outgrew its page");
  }

  get #buffer(): ArrayBuffer {
    return this.#memory.buffer as ArrayBuffer; // not shared, by construction
  }

  /** The address of `length` new float32 zeros. */
  allocate(length: number): Address {
    const address = this.#next;
    this.#next += allocationSize(length);
    if (this.#next > this.#buffer.byteLength) throw new Error("internal: kernel memory was sized too small");
    return address;
  }

  view(address: Address, length: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.#buffer, address, length);
  }

  view64(address: Address, length: number): Float64Array<ArrayBuffer> {
    return new Float64Array(this.#buffer, address, length);
  }

  integers(address: Address, length: number): Int32Array<ArrayBuffer> {
    return new Int32Array(this.#buffer, address, length);
  }

  /** Makes a compiled formula callable here; again is free. */
  load(compiled: CompiledFormula): Formula {
    let formula = this.#formulas.get(compiled);
    if (formula === undefined) {
      const { table, SCALARS } = this.#exports;
      const scalars = this.#workspace + SCALARS.value + 4 * FIRST_COEFFICIENT;
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(compiled), {
        env: { memory: this.#memory, scalars },
      });
      formula = table.grow(1);
      table.set(formula, exports.formula);
      this.#formulas.set(compiled, formula);
    }
    return formula;
  }

  /** θ ← θ − u − pull · d, states updated; see `AnchorRule` for the formula and `StepSums` for the result. */
  step(s: KernelStep): StepSums {
    if (s.coefficients.length > SCALAR_COUNT - FIRST_COEFFICIENT) {
      throw new Error("internal: an update rule has more coefficients than the kernels pass on");
    }
    const [s0 = 0, s1 = 0, s2 = 0] = s.states;
    this.#scalars.set([s.gradientScale, s.coupling, s.pull, 0, ...s.coefficients]);
    const { drive } = this.#exports;
    drive(s.formula, s.parameter, s.gradient, s0, s1, s2, s.anchor, padded(s.length), modes[s.mode]);
    const sum = (k: number) => this.#sums[2 * k]! + this.#sums[2 * k + 1]!;
    return { gd: sum(0), dd: sum(1), ud: sum(2), uu: sum(3), gg: sum(4) };
  }

  /** θ ← θ − share · (θ − θ0) */
  shrink(parameter: Address, anchor: Address, length: number, share: number): void {
    this.#exports.shrink(parameter, anchor, padded(length), share);
  }

  sumSquares(x: Address, length: number): number {
    return this.#exports.sumSquares(x, padded(length));
  }

  /** Σ (x − y)²; an address 0 of y stands for zeros. */
  sumSquaredDifferences(x: Address, y: Address, length: number): number {
    return this.#exports.sumSquaredDifferences(x, y, padded(length));
  }

  /** Index of the first NaN or infinity, or −1. */
  firstNonFinite(x: Address, length: number): number {
    return this.#exports.firstNonFinite(x, padded(length));
  }

  /** sum ← sum + weight · x, or weight · x when it starts a new sum. */
  accumulate(sum: Address, x: Address, length: number, options: { weight: number; starts: boolean }): void {
    this.#exports.accumulate(sum, x, padded(length), options.weight, options.starts);
  }

  /** A formula of `compileMap` over rows; `list` as in assembly/matrices.ts. */
  mapRows(formula: Formula, list: Address, count: number, dims: MatrixDims): void {
    this.#exports.mapRows(formula, list, count, ...dims);
  }

  /** The mean of a formula of `compileMap`, whose result in `list` is one row. */
  meanRows(
    formula: Formula,
    list: Address,
    count: number,
    { dims, over, out }: { readonly dims: MatrixDims; readonly over: MeanOver; readonly out: Address },
  ): void {
    this.#exports.meanRows(formula, list, count, ...dims, meanKinds[over], out);
  }

  /** out [rows, columns] ← x [rows, inner] · y [inner, columns], after transposing. */
  product(
    x: Factor,
    y: Factor,
    o: { readonly out: Address; readonly rows: number; readonly inner: number; readonly columns: number },
  ): void {
    const operand = ({ address, columns, transposed }: Factor): Operand =>
      transposed ? [address, 4, 4 * columns] : [address, 4 * columns, 4];
    this.#exports.product(...operand(x), ...operand(y), o.out, o.rows, o.inner, o.columns, this.#panel);
  }

  /** Σ x · y */
  dot(x: Address, y: Address, length: number): number {
    return this.#exports.dot(x, y, padded(length));
  }

  /** ⟨g, x − y⟩, ‖x − y‖² and ‖g‖² of arrays that no step has changed yet. */
  agreement(g: Address, x: Address, y: Address, length: number): { gd: number; dd: number; gg: number } {
    this.#exports.agreement(g, x, y, padded(length));
    const sum = (k: number) => this.#sums[2 * k]! + this.#sums[2 * k + 1]!;
    return { gd: sum(0), dd: sum(1), gg: sum(4) };
  }

  /** Σ |x − y| over each row, float64 in `sums`, which holds one number for each row. */
  rowDistances(x: Address, y: Address, sums: Address, layout: RowLayout): void {
    this.#forGroups(layout, (at, row, ...extent) =>
      this.#exports.rowDistances(x + at, y && y + at, sums + 8 * row, ...extent),
    );
  }

  /** Σ g · (x − y) over each row, float64 in `sums`. */
  rowDots(g: Address, x: Address, y: Address, sums: Address, layout: RowLayout): void {
    this.#forGroups(layout, (at, row, ...extent) =>
      this.#exports.rowDots(g + at, x + at, y && y + at, sums + 8 * row, ...extent),
    );
  }

  /** x ← x − share · (x − y), `shares` float32 with one for each row. @returns ‖x − y‖² afterwards */
  shrinkRows(x: Address, y: Address, shares: Address, layout: RowLayout): number {
    let left = 0;
    this.#forGroups(layout, (at, row, ...extent) => {
      left += this.#exports.shrinkRows(x + at, y && y + at, shares + 4 * row, ...extent);
    });
    return left;
  }

  /** out ← factor · (x − y), `factors` float32 with one for each row. */
  scaleRows(out: Address, x: Address, y: Address, factors: Address, layout: RowLayout): void {
    this.#forGroups(layout, (at, row, ...extent) =>
      this.#exports.scaleRows(out + at, x + at, y && y + at, factors + 4 * row, ...extent),
    );
  }

  /** Calls with the bytes before each group, the rows before it, and its extent. */
  #forGroups(layout: RowLayout, run: (at: number, row: number, ...extent: Extent) => void): void {
    const { groups, outer, rows, inner } = layout;
    for (let g = 0; g < groups; g++) run(4 * g * outer * rows * inner, g * rows, outer, rows, inner);
  }
}

/** Bytes between arrays: a cache line, so that two arrays never share one. */
const ALIGNMENT = 64;

/** Bytes that `allocate` takes for an array. */
export function allocationSize(length: number): number {
  return Math.ceil((length * 4) / ALIGNMENT) * ALIGNMENT;
}

function padded(length: number): number {
  const perVector = VECTOR_BYTES / 4;
  return Math.ceil(length / perVector) * perVector;
}
