import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { holdfast, writeTinyProblem } from "./support/tiny-run.ts";

// Real processes, stopped and killed for real: a comparison that was interrupted must end as the unbroken one ends.
let folder: string;
const settings = (out: string) => `
out: ${out}
base:
  model: model.onnx
  data: data
  shifts: { noise: corruption:gaussian-noise:2 }
  steps: 60
  batchSize: 6
  head: { mode: new }
  optimizer: { lr: 0.02 }
  evaluation: { every: 20 }
  checkpoint: { every: 5 }
methods:
  - adamw
  - method: spd
    search: { optimizer.strength: [1] }
seeds: [1]
trials: 1
widen: 0
`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-compare-"));
  await writeTinyProblem(folder);
  for (const out of ["unbroken", "broken"]) writeFileSync(join(folder, `${out}.yaml`), settings(out));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Sends a signal at the first event of a run that is well under way. */
function signalUnderWay(signal: NodeJS.Signals) {
  let sent = false;
  return (text: string, child: { kill: (signal: NodeJS.Signals) => void }) => {
    if (sent || !/"kind":"job-progress"[^\n]*"done":0\.[2-9]/.test(text)) return;
    sent = true;
    child.kill(signal);
  };
}

/** What a comparison found, without what depends on the machine's mood. */
function found(out: string): unknown {
  const { methods, line } = JSON.parse(readFileSync(join(folder, out, "table.json"), "utf8"));
  const plain = methods.map(
    ({ seconds: _, peakMemoryBytes: __, runs: ___, ...row }: Record<string, unknown>) => row,
  );
  return { plain, line };
}

it("a comparison that is stopped and killed goes on, and ends like one that was not", {
  timeout: 180_000,
}, async () => {
  const unbroken = await holdfast(folder, ["compare", "unbroken.yaml", "--jobs", "1"]);
  expect(unbroken.code, unbroken.stderr).toBe(0);
  expect(unbroken.stdout).toMatch(/method +chosen +ID % .*\nadamw .*baseline\nspd /);

  const argv = ["compare", "broken.yaml", "--jobs", "1", "--json"];
  const killed = await holdfast(folder, argv, signalUnderWay("SIGKILL"));
  expect(killed.signal, killed.stderr).toBe("SIGKILL");
  const stopped = await holdfast(folder, argv, signalUnderWay("SIGINT"));
  expect(stopped.code, stopped.stderr).toBe(130);
  expect(stopped.stderr).toContain("Go on with: holdfast compare broken.yaml");
  const ended = await holdfast(folder, argv);
  expect(ended.code, ended.stderr).toBe(0);
  expect(stopped.stdout + ended.stdout).toMatch(/"kind":"job-started"[^\n]*"resumed":true/);
  expect(found("broken")).toEqual(found("unbroken"));
});

it("says what it would run, and runs nothing", async () => {
  const { code, stdout } = await holdfast(folder, [
    "compare",
    "unbroken.yaml",
    "--dry-run",
    "--seeds",
    "4,5",
  ]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/adamw +trial +strength [\d.]+ +/);
  expect(stdout).toMatch(/of 6 to do/);
});

it("refuses a file with mistakes by naming all of them", async () => {
  writeFileSync(
    join(folder, "bad.yaml"),
    settings("bad").replace("adamw", "adamv").replace("[1]\ntrials", "[]\ntrials"),
  );
  const { code, stderr } = await holdfast(folder, ["compare", "bad.yaml"]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/seeds: is empty/);
});
