import { expect, test } from "vitest";
import { fixtureRun, interrupted } from "./report.fixtures.ts";
import { viewsOf } from "./run-view.ts";
import { verdictOf } from "./verdict.ts";

const texts = (runs: Parameters<typeof viewsOf>[0]) => {
  const { headline, statements } = verdictOf(viewsOf(runs));
  return { headline, all: statements.map((s) => s.text).join("\n"), statements };
};

test("two runs: the anchored one is judged against the plain one, whatever their order", () => {
  const spd = fixtureRun();
  const adam = fixtureRun({ anchorRule: "none" });
  const { headline, all } = texts([adam, spd]);
  expect(headline).toMatch(
    /^Against Adam, Adam \+ SPD is better on shifted data \(\+\d\.\d points\) and no different in distribution\.$/,
  );
  expect(all).toMatch(/SPD fired in \d+\.\d\u202f% of all tensor-steps of Adam \+ SPD\./);
  expect(all).toMatch(/moved its weights .* less than Adam/);
  expect(all).toContain("not of seeds");
  expect(texts([spd, adam]).headline).toBe(headline);
});

test("equal runs: the verdict says that there is no difference", () => {
  const { headline, statements } = texts([
    fixtureRun({ gain: 0 }),
    fixtureRun({ anchorRule: "none", seed: 1 }),
  ]);
  expect(headline).toBe(
    "No difference between Adam + SPD and Adam beyond the confidence interval, on shifted data or in distribution.",
  );
  expect(statements.filter((s) => s.tone === "good" || s.tone === "bad")).toEqual([]);
});

test("zero firing: the verdict says that the run was plain Adam and praises nothing", () => {
  const { headline, all, statements } = texts([
    fixtureRun({ firing: 0 }),
    fixtureRun({ anchorRule: "none" }),
  ]);
  expect(headline).toBe("SPD never fired: this run was plain Adam.");
  expect(all).toContain("SPD never fired: Adam + SPD was plain Adam");
  expect(statements.filter((s) => s.tone === "good")).toEqual([]);
});

test("one run with its own head: judged against the initial model", () => {
  expect(texts([fixtureRun({ head: "kept" })]).headline).toMatch(
    /^Against the initial model, Adam \+ SPD is better both on shifted data .* and in distribution/,
  );
});

test("one run with a new head: its level alone, since an untrained head only guesses", () => {
  const { headline, all } = texts([fixtureRun({ anchorRule: "none" })]);
  expect(headline).toMatch(
    /^Adam reaches \d+\.\d\u202f% in distribution and \d+\.\d\u202f% on shifted data\.$/,
  );
  expect(all).toContain("is a guess; only runs can be compared");
  expect(all).not.toContain("fired");
});

test("an interrupted run is called one, with the steps it did", () => {
  const { all } = texts([interrupted(fixtureRun(), 250)]);
  expect(all).toContain(
    "still running, or was killed, when this page was made; results so far after 250 steps",
  );
});

test("a failed run names its reason, and a run without results has a headline all the same", () => {
  const run = fixtureRun();
  const summary = { ...run.summary, status: "failed", reason: "loss is NaN at step 3", steps: 3 } as const;
  const failed = { ...run, summary, evaluations: [], layers: [], samples: [], steps: [] };
  const { headline, statements } = texts([failed]);
  expect(headline).toBe("Adam + SPD: not evaluated yet.");
  expect(statements[0]).toEqual({
    tone: "bad",
    text: "Adam + SPD failed after 3 steps (loss is NaN at step 3).",
  });
});

test("a metric that is no share is compared without an interval", () => {
  const change = (run: ReturnType<typeof fixtureRun>, add: number) => ({
    ...run,
    summary: { ...run.summary, selection: { set: "validation", metric: "mae", higherIsBetter: false } },
    evaluations: run.evaluations.map((e) => ({ ...e, metrics: { mae: 1 + add } })),
  });
  const { headline, all } = texts([change(fixtureRun(), 0), change(fixtureRun({ anchorRule: "none" }), 0.5)]);
  expect(headline).toBe(
    "Against Adam, Adam + SPD is different on shifted data (MAE −0.5) and different in distribution (MAE −0.5).",
  );
  expect(all).toContain("MAE of 1 on 1\u202f000 examples");
});

test("repeated runs: mean and standard deviation of each method, and which runs the comparison is of", () => {
  const runs = [1, 2, 3].flatMap((seed) => [fixtureRun({ seed }), fixtureRun({ seed, anchorRule: "none" })]);
  const { all } = texts(runs);
  expect(all).toMatch(
    /Over repeated runs, on shifted data: Adam \+ SPD \d+\.\d\u202f% ± \d\.\d \(3 runs\), Adam .* \(3 runs\)\./,
  );
  expect(all).toContain("they are the first of each method");
  expect(all).toMatch(/SPD fired in \d+\.\d–\d+\.\d\u202f% of all tensor-steps of the 3 runs with it\./);
});
