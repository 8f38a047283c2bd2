import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

// The package as npm publishes it, in a project of its own: what is missing from `files`, `exports`, `bin` or
// `dependencies` shows only there.
const root = resolve(import.meta.dirname, "..");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  version: string;
  exports: Record<string, unknown>;
};
let project: string;

const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { cwd: project, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
/** Runs a module in the project and gives what it prints. */
const script = (source: string): string => run("node", "--input-type=module", "--eval", source);

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "holdfast-installed-"));
  const packed = execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", project], {
    cwd: root,
    encoding: "utf8",
  });
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
  run(
    "npm",
    "install",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--prefer-offline",
    join(project, filename),
  );
}, 120_000);

afterAll(() => rmSync(project, { recursive: true, force: true }));

it("loads every subpath of the package", () => {
  for (const subpath of Object.keys(manifest.exports)) {
    if (subpath === "./package.json") continue;
    const names = script(`console.log(Object.keys(await import("holdfast${subpath.slice(1)}")).join())`);
    expect(names.trim().split(",").length, subpath).toBeGreaterThan(0);
  }
});

it("has its command", () => {
  expect(run("npx", "--no-install", "holdfast", "--version").trim()).toBe(manifest.version);
});

it("says how to install ONNX Runtime while none is there", () => {
  const said = script(`
    import { openRuntime } from "holdfast/runtime";
    await openRuntime().catch((e) => console.log(e.name, e.message));`);
  expect(said).toMatch(
    /^RunError No ONNX Runtime can be loaded\. onnxruntime-node is not installed\. Install it: npm install onnx/,
  );
});

it("runs a model once the peers are installed", () => {
  // Links instead of 288 MB of copies: Node resolves a link's own imports where it points.
  mkdirSync(join(project, "node_modules"), { recursive: true });
  for (const peer of ["onnxruntime-node", "onnxruntime-web", "sharp"]) {
    symlinkSync(join(root, "node_modules", peer), join(project, "node_modules", peer), "junction");
  }
  const facts = JSON.parse(
    script(`
    import { describeMachine } from "holdfast/runtime";
    console.log(JSON.stringify(await describeMachine()));`),
  ) as { runtime: string; packages: { problem: string | null }[] };
  expect(facts.packages.map((p) => p.problem)).toEqual([null, null, null]);
  expect(facts.runtime).toBe("native");
});
