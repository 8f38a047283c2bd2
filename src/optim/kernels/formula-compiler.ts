import type { Arithmetic } from "../arithmetic.ts";
import type { ElementFormula } from "../tensor-arithmetic.ts";
import type { ElementForm } from "../update-rule.ts";
import { code, encodeModule, type FunctionSpec, type ValueType } from "./wasm-encoding.ts";

/** A SIMD register: a local that holds four elements. One that depends on no element is set before the loop. */
interface Register {
  readonly local: number;
  readonly invariant: boolean;
}

/** Four elements of an array that advances with the loop, or one number for all. */
export type Source = "stream" | "splat";

/**
 * Writes one formula as a loop over vectors of four float32. It is read as it is executed: the formula is called once,
 * with registers for operands, and each operation appends its instruction. So a kernel has the formula's own order of
 * operations, and nothing is written twice.
 */
class Emitter {
  readonly #head: number[] = [];
  readonly #body: number[] = [];
  readonly #firstRegister: number;
  readonly #index: number;
  readonly #constants = new Map<number, Register>();
  #registers = 0;

  /** @param index the i32 local that counts bytes; registers come behind `firstRegister` */
  constructor(index: number, firstRegister: number) {
    this.#index = index;
    this.#firstRegister = firstRegister;
  }

  readonly arithmetic: Arithmetic<Register> = {
    constant: (value) => this.#constant(value),
    add: (x, y) => this.#emit([x, y], code.add),
    sub: (x, y) => this.#emit([x, y], code.sub),
    mul: (x, y) => this.#emit([x, y], code.mul),
    div: (x, y) => this.#emit([x, y], code.div),
    sqrt: (x) => this.#emit([x], code.sqrt),
    abs: (x) => this.#emit([x], code.abs),
    max: (x, y) => this.#emit([x, y], code.max),
    min: (x, y) => this.#emit([x, y], code.min),
    whereGreater: (x, y, yes, no) => this.#emit([yes, no, this.#emit([x, y], code.greater)], code.select),
  };

  /** The next four elements of the array whose address a local holds, or the one number there. */
  read(address: number, source: Source = "stream"): Register {
    if (source === "splat") return this.invariant([...code.getLocal(address), ...code.loadSplat(0)]);
    return this.#set([...this.#at(address), ...code.load], false);
  }

  /** What `instructions` leave on the stack, once. */
  invariant(instructions: readonly number[]): Register {
    return this.#set(instructions, true);
  }

  write(address: number, value: Register): void {
    this.#body.push(...this.#at(address), ...code.getLocal(value.local), ...code.store);
  }

  /** The whole loop, while the count is below the i32 local `bytes`. */
  finish(
    prologue: readonly number[],
    bytes: number,
  ): { readonly body: readonly number[]; readonly registers: number } {
    const advance = [...code.getLocal(this.#index), ...code.constI32(16), ...code.addI32];
    const next = [...advance, ...code.setLocal(this.#index)];
    const more = [...code.getLocal(this.#index), ...code.getLocal(bytes), ...code.lessThanU32];
    const loop = code.loop([...this.#body, ...next, ...more]);
    return { body: [...prologue, ...this.#head, ...loop], registers: this.#registers };
  }

  #constant(value: number): Register {
    let register = this.#constants.get(value);
    if (!register) {
      register = this.invariant(code.constant(value));
      this.#constants.set(value, register);
    }
    return register;
  }

  #emit(operands: readonly Register[], operation: readonly number[]): Register {
    const values = operands.flatMap((r) => code.getLocal(r.local));
    return this.#set(
      [...values, ...operation],
      operands.every((r) => r.invariant),
    );
  }

  #set(instructions: readonly number[], invariant: boolean): Register {
    const local = this.#firstRegister + this.#registers++;
    const target = invariant ? this.#head : this.#body;
    target.push(...instructions, ...code.setLocal(local));
    return { local, invariant };
  }

  #at(address: number): number[] {
    return [...code.getLocal(address), ...code.getLocal(this.#index), ...code.addI32];
  }
}

/** A module for `Kernel.load`. */
export type CompiledFormula = Uint8Array<ArrayBuffer>;

// The signature `Propose` of assembly/drive.ts.
const PROPOSE: readonly ValueType[] = ["i32", "f32", "i32", "i32", "i32", "i32", "i32"];
const [GRADIENT, SCALE, FIRST_STATE, STEP, BYTES] = [0, 1, 2, 5, 6];

/** The most states that an element-wise rule can have: what the signature passes on. */
const MAX_STATES = STEP - FIRST_STATE;

/**
 * Compiles an element-wise rule to a function with the signature of assembly/drive.ts: over one block it reads the
 * gradient times a scale, updates the states and writes the step.
 *
 * @param coefficients their names, in the order in which the kernel is given them
 */
export function compilePropose(
  { propose }: ElementForm,
  states: readonly string[],
  coefficients: readonly string[],
): CompiledFormula {
  if (states.length > MAX_STATES)
    throw new Error("internal: an update rule has more states than kernels pass");
  const index = PROPOSE.length;
  const e = new Emitter(index, index + 1);
  const scale = e.invariant([...code.getLocal(SCALE), ...code.splat]);
  const c = coefficients.map((name, k) => {
    return [name, e.invariant([...code.getGlobal(0), ...code.loadSplat(4 * k)])] as const;
  });
  const old = Object.fromEntries(states.map((name, k) => [name, e.read(FIRST_STATE + k)] as const));
  const proposal = propose(e.arithmetic, {
    g: e.arithmetic.mul(scale, e.read(GRADIENT)),
    states: old,
    c: Object.fromEntries(c),
  });
  for (const [k, name] of states.entries()) {
    const next = proposal.states[name];
    if (!next) throw new Error(`internal: an update rule gives no state "${name}"`);
    if (next !== old[name]) e.write(FIRST_STATE + k, next);
  }
  e.write(STEP, proposal.step);
  return encodeFormula(e.finish([], BYTES), PROPOSE, 1);
}

/**
 * Compiles a formula to a function (list, bytes) as assembly/matrices.ts calls it: `list` holds the addresses of its
 * operands, then of its result.
 */
export function compileMap(formula: ElementFormula, operands: readonly Source[]): CompiledFormula {
  const [list, bytes, index, first] = [0, 1, 2, 3];
  const addresses = operands.length + 1;
  const e = new Emitter(index, first + addresses);
  const prologue = Array.from({ length: addresses }, (_, k) => [
    ...code.getLocal(list),
    ...code.loadI32(4 * k),
    ...code.setLocal(first + k),
  ]).flat();
  const registers = operands.map((source, k) => e.read(first + k, source));
  e.write(first + operands.length, formula(e.arithmetic, ...registers));
  return encodeFormula(e.finish(prologue, bytes), ["i32", "i32"], 1 + addresses);
}

function encodeFormula(
  { body, registers }: ReturnType<Emitter["finish"]>,
  parameters: readonly ValueType[],
  integers: number,
): CompiledFormula {
  const locals: FunctionSpec["locals"] = [
    [integers, "i32"],
    [registers, "v128"],
  ];
  return encodeModule({ name: "formula", parameters, locals, body });
}
