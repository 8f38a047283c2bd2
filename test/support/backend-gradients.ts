import { expect } from "vitest";
import type { Session } from "../../src/runtime/session.ts";
import { isFloat } from "../../src/tensor/data-type.ts";
import { createRandom } from "../../src/tensor/random.ts";
import { sizeOf } from "../../src/tensor/shape.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { attempt, openModel, type Precision, type PreparedCase } from "./backend-prepare.ts";
import { elementsOf, openForward, runBackward } from "./backward.ts";
import { type Slope, slopes } from "./central-differences.ts";
import { testRuntime } from "./gradient-check.ts";

export const CHECKED = "checked";
export const ZERO = "zero, as the differences are";

/**
 * Steps of the central differences, and the accepted error as a part of the largest entry. A slope that bends by more
 * than `kink` of the largest is at a kink, where no derivative is defined.
 */
const settings = {
  // Some kernels for float64 compute parts in float32.
  float64: { steps: [1e-2, 1e-4, 1e-6], tolerance: 1e-4, kink: 1e-4 },
  given: { steps: [2e-2, 5e-3, 1e-3], tolerance: 1e-2, kink: 0.015 },
} as const;
/** In the message of a session that cannot be opened. ONNX Runtime runs some operators by their definition in others. */
const NO_KERNEL = "has no kernel";
const AS_GOOD_AS_INFINITE = 1e30;
/** Coordinates that are moved, of one input and of all together. */
const COORDINATES = { each: 12, all: 24 } as const;

/**
 * Compares derivatives with central differences: of the model itself in float64 where ONNX Runtime has the kernels, else
 * in float32; of the lowered graph, whose values were compared, where ONNX Runtime does not run the model or computes
 * something else than the test states.
 *
 * @returns CHECKED, ZERO, or why there is nothing to compare
 */
export async function checkBackendGradients(prepared: PreparedCase): Promise<string> {
  const wrt = [...prepared.feeds("given")].filter(([, t]) => isFloat(t.dtype) && sizeOf(t.dims) > 0);
  if (wrt.length === 0) return "no input is a float";
  const names = wrt.map(([name]) => name);
  const isHalf = wrt.some(([, t]) => t.dtype !== "float32" && t.dtype !== "float64");
  const precisions: readonly Precision[] = isHalf ? ["float64"] : ["float64", "given"];
  let why = "";
  for (const source of ["model", "lowered"] as const) {
    for (const precision of precisions) {
      const session = await attempt(() => open(prepared, source, precision));
      if (typeof session === "string") {
        why ||= session;
        continue;
      }
      try {
        const outcome = await compare(prepared, { names, precision, session });
        if (outcome !== null) return outcome;
      } finally {
        await session.release();
      }
    }
  }
  return isHalf ? "half floats are too coarse for differences" : why;
}

async function open(
  prepared: PreparedCase,
  source: "model" | "lowered",
  precision: Precision,
): Promise<Session> {
  if (source === "model") return openModel(prepared.model(precision));
  return openForward(await testRuntime(), await prepared.lower(precision));
}

interface Reference {
  readonly names: readonly string[];
  readonly precision: Precision;
  readonly session: Session;
}

/** @returns null if the session does not run, or computes something else than the lowered graph */
async function compare(
  prepared: PreparedCase,
  { names, precision, session }: Reference,
): Promise<string | null> {
  const feeds = prepared.feeds(precision);
  const outputs = await attempt(() => session.run(feeds));
  if (typeof outputs === "string") return null;
  const floats = [...outputs].filter(([, t]) => isFloat(t.dtype) && sizeOf(t.dims) > 0);
  if (floats.length === 0) return "no output is a float";
  const weights = new Map(floats.map(([name, t], i) => [name, randomLike(t, i)]));
  const results = await attempt(async () =>
    runBackward(await testRuntime(), await prepared.lower(precision), { weights, wrt: names, feeds }),
  );
  if (typeof results === "string") return results.includes(NO_KERNEL) ? null : results;
  if (!floats.every(([name, t]) => agree(results.get(name)!, t))) return null;
  const limit = Math.max(3, Math.min(COORDINATES.each, Math.floor(COORDINATES.all / names.length)));
  let compared = 0;
  for (const name of names) {
    const gradient = results.get(`${name}_grad`);
    const { steps } = settings[precision];
    const found = await slopes({ session, feeds, weights }, name, { steps, limit });
    const analytic = gradient ? elementsOf(gradient) : null;
    compared += expectSlopes(analytic, found, { what: `gradient of ${name}`, precision });
  }
  if (compared === 0) return "every coordinate lies at a kink";
  return names.some((name) => results.has(`${name}_grad`)) ? CHECKED : ZERO;
}

/** Cotangents of an output; none of what is as good as infinite, beside which nothing else would show in a sum. */
function randomLike(t: Tensor, seed: number): Tensor {
  const random = createRandom(100 + seed);
  const data = Float64Array.from(elementsOf(t), (v) =>
    Math.abs(v) > AS_GOOD_AS_INFINITE ? 0 : 2 * random.next() - 1,
  );
  return t.dtype === "float64"
    ? tensor("float64", t.dims, data)
    : tensor("float32", t.dims, Float32Array.from(data));
}

/** Whether two runs gave the same values, NaN and infinities at the same places included. */
function agree(left: Tensor, right: Tensor): boolean {
  const [a, b] = [elementsOf(left), elementsOf(right)];
  const scale = Math.max(1e-3, ...b.filter(Number.isFinite).map(Math.abs));
  return b.every((v, i) => Object.is(v, a[i]) || v === a[i] || Math.abs(v - a[i]!) <= 1e-3 * scale);
}

/** @returns how many coordinates were compared. @param analytic null for zero everywhere */
function expectSlopes(
  analytic: readonly number[] | null,
  found: readonly Slope[],
  { what, precision }: { readonly what: string; readonly precision: Precision },
): number {
  const { tolerance, kink } = settings[precision];
  const rows = found
    .map((slope) => ({ ...slope, got: analytic?.[slope.index] ?? 0 }))
    .filter(({ central }) => central.every(Number.isFinite));
  const scale = Math.max(
    1e-3,
    ...rows.map(({ central, got }) => Math.max(Math.abs(got), ...central.map(Math.abs))),
  );
  const smooth = rows.filter(({ bend, central }) => bend <= kink * scale && !isJump(central));
  const wrong = smooth
    .filter(({ central, got }) => !central.some((slope) => Math.abs(slope - got) <= tolerance * scale))
    .map(({ index, central, got }) => `${what} at ${index}: got ${got}, slopes ${central.join(" ")}`);
  if (wrong.length > 0) expect.fail(wrong.join("; "));
  return smooth.length;
}

/** Whether slopes grow as the step shrinks. */
function isJump(central: readonly number[]): boolean {
  const [first, last] = [Math.abs(central[0]!), Math.abs(central.at(-1)!)]; // there are two steps at least
  return last > 3 * first && last > 10;
}
