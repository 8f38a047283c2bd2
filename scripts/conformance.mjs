// Builds the training model of every conformance case and compares its gradients with PyTorch's.
//
//   npm run conformance [-- --only REGEX] [--cases FOLDER] [--check FILE] [--python PYTHON] [--write FILE] [--title TITLE]
//
// Needs a Python with numpy, onnx and onnxruntime. --write puts the table into a file.
// A case is a folder <model>__<export>; scripts/goldens/make_conformance.py makes more of them, and
// scripts/goldens/optimize_conformance.py folders <model>__<export>__<level> as ONNX Runtime's optimiser writes them.
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { buildConformanceCase } from "./conformance-case.mjs";
import { conformanceTable, failedExports } from "./conformance-table.mjs";

const { values: flags } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    cases: { type: "string", default: "../shared/conformance/cases" },
    python: { type: "string", default: process.env.PYTHON ?? "python3" },
    check: { type: "string", default: "" },
    write: { type: "string", default: "" },
    title: { type: "string", default: "Conformance" },
    keep: { type: "boolean", default: false },
  },
});

const names = readdirSync(flags.cases)
  .filter((name) => new RegExp(flags.only).test(name))
  .filter((name) => existsSync(join(flags.cases, name, "meta.json")));
const out = flags.keep ? "/tmp/conformance" : mkdtempSync(join(tmpdir(), "conformance-"));
const checker = startChecker(flags.check || join(flags.cases, "..", "check_gradients.py"));
const rows = [];
for (const name of names) {
  const folder = join(flags.cases, name);
  const loss = JSON.parse(readFileSync(join(folder, "meta.json"), "utf8")).loss;
  mkdirSync(join(out, name), { recursive: true });
  const file = join(out, name, "training_model.onnx");
  let row = { name, ok: false, note: "" };
  try {
    const { seconds, nodes } = await buildConformanceCase(folder, file);
    const scale = /mse|square|mean_square/.test(loss.kind) ? "2" : "1";
    const run = await checker.ask([file, folder, "--json", "--quiet", "--loss-scale", scale]);
    const line = run.stdout.trim().split("\n").at(-1);
    const result = line?.startsWith("{") ? JSON.parse(line) : null;
    row = result
      ? {
          name,
          ok: result.ok,
          seconds,
          nodes,
          ...result,
          note: result.ok
            ? ""
            : `${result.over} over, ${result.missing} missing: ${run.stdout.trim().split("\n").slice(0, 3).join(" | ").replace(/ +/g, " ").slice(0, 300)}`,
        }
      : { name, ok: false, note: run.stdout.trim().split("\n").at(-1) };
  } catch (error) {
    row.note = `${error.name}: ${error.message}`.slice(0, 2000);
  }
  rows.push(row);
  const worst = row.worst ? row.worst[1].toExponential(1) : "–";
  console.log(
    `${row.ok ? "ok  " : "FAIL"} ${name.padEnd(30)} worst ${worst.padEnd(8)} extra ${row.extra_grads ?? "–"} ${row.note.slice(0, 300)}`,
  );
}
checker.stop();
if (!flags.keep) rmSync(out, { recursive: true });
const passed = rows.filter((r) => r.ok).length;
console.log(`${passed} of ${rows.length} cases within 1e-3`);
if (flags.write) {
  const command = `npm run conformance -- ${process.argv.slice(2).join(" ")}`;
  const failures = failedExports(flags.cases, names);
  writeFileSync(flags.write, conformanceTable(rows, { title: flags.title, command, failures }));
}
process.exitCode = passed === rows.length ? 0 : 1;

/** One Python process that runs the check for every model, because starting one takes longer than the check. */
function startChecker(script) {
  const child = spawn(flags.python, [join(import.meta.dirname, "conformance-check.py"), script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(args) {
      child.stdin.write(`${JSON.stringify(args)}\n`);
      const { value, done } = await answers.next();
      if (done) throw new Error("the checking process ended");
      return JSON.parse(value);
    },
    stop: () => child.stdin.end(),
  };
}
