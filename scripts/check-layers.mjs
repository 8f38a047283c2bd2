// Enforces scripts/layers.json: room (a folder or file of src/) → what it may import. "*" is everything; "node:*"
// Node's own modules, which the rest must do without so that it runs in a browser. Also: no import cycles between files.
// Imports of types alone vanish in the build: they follow the table, but make no cycle. A room's index.ts is a public
// subpath of the package; inside, files import files. Tests and fixtures may import what they like.
import { readFileSync } from "node:fs";
import { importsOf, isTest, sourceFiles } from "./source-files.mjs";

const layers = JSON.parse(readFileSync("scripts/layers.json", "utf8"));
const problems = [];
const files = sourceFiles().filter(
  (path) => path.startsWith("src/") && path.endsWith(".ts") && !isTest(path),
);
const graph = new Map();

for (const path of files) {
  const room = roomOf(path);
  const allowed = layers[room];
  if (!allowed) {
    problems.push(`${path}: "${room}" is not a room of scripts/layers.json`);
    continue;
  }
  const edges = [];
  for (const { target, relative, typeOnly, line } of importsOf(path)) {
    if (relative) {
      // An erased import cannot make a cycle at run time.
      if (!typeOnly && target !== path) edges.push(target);
      const other = roomOf(target);
      if (target.endsWith("/index.ts") && target.split("/").length > 2) {
        problems.push(`${path}:${line}: ${target} is for users; import the file that has it`);
      }
      if (other !== room && !allowed.includes("*") && !allowed.includes(other)) {
        problems.push(
          `${path}:${line}: ${room}/ may not import ${other}/ (it may: ${allowed.join(", ") || "nothing"})`,
        );
      }
    } else if (target.startsWith("node:") && !allowed.includes("*") && !allowed.includes("node:*")) {
      problems.push(
        `${path}:${line}: ${room}/ may not import ${target}; rooms for it: ${nodeRooms().join(", ")}`,
      );
    }
  }
  graph.set(path, edges);
}
for (const cycle of cyclesOf(graph)) problems.push(`import cycle: ${[...cycle, cycle[0]].join(" → ")}`);

for (const problem of problems) console.log(problem);
console.log(`${files.length} files, ${problems.length} problems`);
process.exitCode = problems.length > 0 ? 1 : 0;

function roomOf(path) {
  return path.split("/")[1].replace(/\.ts$/, "");
}

function nodeRooms() {
  return Object.keys(layers).filter((room) => layers[room].includes("node:*") || layers[room].includes("*"));
}

/** One cycle for each knot of files that reach each other: depth-first search, a file on the path closes a cycle. */
function cyclesOf(graph) {
  const cycles = [];
  const done = new Set();
  const path = [];
  const visit = (file) => {
    const at = path.indexOf(file);
    if (at >= 0) {
      cycles.push(path.slice(at));
      return;
    }
    if (done.has(file)) return;
    path.push(file);
    for (const next of graph.get(file) ?? []) visit(next);
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return cycles;
}
