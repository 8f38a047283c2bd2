import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
// @ts-expect-error: a script in JavaScript, which the documents are written by too
import { withTable } from "../scripts/supported-table.mjs";
import { firstExample } from "./support/documents.ts";
import { writeTinyProblem } from "./support/tiny-run.ts";

test("the README's table says what the registries hold", () => {
  const readme = readFileSync("README.md", "utf8");
  expect(readme, "run npm run docs:readme").toBe(withTable(readme));
});

test.each([
  "README.md",
  "CONTRIBUTING.md",
  ...readdirSync("docs").flatMap((n) => (n.endsWith(".md") ? [`docs/${n}`] : [])),
])("every file that %s links to is there", (document) => {
  const links = [...readFileSync(document, "utf8").matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map((m) => m[1]!);
  const missing = links.filter((l) => !/^[a-z]+:/.test(l) && !existsSync(join(dirname(document), l)));
  expect(missing).toEqual([]);
});

test("the README's example in code runs as it stands", { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-readme-"));
  try {
    await writeTinyProblem(folder);
    renameSync(join(folder, "data"), join(folder, "my-images"));
    writeFileSync(join(folder, "example.mjs"), firstExample("README.md", "ts"));
    const ended = spawnSync(process.execPath, ["example.mjs"], { cwd: folder, encoding: "utf8" });
    expect(ended.status, ended.stderr).toBe(0);
    expect(ended.stdout).toContain("accuracy");
    expect(readFileSync(join(folder, "runs/mine/report.html"), "utf8")).toContain("holdfast");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
