/**
 * What an optimizer's formulas are written in. A formula over `Arithmetic<T>` is written once and read in several ways:
 * T a number gives the scalar form that everything else is checked against, T a value of an ONNX graph gives the
 * graph form, and T a register gives the SIMD kernel.
 */
export interface Arithmetic<T> {
  constant(value: number): T;
  add(x: T, y: T): T;
  sub(x: T, y: T): T;
  mul(x: T, y: T): T;
  div(x: T, y: T): T;
  sqrt(x: T): T;
  abs(x: T): T;
  max(x: T, y: T): T;
  min(x: T, y: T): T;
  /** `yes` where x > y, `no` elsewhere and where either is NaN. Both sides are computed: a division by zero is harmless. */
  whereGreater(x: T, y: T, yes: T, no: T): T;
}

/** Arithmetic on the few numbers that are equal for all elements of a tensor, in float64 wherever it is done. */
export interface ScalarArithmetic<T> extends Arithmetic<T> {
  /** base^exponent, for a base of at least 0. */
  power(base: T, exponent: T): T;
  /** factor(1) · factor(2) · … · factor(count), for factors below 1: so small a product that 1 minus it is 1 may be 0. */
  product(factor: (i: number) => number, count: T): T;
}

/** −1, 0 or 1. */
export function sign<T>(a: Arithmetic<T>, x: T): T {
  const [zero, one, minusOne] = [a.constant(0), a.constant(1), a.constant(-1)];
  return a.whereGreater(x, zero, one, a.whereGreater(zero, x, minusOne, zero));
}

export function square<T>(a: Arithmetic<T>, x: T): T {
  return a.mul(x, x);
}

/** old + share · (fresh − old) */
export function mix<T>(a: Arithmetic<T>, old: T, fresh: T, share: T): T {
  return a.add(old, a.mul(share, a.sub(fresh, old)));
}

/** The scalar form: plain float64. */
export const numbers: ScalarArithmetic<number> = {
  constant: (value) => value,
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  sqrt: Math.sqrt,
  abs: Math.abs,
  max: Math.max,
  min: Math.min,
  whereGreater: (x, y, yes, no) => (x > y ? yes : no),
  power: (base, exponent) => base ** exponent,
  product(factor, count) {
    const products = productsOf(factor);
    let product = 1;
    for (let i = 0; i < count; i++) {
      const { value, done } = products.next();
      if (done === true) return 0;
      product = value;
    }
    return product;
  },
};

/** factor(1), factor(1) · factor(2), … until 1 minus the product is 1. */
export function* productsOf(factor: (i: number) => number): Generator<number, void> {
  let product = 1;
  for (let i = 1; 1 - product < 1; i++) {
    product *= factor(i);
    yield product;
  }
}
