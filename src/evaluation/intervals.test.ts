import { expect, test } from "vitest";
import { createRandom } from "../tensor/random.ts";
import { differenceInterval, type Hits, logit, meanInterval, shareInterval, signOf } from "./intervals.ts";

test("the interval of a share equals SciPy's Wilson interval", () => {
  // scipy 1.17.1: binomtest(k, n).proportion_ci(method="wilson")
  const cases: readonly [k: number, n: number, low: number, high: number][] = [
    [0, 10, 0, 0.27753279986288926],
    [7, 10, 0.39677814746114526, 0.892208732593699],
    [972, 1000, 0.9598298168024068, 0.980557723187229],
    [100, 100, 0.9630065017930143, 1],
    [1, 3, 0.06149194472039626, 0.7923403991979523],
  ];
  for (const [k, n, low, high] of cases) {
    const interval = shareInterval({ count: n, share: k / n });
    expect(interval.low).toBeCloseTo(low, 12);
    expect(interval.high).toBeCloseTo(high, 12);
  }
});

test("the unpaired difference equals Newcombe's published example", () => {
  // Newcombe 1998, Statistics in Medicine 17: 873–890, table II (a), method 10: 56/70 − 48/80 → 0.0524 to 0.3339.
  const { value, low, high } = differenceInterval(
    { count: 70, share: 56 / 70 },
    { count: 80, share: 48 / 80 },
  );
  expect(value).toBeCloseTo(0.2, 12);
  expect(low).toBeCloseTo(0.0524, 4);
  expect(high).toBeCloseTo(0.3339, 4);
});

test("a paired difference is covered in about 95 % of repetitions, and its interval is narrower than unpaired", () => {
  const random = createRandom(3);
  const [n, repetitions, truth] = [200, 1500, 0.06];
  let covered = 0;
  let narrower = 0;
  for (let r = 0; r < repetitions; r++) {
    const a = new Uint8Array(n);
    const b = new Uint8Array(n);
    for (let i = 0; i < n; i++) {
      const u = random.next(); // P(a right) = 0.86, P(b right) = 0.80, 4 % where only b is right
      a[i] = u < 0.86 ? 1 : 0;
      b[i] = u < 0.76 || (u >= 0.86 && u < 0.9) ? 1 : 0;
    }
    const [x, y] = [hits(a), hits(b)];
    const paired = differenceInterval(x, y);
    const unpaired = differenceInterval({ count: n, share: x.share }, { count: n, share: y.share });
    if (paired.low <= truth && truth <= paired.high) covered++;
    if (paired.high - paired.low < unpaired.high - unpaired.low) narrower++;
  }
  // The standard error of the coverage is 0.6 %.
  expect(covered / repetitions).toBeGreaterThan(0.935);
  expect(covered / repetitions).toBeLessThan(0.98);
  expect(narrower).toBe(repetitions);
});

test("a model compared with itself differs by 0 and the interval holds 0", () => {
  for (const share of [0, 0.3, 1]) {
    const flags = Uint8Array.from({ length: 50 }, (_, i) => (i < share * 50 ? 1 : 0));
    const interval = differenceInterval(hits(flags), hits(flags));
    expect(interval.value).toBe(0);
    expect(signOf(interval)).toBe("same");
  }
});

test("the mean of one set in several guises is as wide as one set, of other sets narrower by the root of their number", () => {
  const flags = Uint8Array.from({ length: 400 }, (_, i) => (i % 3 === 0 ? 0 : 1));
  const one = shareInterval(hits(flags));
  const part = { estimate: one, count: 400, values: flags };
  const same = meanInterval([part, part, part]);
  expect(same.low).toBeCloseTo(one.low, 12);
  expect(same.high).toBeCloseTo(one.high, 12);
  const others = meanInterval([400, 401, 402].map((count) => ({ estimate: one, count })));
  expect(others.high - others.value).toBeCloseTo((one.high - one.value) / Math.sqrt(3), 12);
});

test("a logit axis keeps 0 and 1 finite", () => {
  expect(logit(0.5, 10)).toBe(0);
  expect(logit(1, 1000)).toBeCloseTo(Math.log(0.9995 / 0.0005), 12);
  expect(logit(0, 1000)).toBeCloseTo(-logit(1, 1000), 12);
});

function hits(right: Uint8Array): Hits {
  return { count: right.length, share: right.reduce((a, b) => a + b, 0) / right.length, right };
}
