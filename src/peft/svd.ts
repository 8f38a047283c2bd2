import { createRandom } from "../tensor/random.ts";

export interface LeadingSvd {
  /** [rows, rank], orthonormal columns. */
  readonly u: Float64Array;
  /** [rank], largest first. */
  readonly s: Float64Array;
  /** [columns, rank], orthonormal columns. */
  readonly v: Float64Array;
}

/** Columns beyond `rank` that the range finder tries, and rounds of power iteration: what makes slow spectra exact enough. */
const OVERSAMPLING = 16;
const ROUNDS = 8;
/** One-sided Jacobi ends when every pair of columns is this close to orthogonal, relative to their norms. */
const ORTHOGONAL = 1e-14;
const MAX_SWEEPS = 60;

/**
 * The leading singular triplets of a matrix W ≈ U diag(s) Vᵀ: an orthonormal basis Q of the range of (W Wᵀ)^q W Ω for a
 * random Ω, and the exact SVD of the small Qᵀ W by one-sided Jacobi rotations. Exact up to rounding where the basis is
 * as large as the matrix. The signs of a pair of vectors are arbitrary; they follow from a fixed seed.
 *
 * Halko, Martinsson and Tropp, SIAM Review 2011, algorithm 4.4; Hestenes 1958.
 */
export function leadingSvd(
  w: ArrayLike<number>,
  size: { readonly rows: number; readonly columns: number; readonly rank: number },
): LeadingSvd {
  const { rows, columns, rank } = size;
  const width = Math.min(rows, columns, rank + OVERSAMPLING);
  const random = createRandom(0);
  // Matrices of few columns are lists of columns here.
  let q = orthonormal(
    times(
      w,
      size,
      Array.from({ length: width }, () => column(columns, () => random.normal())),
    ),
  );
  for (let round = 0; round < ROUNDS && width < Math.min(rows, columns); round++)
    q = orthonormal(times(w, size, orthonormal(timesTransposed(w, size, q))));
  // Wᵀ Q = V diag(s) Rᵀ, so W ≈ Q R diag(s) Vᵀ.
  const { columns: scaled, rotation } = jacobi(timesTransposed(w, size, q));
  const order = scaled.map((c, i) => ({ i, s: norm(c) })).sort((a, b) => b.s - a.s);
  const out: LeadingSvd = {
    u: new Float64Array(rows * rank),
    s: new Float64Array(rank),
    v: new Float64Array(columns * rank),
  };
  for (let k = 0; k < rank; k++) {
    const { i, s } = order[k]!; // rank ≤ width
    out.s[k] = s;
    for (let j = 0; j < columns; j++) out.v[j * rank + k] = s > 0 ? scaled[i]![j]! / s : 0;
    for (let r = 0; r < rows; r++) {
      let sum = 0;
      for (let c = 0; c < width; c++) sum += q[c]![r]! * rotation[i]![c]!;
      out.u[r * rank + k] = sum;
    }
  }
  return out;
}

type Columns = Float64Array[];

function column(length: number, make: () => number): Float64Array {
  return Float64Array.from({ length }, make);
}

/** W · X */
function times(
  w: ArrayLike<number>,
  { rows, columns }: { rows: number; columns: number },
  x: Columns,
): Columns {
  return x.map((c) => {
    const out = new Float64Array(rows);
    for (let i = 0; i < rows; i++) {
      let sum = 0;
      for (let j = 0; j < columns; j++) sum += w[i * columns + j]! * c[j]!;
      out[i] = sum;
    }
    return out;
  });
}

/** Wᵀ · X */
function timesTransposed(
  w: ArrayLike<number>,
  { rows, columns }: { rows: number; columns: number },
  x: Columns,
): Columns {
  return x.map((c) => {
    const out = new Float64Array(columns);
    for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j]! += w[i * columns + j]! * c[i]!;
    return out;
  });
}

/** Modified Gram–Schmidt, twice; a column that the others span becomes zero. */
function orthonormal(columns: Columns): Columns {
  for (let i = 0; i < columns.length; i++) {
    const c = columns[i]!;
    const before = norm(c);
    for (let pass = 0; pass < 2; pass++)
      for (let k = 0; k < i; k++) subtract(c, columns[k]!, dot(c, columns[k]!));
    const n = norm(c);
    const factor = n > before * Number.EPSILON * 16 ? 1 / n : 0;
    for (let j = 0; j < c.length; j++) c[j]! *= factor;
  }
  return columns;
}

/** Rotates pairs of columns until all are orthogonal. `rotation[i]` holds what column i is made of. */
function jacobi(columns: Columns): { columns: Columns; rotation: Columns } {
  const n = columns.length;
  const rotation = columns.map((_, i) => {
    const unit = new Float64Array(n);
    unit[i] = 1;
    return unit;
  });
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    let isDone = true;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        const [a, c] = [columns[p]!, columns[q]!];
        const [aa, cc, ac] = [dot(a, a), dot(c, c), dot(a, c)];
        if (!(Math.abs(ac) > ORTHOGONAL * Math.sqrt(aa * cc))) continue;
        isDone = false;
        const zeta = (cc - aa) / (2 * ac);
        const t = Math.sign(zeta || 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
        const cos = 1 / Math.sqrt(1 + t * t);
        rotate(a, c, cos, cos * t);
        rotate(rotation[p]!, rotation[q]!, cos, cos * t);
      }
    }
    if (isDone) break;
  }
  return { columns, rotation };
}

function rotate(a: Float64Array, c: Float64Array, cos: number, sin: number): void {
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]!, c[i]!];
    a[i] = cos * x - sin * y;
    c[i] = sin * x + cos * y;
  }
}

function dot(a: Float64Array, c: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * c[i]!;
  return sum;
}

function norm(a: Float64Array): number {
  return Math.sqrt(dot(a, a));
}

function subtract(a: Float64Array, c: Float64Array, factor: number): void {
  for (let i = 0; i < a.length; i++) a[i]! -= factor * c[i]!;
}
