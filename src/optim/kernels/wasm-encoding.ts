/** WebAssembly's binary format, as much of it as a formula needs. https://webassembly.github.io/spec/core/binary/ */

const MAGIC_AND_VERSION = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const SECTION = { type: 1, import: 2, function: 3, export: 7, code: 10 } as const;

export const TYPE = { i32: 0x7f, f32: 0x7d, v128: 0x7b } as const;
export type ValueType = keyof typeof TYPE;

/** An unsigned number, in groups of seven bits. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

/** A small number of at least 0, as the operand of i32.const: its sixth bit is a sign, so 64 takes two bytes. */
function signed(value: number): number[] {
  return value < 64 ? [value] : [(value & 0x7f) | 0x80, ...signed(value >> 7)];
}

function simd(code: number, ...operands: number[]): number[] {
  return [0xfd, ...unsigned(code), ...operands];
}

// Addresses of float32 arrays: two bits of alignment, no offset.
const ACCESS = [2, 0];

export const code = {
  getLocal: (index: number) => [0x20, ...unsigned(index)],
  setLocal: (index: number) => [0x21, ...unsigned(index)],
  getGlobal: (index: number) => [0x23, ...unsigned(index)],
  constI32: (value: number) => [0x41, ...signed(value)],
  addI32: [0x6a],
  lessThanU32: [0x49],
  loadI32: (offset: number) => [0x28, 2, ...unsigned(offset)],
  /** Repeats `body` while what it leaves on the stack is not 0; runs it at least once. */
  loop: (body: readonly number[]) => [0x03, 0x40, ...body, 0x0d, 0x00, 0x0b],
  load: simd(0x00, ...ACCESS),
  loadSplat: (offset: number) => simd(0x09, 2, ...unsigned(offset)),
  store: simd(0x0b, ...ACCESS),
  splat: simd(0x13),
  /** One float32 in all four lanes. */
  constant: (value: number) => {
    const bytes = new Uint8Array(Float32Array.of(value, value, value, value).buffer);
    return simd(0x0c, ...bytes);
  },
  greater: simd(0x44),
  /** first & mask | second & ~mask */
  select: simd(0x52),
  abs: simd(0xe0),
  sqrt: simd(0xe3),
  add: simd(0xe4),
  sub: simd(0xe5),
  mul: simd(0xe6),
  div: simd(0xe7),
  min: simd(0xe8),
  max: simd(0xe9),
} as const;

/** A function without a result. */
export interface FunctionSpec {
  readonly name: string;
  readonly parameters: readonly ValueType[];
  /** Locals beyond the parameters, in runs of one type. */
  readonly locals: readonly (readonly [count: number, type: ValueType])[];
  readonly body: readonly number[];
}

/** A module that imports `env.memory` and the constant i32 `env.scalars` (global 0), and exports one function. */
export function encodeModule(f: FunctionSpec): Uint8Array<ArrayBuffer> {
  const locals = f.locals.map(([count, type]) => [...unsigned(count), TYPE[type]]);
  const body = [...vector(locals), ...f.body, 0x0b];
  const imports = [
    [...name("env"), ...name("memory"), 0x02, 0x00, 0x01],
    [...name("env"), ...name("scalars"), 0x03, TYPE.i32, 0x00],
  ];
  return Uint8Array.from([
    ...MAGIC_AND_VERSION,
    ...section(SECTION.type, [[0x60, ...vector(f.parameters.map((t) => [TYPE[t]])), 0x00]]),
    ...section(SECTION.import, imports),
    ...section(SECTION.function, [[0x00]]),
    ...section(SECTION.export, [[...name(f.name), 0x00, 0x00]]),
    ...section(SECTION.code, [[...unsigned(body.length), ...body]]),
  ]);
}

function section(id: number, entries: readonly (readonly number[])[]): number[] {
  const content = vector(entries);
  return [id, ...unsigned(content.length), ...content];
}

function vector(entries: readonly (readonly number[])[]): number[] {
  return [...unsigned(entries.length), ...entries.flat()];
}

function name(text: string): number[] {
  const bytes = new TextEncoder().encode(text);
  return [...unsigned(bytes.length), ...bytes];
}
