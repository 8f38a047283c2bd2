import { expect, test } from "vitest";
import { createRandom } from "../tensor/random.ts";
import { leadingSvd } from "./svd.ts";

/** U diag(s) Vᵀ of known parts: what the decomposition must give back. */
function matrixOf(rows: number, columns: number, s: readonly number[]): Float64Array {
  const basis = (length: number, seed: number) => {
    const random = createRandom(seed);
    const vectors: number[][] = [];
    for (const _ of s) {
      const v = Array.from({ length }, () => random.normal());
      for (let pass = 0; pass < 2; pass++)
        for (const u of vectors) {
          const along = v.reduce((sum, x, i) => sum + x * u[i]!, 0);
          for (let i = 0; i < length; i++) v[i]! -= along * u[i]!;
        }
      const norm = Math.hypot(...v);
      vectors.push(v.map((x) => x / norm));
    }
    return vectors;
  };
  const [u, v] = [basis(rows, 1), basis(columns, 2)];
  const out = new Float64Array(rows * columns);
  s.forEach((size, k) => {
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++) out[i * columns + j]! += size * u[k]![i]! * v[k]![j]!;
  });
  return out;
}

const rebuilt = ({ u, s, v }: ReturnType<typeof leadingSvd>, rows: number, columns: number) =>
  Float64Array.from({ length: rows * columns }, (_, at) => {
    const [i, j] = [Math.floor(at / columns), at % columns];
    return s.reduce((sum, size, k) => sum + size * u[i * s.length + k]! * v[j * s.length + k]!, 0);
  });
const largest = (a: Float64Array, b: Float64Array) =>
  a.reduce((m, x, i) => Math.max(m, Math.abs(x - b[i]!)), 0);

test.each([
  [7, 5],
  [5, 7],
  [1, 4],
])(
  "a whole decomposition of [%i, %i] gives singular values, orthonormal vectors and the matrix",
  (rows, columns) => {
    const s = [9, 4, 4, 0.5, 1e-3].slice(0, Math.min(rows, columns));
    const w = matrixOf(rows, columns, s);
    const found = leadingSvd(w, { rows, columns, rank: s.length });
    for (const [k, value] of found.s.entries()) expect(value).toBeCloseTo(s[k]!, 12);
    expect(largest(rebuilt(found, rows, columns), w)).toBeLessThan(1e-12);
  },
);

test("the leading part of a wide matrix with a slowly falling spectrum is the best approximation of its rank", () => {
  const s = Array.from({ length: 40 }, (_, k) => 1 / (1 + k) ** 0.7);
  const found = leadingSvd(matrixOf(60, 90, s), { rows: 60, columns: 90, rank: 4 });
  for (const [k, value] of found.s.entries()) expect(Math.abs(value - s[k]!)).toBeLessThan(1e-6);
  expect(largest(rebuilt(found, 60, 90), matrixOf(60, 90, s.slice(0, 4)))).toBeLessThan(1e-4);
});

test("a matrix of zeros has singular values of zero", () => {
  const { s, u, v } = leadingSvd(new Float64Array(12), { rows: 3, columns: 4, rank: 2 });
  expect([...s, ...u, ...v].every((x) => Number.isFinite(x))).toBe(true);
  expect([...s]).toEqual([0, 0]);
});
